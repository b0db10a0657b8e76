"""From the frames of one session, secrets and all, to the facts that may be told of them.

It follows the session as the redactor does.  What a recording has only filler of tells nothing
here: its facts were recorded.  So does the filler in packets that were exported from a recording.
"""

from typing import Final

from pop3spy.protocol import sasl
from pop3spy.protocol.commands import COMMANDS, Turn, line_of
from pop3spy.protocol.facts import NO_FACTS, Facts, FactValue
from pop3spy.protocol.frames import (
    Challenge,
    CommandLine,
    Frame,
    Opaque,
    SaslLine,
    Side,
    Spans,
    StatusLine,
)
from pop3spy.protocol.replies import status_of, timestamp_of
from pop3spy.protocol.states import Effect, State
from pop3spy.protocol.why import Why
from pop3spy.redaction.challenge_facts import oauth_facts, once_only, scram_facts, without_texts
from pop3spy.redaction.credential_facts import (
    form_of_base64,
    message_of,
    nonce_of,
    word_of_sasl,
)
from pop3spy.redaction.line_facts import (
    form_of_digest,
    line_facts,
    unknown_line_facts,
    verb_left_open,
    words_of_command,
)
from pop3spy.redaction.masking import FILLER
from pop3spy.redaction.name_forms import any_server_says
from pop3spy.redaction.secret_memory import SecretMemory
from pop3spy.redaction.token_facts import LONG, token_facts

_MEASURED: Final = frozenset({"XOAUTH2", "OAUTHBEARER", "GSSAPI"})
"""Mechanisms of whose long lines the length is told."""
_OAUTH: Final = frozenset({"XOAUTH2", "OAUTHBEARER", "OAUTH10A"})
_LOGINS: Final = frozenset({"PASS", "RPOP", "APOP"})
_REFUSES: Final = frozenset({None, "AUTH"})
"""Response codes with which a login is refused for what was sent, and not for something else."""
_MOST_AWAITED: Final = 64


