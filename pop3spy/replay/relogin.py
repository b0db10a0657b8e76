"""The recorded client's lines with secrets filled in again, and its answers inside AUTH.

Rules: 1. a login that was refused is tried with something wrong, so that it is refused again for
the same reason, and no password is needed for it; 2. whether everything can be said is known
before anything is.
"""

import secrets
from dataclasses import replace

from pop3spy.errors import ConfigError
from pop3spy.protocol import sasl
from pop3spy.protocol.commands import line_of
from pop3spy.protocol.frames import Challenge
from pop3spy.protocol.states import Effect
from pop3spy.protocol.text import show
from pop3spy.replay.credentials import (
    Credentials,
    digest,
    mechanism_of,
    name_in,
    needs,
    refused_anyway,
    unplayable,
    was_refused,
)
from pop3spy.replay.sasl_client import SaslClient, SaslError
from pop3spy.replay.script import Script, Step

_CANCEL = b"*\r\n"  # RFC 5034, section 4
_MOST_ASKS = 8
_NO_USER = "its user is not in the recording; --user names one"


class UnfillableError(Exception):
    """A line cannot be said again; the text says why."""


class Relogin:
    """Logs in at *host* as the recorded client did, with what is *given*.

    Raise ConfigError if *script* cannot be played without more than that.
    """

    def __init__(self, script: Script, given: Credentials, *, host: str = "localhost") -> None:
        gone = next((step for step in script.steps if unplayable(script, step)), None)
        if gone is not None:
            name = show(gone.command.args[0].upper())
            raise ConfigError(
                f"the recorded client logs in with {name}, which cannot be computed afresh, so"
                " nothing was sent; --auth PLAIN, or another mechanism, logs in with that instead"
            )
        for need in sorted(needs(script, user=given.user)):
            if getattr(given, need) is None:
                raise ConfigError(f"the recorded client logs in: a {need} is needed to do so again")
        wrong = secrets.token_hex(8).encode()
        self._given = given
        self._wrong = Credentials(given.user, password=wrong, token=wrong)
        self._host = host
        self._user = given.user
        if self._user is None and script.user is not None:
            self._user = script.user.encode("utf-8", "surrogateescape")
        self._name: bytes | None = None  # what was said with USER
        self._greeting = b""
        self._sasl: SaslClient | None = None
        self.trouble = ""
        """Why the last login was given up, or may not be believed."""

    def greeted(self, line: bytes) -> None:
        """Learn the live greeting, whose timestamp APOP needs."""
        self._greeting = line

    def line(self, step: Step) -> bytes:
        """Return the line of a step as it is sent now; raise UnfillableError."""
        command, end = step.command, step.line[len(line_of(step.line)) :]
        self._sasl, self.trouble = None, ""
        if command.effect is Effect.LOGIN and refused_anyway(step):
            raise UnfillableError(
                f"it was refused for another reason than its password: [{step.outcome.code}]"
            )
        if command.effect is Effect.NAME:
            self._name = self._named(step)
            return b"USER " + self._known(self._name) + end
        if command.verb == "PASS":
            self._known(self._name)
            return b"PASS " + (self._for(step).password or b"") + end
        if command.verb == "APOP":
            return b"APOP " + self._known(self._named(step)) + b" " + self._digest(step) + end
        if mechanism := mechanism_of(step):
            return self._auth(mechanism, step) + end
        if step.masks or not end:
            raise UnfillableError("it holds what the recording hides")
        return step.line

    def answer(self, step: Step, asked: int, challenge: Challenge) -> bytes:
        """Return the line that answers the challenge before which there were *asked* ones."""
        recorded = step.asks[asked] if asked < len(step.asks) else None
        if recorded and not recorded.hidden and recorded.answer:
            given_up = line_of(recorded.answer) == b"*"
            if given_up or self._sasl is None:
                return recorded.answer
        if self._sasl is None or asked > _MOST_ASKS:
            return _CANCEL
        try:
            return self._sasl.message(line_of(challenge.raw)[1:].strip()) + b"\r\n"
        except SaslError as error:
            self.trouble = f"the login was given up: {error}"
            return _CANCEL

    def doubt(self, step: Step, *, ok: bool) -> str:
        """Return why nothing may follow the login of *step*, which came out like that."""
        if ok and was_refused(step):
            return "the server took a login that was refused"
        if ok and self._sasl and self._sasl.unproven:
            return "the server has not proven that it knows the password"
        return ""

    # -- who, and with what ---------------------------------------------------------------------

    def _for(self, step: Step) -> Credentials:
        return self._wrong if was_refused(step) else self._given

    def _named(self, step: Step) -> bytes | None:
        recorded = name_in(step)
        if was_refused(step) and step.command.effect is Effect.NAME:
            return recorded or self._wrong.password  # the name itself was wrong
        return self._given.user or recorded

    def _known(self, name: bytes | None) -> bytes:
        if name is None:
            raise UnfillableError(_NO_USER)
        return name

    def _auth(self, mechanism: str, step: Step) -> bytes:
        """Return AUTH, with an initial response if the recorded client sent one."""
        user = self._user or (self._wrong.password if was_refused(step) else None)
        given = replace(self._for(step), user=None)
        try:
            self._sasl = SaslClient(mechanism, self._known(user), given, self._host)
            begins = len(step.command.args) > 1 and sasl.MECHANISMS[mechanism].client_first
            initial = [self._sasl.message(b"")] if begins else []
        except SaslError as error:
            raise UnfillableError(str(error)) from None
        return b" ".join([b"AUTH", step.command.args[0], *initial])

    def _digest(self, step: Step) -> bytes:
        computed = digest(self._greeting, self._for(step).password or b"")
        if computed is None:
            raise UnfillableError("the server offers no APOP")
        return computed
