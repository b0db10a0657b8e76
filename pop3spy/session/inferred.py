"""What is told where a state follows from something else than a reply."""

from typing import Final

from pop3spy.protocol.states import State

_BECAUSE: Final = {
    State.AUTHORIZATION: "so the client takes what stands above for the greeting",
    State.TRANSACTION: "so the session is logged in, though no reply said so",
}


def inferred_text(state: State) -> str:
    """Return why the session is in a *state* that no reply led to."""
    return _BECAUSE[state]
