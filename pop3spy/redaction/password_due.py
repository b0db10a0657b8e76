"""Whether the client's next line may be a password, although it is no PASS.

Rules: 1. a password is due from a command that logs in until a login has worked, or until another
command that is known was said behind the reply; 2. it is due in the states that wait for one; 3. it
was asked for if the server's last words are a prompt: a line without a status, one without its end,
or a status line that has the word.
"""

import re
from typing import Final

from pop3spy.protocol import sasl
from pop3spy.protocol.commands import Command
from pop3spy.protocol.frames import CommandLine, Frame, StatusLine
from pop3spy.protocol.states import Effect, State

_VERB: Final = re.compile(rb"\bPASS\b")
"""The name of the command: who says that a login has to come first asks for no password."""


def logs_in(command: Command) -> bool:
    """Return whether a password is due behind *command*, or may be: also behind AUTH alone."""
    spec = command.spec
    return spec is not None and spec.effect in (Effect.NAME, Effect.LOGIN)


class PasswordDue:
    """Follows both sides of one session."""

    def __init__(self) -> None:
        self.begun = False  # somebody is about to log in
        self._login = -1  # the exchange that would be the login
        self._said: Frame | None = None

    def command(self, frame: CommandLine) -> None:
        """Take in a command that is known."""
        if logs_in(frame.command):
            self.begun = True
            spec = frame.command.spec
            self._login = frame.number if spec and spec.effect is Effect.LOGIN else -1
        elif not frame.pipelined:
            self.begun = False

    def heard(self, frame: Frame) -> None:
        """Take in a line of the server that is no body."""
        self._said = frame
        if frame.number == self._login and isinstance(frame, StatusLine) and frame.ok:
            self.begun = False

    def is_due(self, state: State, prompt: bytes) -> bool:
        """Return whether one is due in *state*; *prompt* is what the server has begun to say."""
        if self.begun or prompt or state is State.USER_GIVEN or state is State.SASL:
            return True
        said = self._said
        if isinstance(said, StatusLine):
            text = _VERB.sub(b"", said.text)
            return sasl.asked_by(text, 0) == sasl.PASSWORD
        return said is not None
