"""The true frame in, the frame that may be shown out.

Rules:

1. Before login an argument is shown only if the command table says so.
2. A verb that nobody knows is hidden whole, in every state: people type passwords.
3. Inside AUTH every line of the client is hidden.
4. A secret that was seen is hidden wherever it comes again in the lines of either side; bodies are
   not searched.
5. Octets that are not read are only counted, and the client's not even that where they may hold a
   secret.
"""

from dataclasses import replace
from typing import TypeVar

from pop3spy.protocol import replies, sasl
from pop3spy.protocol.commands import Command, CommandSpec, Turn, line_of, parse_command
from pop3spy.protocol.frames import (
    BodyPart,
    Challenge,
    CommandLine,
    Frame,
    Junk,
    Opaque,
    SaslLine,
    Side,
    Spans,
    StatusLine,
    Why,
)
from pop3spy.protocol.states import BEFORE_LOGIN, State
from pop3spy.protocol.text import show
from pop3spy.session.sightings import SHORT, Sightings, merged

FILLER = b"*" * 8
"""What stands in ``raw`` in place of a secret, whatever its length; ``masks`` says where."""

_HIDDEN_COMMAND = Command("", (), None)
_HARMLESS = frozenset({Why.TLS, Why.SASL_LAYER, Why.TELNET, Why.PROXY})
_MOST_SHORT = 32
_NEGOTIATION = 3  # octets of a Telnet command that cannot hold a name

F = TypeVar("F", bound=Frame)


class Redactor:
    """Hides the secrets of one session; *strict* hides user names and addresses too."""

    def __init__(self, *, strict: bool = False) -> None:
        self.user: str | None = None  # the name given last, if it may be shown
        self._strict = strict
        self._sightings = Sightings()
        self._short: dict[int, set[bytes]] = {}  # by exchange: secrets too short to look for
        self._unknown = 0  # the last exchange whose verb nobody knows
        self._mechanism = sasl.mechanism_of(b"")
        self._messages = 0  # of the client inside AUTH
        self._challenges = 0

    def mask(self, frame: Frame, state: State) -> Frame:
        """Return *frame* as it may be shown in *state*: itself where there is nothing to hide."""
        match frame:
            case CommandLine():
                return self._command_line(frame, state)
            case StatusLine():
                return _hide(frame, self._seen(frame, frame.text))
            case BodyPart() if frame.number == self._unknown:
                return _hide(frame, self._sightings.find(frame.raw))
            case SaslLine():
                return self._sasl_line(frame)
            case Challenge():
                return self._challenge(frame)
            case Junk():
                return _hide(frame, self._repeated(frame.raw))
            case Opaque():
                return self._opaque(frame)
        return frame

    # -- the client -----------------------------------------------------------------------------

    def _command_line(self, frame: CommandLine, state: State) -> CommandLine:
        line = line_of(frame.raw)
        spec = frame.command.spec
        if spec is None:
            return self._unknown_command(frame, line)
        hidden = _beyond_the_table(frame.command, spec, line, state, strict=self._strict)
        for start, end in hidden:
            self._learn(frame.number, line[start:end])
        if frame.command.turn is Turn.SASL:
            self._begin_sasl(frame)
        spans = merged([*hidden, *self._sightings.find(line)])
        if spec.identity and frame.command.args:
            self._name(frame.command.args[0])
        if not spans:
            return frame
        shown = _hide(frame, spans)
        return replace(shown, command=parse_command(shown.raw))

    def _unknown_command(self, frame: CommandLine, line: bytes) -> CommandLine:
        if not line.strip():
            return frame
        self._unknown = frame.number
        self._learn(frame.number, line)
        return replace(_hide(frame, ((0, len(line)),)), command=_HIDDEN_COMMAND)

    def _begin_sasl(self, frame: CommandLine) -> None:
        mechanism, *initial = frame.command.args
        self._mechanism = sasl.mechanism_of(mechanism)
        self._messages = self._challenges = 0
        if initial:
            self._read_message(frame.number, initial[0])

    def _sasl_line(self, frame: SaslLine) -> SaslLine:
        line = line_of(frame.raw)
        if line not in (b"", b"*"):
            self._read_message(frame.number, line)
        return _hide(frame, ((0, len(line)),)) if line.strip() not in (b"", b"*") else frame

    def _read_message(self, number: int, word: bytes) -> None:
        """Learn what a message of the client holds: its user, and what to hide from now on."""
        self._learn(number, word)
        message = sasl.decode(word.strip())
        told = sasl.Told() if message is None else self._mechanism.read(message, self._messages)
        self._messages += 1
        for secret in told.secrets:
            self._learn(number, secret)
        if told.user:
            self._name(told.user)

    def _name(self, user: bytes) -> None:
        """Note a user name; one that is a known secret is never shown."""
        shown = not self._strict and not self._sightings.find(user)
        self.user = show(user) if shown else None

    def _learn(self, number: int, secret: bytes) -> None:
        """Hide *secret* from now on; what was shown as a user name stays shown."""
        for word in {secret.strip(), *secret.split()}:
            if not word:
                continue
            if len(word) < SHORT and number:
                short = self._short.setdefault(number, set())
                # So many that the text of a refusal goes in any case: the empty word is in all.
                short.add(word.lower() if len(short) < _MOST_SHORT else b"")
            elif self.user is None or show(word).lower() != self.user.lower():
                self._sightings.add(word)

    # -- the server -----------------------------------------------------------------------------

    def _seen(self, frame: StatusLine, text: bytes) -> Spans:
        """Return where a status line repeats a secret.

        A secret too short to be looked for takes the whole text of a refusal with it, if it occurs
        there; the response code stays (RFC 2449, section 8).
        """
        short = self._short.pop(frame.number, ())
        unsafe = self._sightings.overflown or any(word in text.lower() for word in short)
        if unsafe and (not frame.ok or self._strict):
            end = len(line_of(frame.raw))
            start = end - len(text) + (len(f"[{frame.code}] ") if frame.code else 0)
            return ((start, end),) if start < end else ()
        return self._sightings.find(frame.raw)

    def _repeated(self, raw: bytes) -> Spans:
        """Return where a line that answers nothing repeats a secret."""
        return ((0, len(line_of(raw))),) if self._sightings.overflown else self._sightings.find(raw)

    def _challenge(self, frame: Challenge) -> Challenge:
        self._challenges += 1
        if self._challenges <= self._mechanism.shown:
            return _hide(frame, self._sightings.find(frame.raw))
        start, end = frame.raw.find(b"+") + 1, len(line_of(frame.raw))
        start += frame.raw[start : start + 1] == b" "
        return _hide(frame, ((start, end),)) if start < end else frame

    def _opaque(self, frame: Opaque) -> Opaque:
        """Keep the size, and of what cannot hold a secret the octets as well."""
        harmless = frame.side is Side.SERVER or frame.why in _HARMLESS
        if not harmless and frame.why is not Why.TOO_LONG:
            self._learn(0, frame.raw)
        plain = (frame.why is Why.TELNET and len(frame.raw) <= _NEGOTIATION) or (
            frame.why is Why.PROXY and frame.raw.startswith(b"PROXY ") and not self._strict
        )
        counted = len(frame.raw) if harmless else None
        return replace(frame, raw=frame.raw if plain else b"", counted=counted)


