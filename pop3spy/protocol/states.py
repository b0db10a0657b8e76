"""Where a POP3 session stands, and what moves it.

Rules: 1. every change of state is decided here; 2. the state moves when a *reply* is read, never
when a command is sent, so that pipelined commands are judged in the state that the replies before
them made (RFC 1939, section 3).
"""

from enum import Enum


class State(Enum):
    """A state of the session: the three of RFC 1939 and those that a reader also needs."""

    GREETING = "GREETING"  # connected, nothing said yet
    AUTHORIZATION = "AUTHORIZATION"
    USER_GIVEN = "USER_GIVEN"  # AUTHORIZATION, between a USER that was taken and its PASS
    SASL = "SASL"  # AUTHORIZATION, inside an AUTH exchange
    TLS = "TLS"  # STLS was granted: what follows cannot be read
    TRANSACTION = "TRANSACTION"
    XMIT = "XMIT"  # TRANSACTION, while the client sends a message (XTND XMIT)
    UPDATE = "UPDATE"
    OPAQUE = "OPAQUE"  # what is said can no longer be read

    __hash__ = object.__hash__  # Enum's own is Python code, and states are looked up all the time

    @property
    def phase(self) -> "State":
        """The state of RFC 1939 that this one is part of."""
        return _PHASES.get(self, self)


_PHASES = {
    State.USER_GIVEN: State.AUTHORIZATION,
    State.SASL: State.AUTHORIZATION,
    State.XMIT: State.TRANSACTION,
}

_PROVED_BEYOND = frozenset({State.GREETING, State.AUTHORIZATION})

BEFORE_LOGIN = frozenset(
    {State.GREETING, State.AUTHORIZATION, State.USER_GIVEN, State.SASL, State.TLS, State.OPAQUE}
)
"""States in which a client line may hold a secret, whatever it looks like."""


class Effect(Enum):
    """What a reply to a command does to the session."""

    NONE = "none"
    PROOF = "proof"  # only an open maildrop is answered about: a positive reply proves the login
    NAME = "name"  # USER: the next command may be PASS
    LOGIN = "login"  # PASS, APOP, RPOP, AUTH
    TLS = "tls"  # STLS
    XMIT = "xmit"  # XTND XMIT: the client sends a message now
    QUIT = "quit"


# Globals are found faster than members of an Enum, and each reply is compared with these.
_NONE, _PROOF, _TRANSACTION = Effect.NONE, Effect.PROOF, State.TRANSACTION


def is_proof(state: State, effect: Effect, *, ok: bool) -> bool:
    """Return whether a status line proves that somebody has logged in, though nobody saw it."""
    return ok and effect is _PROOF and state.phase in _PROVED_BEYOND


def after_reply(state: State, effect: Effect, *, ok: bool, final: bool = True) -> State:
    """Return the state after a status line.

    *effect* is the answered command's, *final* is false for a reply that only lets the client go
    on with its data.  A failed login leads back to AUTHORIZATION (RFC 1939, section 7; RFC 5034,
    section 4); QUIT leads to UPDATE only from TRANSACTION, whatever the reply (section 6), and a
    server that goes on answering has not left TRANSACTION after all.
    """
    if not final:
        return State.XMIT
    if state is _TRANSACTION and (effect is _NONE or effect is _PROOF):
        return state
    match effect:
        case Effect.NAME if state.phase is State.AUTHORIZATION:
            return State.USER_GIVEN if ok else State.AUTHORIZATION
        case Effect.LOGIN if ok:
            return State.TRANSACTION
        case Effect.LOGIN if state.phase is State.AUTHORIZATION:
            return State.AUTHORIZATION
        case Effect.TLS if ok:
            return State.TLS
        case Effect.QUIT if state.phase in (State.TRANSACTION, State.UPDATE):
            return State.UPDATE
        case Effect.PROOF if is_proof(state, effect, ok=ok):
            return State.TRANSACTION
    return State.TRANSACTION if state in (State.XMIT, State.UPDATE) else state


def after_challenge(state: State) -> State:
    """Return the state after the server asked on inside AUTH."""
    return State.SASL if state.phase is State.AUTHORIZATION else state