class FactFinder:
    """Finds the facts of one session; *memory* is what it has in common with others.

    *server* is who is spoken to, *session* its number.  Frames of exchanges beyond ``last`` have no
    facts but ``echoed``, which the redactor sets: the server repeats a word that was hidden.
    """

    def __init__(self, memory: SecretMemory, session: int, server: str) -> None:
        self.last = 0
        self.echoed = False
        self._memory = memory
        self._session = session
        self._server = server.encode()
        self._user: bytes | None = None
        self._mechanism = sasl.mechanism_of(b"")
        self._messages = self._challenges = 0
        self._asked = sasl.NAME
        self._nonce = b""  # of SCRAM, said last
        self._awaited: dict[int, bytes] = {}  # by exchange: what its reply says of the memory's

    def facts_of(self, frame: Frame, shown: Frame, state: State, at: float) -> Facts:
        """Return the facts of *frame*, which is *shown* so and came *at* that time."""
        recorded = bool(frame.masks) or frame.facts is not NO_FACTS or FILLER in frame.raw
        if isinstance(frame, CommandLine):
            facts = self._command(frame, shown, at, recorded=recorded)
        elif isinstance(frame, SaslLine):
            facts = {} if recorded else self._sasl_line(frame, at)
        elif isinstance(frame, Challenge):
            facts = self._challenge(frame, shown, recorded=recorded)
        elif isinstance(frame, StatusLine):
            facts = self._status(frame, recorded=recorded)
        elif isinstance(frame, Opaque) and not recorded:
            facts = self._left_open(frame, state)
        else:
            facts = {}
        if recorded:
            return (without_texts(frame.facts) if shown.masks else frame.facts) or NO_FACTS
        if self.echoed and frame.side is Side.SERVER:
            facts["secret_echoed"] = True
        return facts or NO_FACTS

    def heard_again(self, raw: bytes, spans: Spans) -> None:
        """Note that a line of the server repeats in *spans* what was hidden before.

        A verb, the user's name and what any server says may be there without that.
        """
        self.echoed |= any(self._is_secret(raw[start:end]) for start, end in spans)

    def _is_secret(self, word: bytes) -> bool:
        if any_server_says(word) or word.upper().decode("latin-1") in COMMANDS:
            return False
        return self._user is None or word.lower() != self._user.lower()

    def forget(self, number: int) -> None:
        """Know that the server heard something else in exchange *number* than the client said."""
        self._awaited.pop(number, None)

    # -- the client -----------------------------------------------------------------------------

    def _command(
        self, frame: CommandLine, shown: Frame, at: float, *, recorded: bool
    ) -> dict[str, FactValue]:
        command, raw = frame.command, frame.raw
        spec = command.spec
        if command.turn is Turn.SASL:
            self._begin(frame)
        if spec is not None and spec.effect is Effect.NAME:
            self._user = None if recorded or not command.args else command.args[0]
        if recorded:
            return {}
        if spec is None:
            hidden = bool(shown.masks)
            return unknown_line_facts(raw, first=frame.number == 1) if hidden else {}
        if spec.name in _LOGINS:
            return self._login(frame)
        if command.turn is Turn.SASL and len(command.args) > 1:
            return self._initial_response(frame, at)
        if shown.masks:
            return words_of_command(raw, command) | line_facts(raw, command.args)
        return line_facts(raw, command.args) if spec.identity else {}

    def _login(self, frame: CommandLine) -> dict[str, FactValue]:
        """Return what is said of PASS, RPOP and APOP."""
        command, raw = frame.command, frame.raw
        self.last = frame.number
        if command.verb == "APOP":
            facts = words_of_command(raw, command) | line_facts(raw, command.args)
            facts["carries_secret"] = bool(command.args)
            if raw.endswith(b"\n"):
                facts["apop_digest"] = form_of_digest(command.args)
            return facts
        secret = command.rest
        facts = line_facts(raw, (secret,))
        if raw.endswith(b"\n"):
            facts["words"] = int(bool(secret.strip()))
        facts["carries_secret"] = bool(secret.strip())
        if b"\r" in secret:
            facts["line_break"] = "password"
        if secret.strip() and raw.endswith(b"\n"):
            self._note_secret(facts, frame.number, secret)
        return facts

    def _begin(self, frame: CommandLine) -> None:
        self.last = frame.number
        self._mechanism = sasl.mechanism_of(frame.command.args[0])
        self._messages = self._challenges = 0
        self._asked, self._nonce = sasl.NAME, b""

    def _initial_response(self, frame: CommandLine, at: float) -> dict[str, FactValue]:
        command, raw = frame.command, frame.raw
        facts = words_of_command(raw, command) | line_facts(raw, ())
        facts.pop("argument_over_40", None)
        whole = raw.endswith(b"\n")
        if facts.get("over_255") and whole and self._mechanism.name in _MEASURED:
            facts["octets"] = len(raw)
        self._messages += 1
        word = command.args[1]
        alone = len(command.args) == 2  # noqa: PLR2004 - mechanism and message
        if alone and word != b"=" and self._mechanism.name:
            facts |= self._message(frame, word, at)
        return facts

    def _sasl_line(self, frame: SaslLine, at: float) -> dict[str, FactValue]:
        line = line_of(frame.raw)
        if not frame.raw.endswith(b"\n"):
            return self._message(frame, line, at)
        word = word_of_sasl(line)
        self._messages += word != "*"
        facts: dict[str, FactValue] = {} if word is None else {"sasl_word": word}
        if word is None or word == "base64":
            facts |= self._message(frame, line, at)
        return facts

    def _message(self, frame: Frame, word: bytes, at: float) -> dict[str, FactValue]:
        """Return what is said of a message of the client that is no blank and no verb."""
        mechanism = self._mechanism.name
        if not frame.raw.endswith(b"\n"):
            return self._cut_token(word)
        facts: dict[str, FactValue] = {"base64": form_of_base64(word)}
        message = sasl.decode(word)
        if message is None:
            return facts
        told = message_of(mechanism, message, self._asked)
        facts |= told.facts
        if told.user is not None:
            self._user = told.user
        if told.nonce:
            if self._nonce:
                facts["scram_nonce"] = "equal" if told.nonce == self._nonce else "differs"
            self._nonce = told.nonce
        if told.token:
            facts |= token_facts(told.token, told.user, self._memory.date(at))
        if told.password or told.token:
            self._note_secret(facts, frame.number, told.password or told.token)
        return facts

    def _cut_token(self, word: bytes) -> dict[str, FactValue]:
        """Return what is certain of a line whose end was cut off: that its token is long."""
        if self._mechanism.name not in _OAUTH:
            return {}
        begun = sasl.decode(word[: len(word) // 4 * 4])
        token = message_of(self._mechanism.name, begun or b"", self._asked).token
        return {"bearer_token": True, "token_over_4096": True} if len(token) > LONG else {}

    def _note_secret(self, facts: dict[str, FactValue], number: int, secret: bytes) -> None:
        """Note that the account is asked for with *secret*, unless nobody knows which it is."""
        if not self._user:
            return
        noted = self._memory.note(self._place(number), b"S", self._server, self._user, secret)
        digest, earlier = noted
        facts["same_secret"] = earlier or "new"
        if len(self._awaited) < _MOST_AWAITED:
            self._awaited[number] = digest

    def _left_open(self, frame: Opaque, state: State) -> dict[str, FactValue]:
        """Return what the client left without an end; inside AUTH that is no command."""
        unfinished = frame.why is Why.UNFINISHED and frame.side is Side.CLIENT
        if not unfinished or state is State.SASL or not frame.raw.strip():
            return {}
        return {"unread_verb": verb_left_open(frame.raw)}

    # -- the server -----------------------------------------------------------------------------

    def _status(self, frame: StatusLine, *, recorded: bool) -> dict[str, FactValue]:
        number = frame.number
        if (digest := self._awaited.pop(number, None)) is not None:
            if frame.ok:
                self._memory.settle(digest, self._place(number), "ok")
            elif frame.code in _REFUSES:
                self._memory.settle(digest, self._place(number), "refused")
        if number or recorded or (stamp := timestamp_of(frame.raw)) is None:
            return {}
        return self._same_challenge(0, b"APOP", stamp)

    def _challenge(self, frame: Challenge, shown: Frame, *, recorded: bool) -> dict[str, FactValue]:
        self._challenges += 1
        said = _said(frame.raw)
        challenge = sasl.decode(said.strip())
        self._asked = sasl.asked_by(challenge or b"", self._messages)
        if recorded or not said:
            return {}
        form = form_of_base64(said)
        facts: dict[str, FactValue] = {"base64": form} if shown.masks or form != "ok" else {}
        if challenge is None:
            return facts
        mechanism = self._mechanism.name
        if mechanism in _OAUTH:
            facts |= oauth_facts(challenge, shown=not shown.masks)
        elif mechanism.startswith("SCRAM-") and self._messages == 1:
            facts |= scram_facts(challenge, self._nonce)
            self._nonce = nonce_of(challenge)
        elif self._challenges == 1 and (once := once_only(mechanism, challenge)):
            facts |= self._same_challenge(frame.number, mechanism.encode(), once)
        return facts

    def _same_challenge(self, number: int, kind: bytes, said: bytes) -> dict[str, FactValue]:
        _, earlier = self._memory.note(self._place(number), b"C", self._server, kind, said)
        return {"same_challenge": earlier} if earlier else {}

    def _place(self, number: int) -> str:
        return f"{self._session}:{number}"


def _said(raw: bytes) -> bytes:
    """Return what a challenge says; ``+OK`` in place of one says nothing."""
    if status_of(raw, in_sasl=True) is not None:
        return b""
    line = line_of(raw)
    start = line.find(b"+") + 1
    start += line[start : start + 1] == b" "
    return line[start:]