def _beyond_the_table(
    command: Command, spec: CommandSpec, line: bytes, state: State, *, strict: bool
) -> list[tuple[int, int]]:
    """Return the spans of *line* that its row of the command table does not allow to be shown."""
    before_login = state in BEFORE_LOGIN
    shown = spec.shows
    if strict and spec.identity:
        shown = 0
    elif not (spec.secret or before_login):
        return []
    if spec.turn is Turn.SASL and command.args:
        known = command.args[0].decode("latin-1").upper() in sasl.MECHANISMS
        shown = shown if known else 0
    if before_login and State.AUTHORIZATION not in spec.states and not spec.secret:
        numbers = [replies.number_of(word) is not None for word in command.args[:shown]]
        shown = shown if all(numbers) else 0
    hidden = [match.span(1) for match in spec.hides.finditer(line)] if spec.hides else []
    if (command.args or spec.secret) and (start := _behind(line, spec, shown)) < len(line):
        hidden.append((start, len(line)))
    return hidden


def _behind(line: bytes, spec: CommandSpec, arguments: int) -> int:
    """Return where in *line* whatever stands behind so many arguments begins.

    Without any it begins one blank behind the verb: further ones belong to a password (RFC 1939,
    section 7).
    """
    at = 0
    for _ in range(len(spec.name.split()) + arguments):
        while line[at : at + 1] in (b" ", b"\t"):
            at += 1
        while at < len(line) and line[at : at + 1] not in (b" ", b"\t"):
            at += 1
    if arguments and not line[at:].strip(b" \t"):
        return len(line)
    return at + 1


def _hide(frame: F, spans: Spans) -> F:
    """Return *frame* with filler in place of each span of its octets."""
    if not spans:
        return frame
    pieces: list[bytes] = []
    masks: list[tuple[int, int]] = []
    at = size = 0
    for start, end in spans:
        pieces += [frame.raw[at:start], FILLER]
        size += start - at + len(FILLER)
        masks.append((size - len(FILLER), size))
        at = end
    return replace(frame, raw=b"".join([*pieces, frame.raw[at:]]), masks=tuple(masks))
