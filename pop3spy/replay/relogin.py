"""The recorded client's lines with secrets filled in again, and its answers inside AUTH."""

from pop3spy.errors import ConfigError
from pop3spy.protocol.commands import line_of
from pop3spy.protocol.frames import Challenge
from pop3spy.protocol.states import Effect
from pop3spy.replay.credentials import Credentials, digest, mechanism_of, message, name_in, needs
from pop3spy.replay.script import Script, Step

_CANCEL = b"*\r\n"  # RFC 5034, section 4
_MOST_ASKS = 8


class UnfillableError(Exception):
    """A line cannot be said again; the text says why."""


class Relogin:
    """Logs in as the recorded client did, with what is *given*.

    Raise ConfigError if *script* cannot be played without more than that.
    """

    def __init__(self, script: Script, given: Credentials) -> None:
        for need in sorted(needs(script)):
            if getattr(given, need) is None:
                raise ConfigError(f"the recorded client logs in: a {need} is needed to do so again")
        self._given = given
        self._user = given.user or (script.user or "").encode()
        self._greeting = b""
        self._said: list[bytes] = []

    def greeted(self, line: bytes) -> None:
        """Learn the live greeting, whose timestamp APOP needs."""
        self._greeting = line

    def line(self, step: Step) -> bytes:
        """Return the line of a step as it is sent now; raise UnfillableError."""
        command, end = step.command, step.line[len(line_of(step.line)) :]
        mechanism = mechanism_of(step)
        if command.effect is Effect.NAME:
            return b"USER " + self._name(step) + end
        if command.verb == "PASS":
            return b"PASS " + (self._given.password or b"") + end
        if command.verb == "APOP":
            return b"APOP " + self._name(step) + b" " + self._digest() + end
        if mechanism:
            self._said = []
            initial = [self._message(mechanism, b"")] if len(command.args) > 1 else []
            return b" ".join([b"AUTH", command.args[0], *initial]) + end
        if step.masks or not end:
            raise UnfillableError("it holds what the recording hides")
        return step.line

    def answer(self, step: Step, asked: int, challenge: Challenge) -> bytes:
        """Return the line that answers the challenge before which there were *asked* ones."""
        recorded = step.asks[asked] if asked < len(step.asks) else None
        if recorded and not recorded.hidden and recorded.answer:
            return recorded.answer
        mechanism = mechanism_of(step)
        if not mechanism or asked > _MOST_ASKS:
            return _CANCEL
        return self._message(mechanism, line_of(challenge.raw)[1:].strip()) + b"\r\n"

    def _message(self, mechanism: str, challenge: bytes) -> bytes:
        text = message(mechanism, self._user, self._given, challenge, self._said)
        self._said.append(text)
        return text

    def _name(self, step: Step) -> bytes:
        return self._given.user or name_in(step) or b""

    def _digest(self) -> bytes:
        computed = digest(self._greeting, self._given.password or b"")
        if computed is None:
            raise UnfillableError("the server offers no APOP")
        return computed
