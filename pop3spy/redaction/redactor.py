"""The true frame in, the frame that may be shown out.

Rules:

1. Before login an argument is shown only if the command table says so.
2. Of a line whose verb nobody knows ``unknown_lines`` says what is shown, in a proxy next to
   nothing: people type passwords; of more words than a command takes ``typed_arguments``.
3. Inside AUTH every line of the client is hidden.
4. A secret that was seen is hidden wherever it comes again in the lines of either side; bodies are
   not searched, unless the command that they answer had something to hide.
5. Octets that are not read are only counted, and the client's not even that where they may hold a
   secret.
6. Who has seen more secrets than can be remembered shows no text of the server any more.
"""

from collections.abc import Iterable
from dataclasses import replace

from pop3spy.protocol import sasl
from pop3spy.protocol.commands import Command, CommandSpec, Turn, command_of, line_of, parse_command
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
)
from pop3spy.protocol.replies import code_of
from pop3spy.protocol.states import BEFORE_LOGIN, Effect, State
from pop3spy.protocol.text import show
from pop3spy.protocol.why import Trait, Why
from pop3spy.redaction.fact_finder import FactFinder
from pop3spy.redaction.given_away import begins_login
from pop3spy.redaction.identities import Identities
from pop3spy.redaction.masking import hide
from pop3spy.redaction.pseudonyms import Kind
from pop3spy.redaction.said_ahead import SaidAhead
from pop3spy.redaction.sasl_login import SaslLogin, roughly_decoded
from pop3spy.redaction.secret_index import SHORT, SecretIndex, merged, occurs, words_of
from pop3spy.redaction.typed_arguments import hidden_of_typed
from pop3spy.redaction.typist import Typist
from pop3spy.redaction.unknown_lines import UnknownLines
from pop3spy.redaction.visible_args import behind, beyond_the_table, names_mechanism

_HIDDEN_COMMAND = command_of("", (), None)
_CODES = frozenset({"LOGIN-DELAY", "IN-USE", "SYS/TEMP", "SYS/PERM", "AUTH", "UTF8"})
"""Response codes that a standard names (RFC 2449, RFC 3206, RFC 6856): they repeat nothing."""
_MOST_SHORT = 32
_NEGOTIATION = 3  # octets of a Telnet command that cannot hold a name


class Redactor:
    """Hides the secrets of one session; with *identities*, names are replaced as well.

    *typist* is the person who types what the client says, if one does; where names are replaced,
    that makes no difference.  *finder* finds the facts that may be told of what is hidden.
    """

    def __init__(
        self, finder: FactFinder, identities: Identities | None = None, typist: Typist | None = None
    ) -> None:
        self.user: str | None = None  # the name given last, if it may be shown
        self._finder = finder
        self._identities = identities
        self._secrets = SecretIndex()
        self._typist = typist if identities is None else None
        self._unknown_lines = UnknownLines(self._secrets, self._typist)
        self._due = self._unknown_lines.due
        self._short: dict[int, set[bytes]] = {}  # by exchange: words too short to look for
        self._unknown = 0  # the last exchange whose verb nobody knows
        self._hidden = 0  # the last exchange of whose command something was hidden
        self._searched = 0  # the exchange whose body may repeat that
        self._login = SaslLogin()
        self._ahead: SaidAhead | None = None  # most clients wait for each reply

    def know(self, user: str) -> str:
        """Take the name of a user from a recording, whose octets no longer tell it.

        Return it as it may be shown.
        """
        self.user = user if self._identities is None else self._pseudonym(user.encode())
        return self.user

    def mask(
        self, frame: Frame, state: State, waiting: bytes = b"", at: float | None = None
    ) -> Frame:
        """Return *frame* as it may be shown in *state*: itself where there is nothing to hide.

        What its masks cover already is filler that a recording has: nothing is learned from it.
        Its facts are found if it came *at* a time, and not if a gate made it.
        *waiting* is what the other side has said that is in no frame yet: of the client, *frame*
        may repeat it; of the server, it may be a prompt.
        """
        identities, finder = self._identities, self._finder
        if isinstance(frame, CommandLine):
            spec = frame.command.spec
            if frame.command.public and identities is None and spec is not None:  # as most are
                if spec.secret or self._due.begun:
                    self._due.command(frame)
                    if spec.secret and at is not None:
                        frame.facts = finder.facts_of(frame, frame, state, at)
                return frame
            shown: Frame = self._command_line(frame, state, waiting)
            tells = shown is not frame or spec is None or spec.secret or spec.identity
        else:
            shown = self._mask(frame)
            tells = finder.echoed or frame.number <= finder.last
        if waiting and shown.raw and frame.side is Side.SERVER:
            self._ahead = self._ahead or SaidAhead()
            shown = self._ahead.hide(shown, waiting, before_login=state in BEFORE_LOGIN)
        if identities is not None and shown.raw:
            shown = identities.hide(shown, state)
        if tells:
            if at is not None:
                shown.facts = finder.facts_of(frame, shown, state, at)
            finder.echoed = False
        return shown

    def hidden_of(self, line: bytes, state: State, prompt: bytes) -> Spans:
        """Return what is hidden of *line* if it is said now."""
        command = parse_command(line)
        if command.spec is None:
            return self._unknown_lines.hidden_of(line, state, prompt)
        due = self._due.is_due(state, prompt)
        return tuple(self._beyond(command, command.spec, line, state, due=due))

    def _mask(self, frame: Frame) -> Frame:
        match frame:
            case StatusLine():
                self._due.heard(frame)
                return self._status_line(frame)
            case BodyPart() if frame.number == self._searched:
                return hide(frame, self._repeated(frame, 0))
            case SaslLine():
                return self._sasl_line(frame)
            case Challenge():
                return self._challenge(frame)
            case Junk():
                self._due.heard(frame)
                return hide(frame, self._repeated(frame, 0))
            case Opaque():
                return self._opaque(frame)
        return frame

    # -- the client -----------------------------------------------------------------------------

    def _command_line(self, frame: CommandLine, state: State, prompt: bytes) -> CommandLine:
        line, command = line_of(frame.raw), frame.command
        spec = command.spec
        if spec is None:
            return self._unknown_command(frame, line, state, prompt)
        due = self._typist is None or self._due.is_due(state, prompt)
        self._due.command(frame)
        recorded = bool(frame.masks) and not self._secrets.overflown
        hidden = [] if recorded else self._beyond(command, spec, line, state, due=due)
        if hidden:
            self._hidden = frame.number
        for start, end in hidden:
            self._learn_from(frame, start, end)
        if command.turn is Turn.SASL:
            self._begin_sasl(frame)
        known = command.turn is Turn.SASL and names_mechanism(command)
        spans = merged([*hidden, *self._find(line, behind(line, spec, int(known)))])
        names = spec.identity and spec.effect in (Effect.NAME, Effect.LOGIN)
        if names and len(command.args) >= spec.required:
            start = len(line) - len(command.rest.lstrip(b" \t"))
            masked = any(begin <= start < end for begin, end in frame.masks)
            self._name(command.args[0], masked=masked)
        if not spans:
            return frame
        shown = hide(frame, spans)
        shown.command = parse_command(shown.raw)
        return shown

    def _beyond(
        self, command: Command, spec: CommandSpec, line: bytes, state: State, *, due: bool
    ) -> list[tuple[int, int]]:
        """Return what is hidden of a command that is known; *due* is whether a password is."""
        careful = self._secrets.overflown
        hidden = beyond_the_table(command, spec, line, state, hide_names=careful)
        if not hidden or due or careful or self._typist is None:
            return hidden
        typed = hidden_of_typed(command, spec, line, self._typist)
        return hidden if typed is None else list(typed)

    def _unknown_command(
        self, frame: CommandLine, line: bytes, state: State, prompt: bytes
    ) -> CommandLine:
        if not line.strip() or self._unknown_lines.is_judged(line, frame.masks):
            return frame
        whole = ((0, len(line)),)
        hidden = whole if frame.truncated else self._unknown_lines.hidden_of(line, state, prompt)
        if self._typist is not None and begins_login(line):
            self._due.begun = True
        if not hidden:
            return frame
        self._unknown = self._hidden = frame.number
        for start, end in hidden:
            self._learn_from(frame, start, end)
        if not frame.masks:  # it may have been sent ahead to an AUTH that was refused
            self._learn(0, roughly_decoded(line))
        shown = hide(frame, hidden)
        shown.command = _HIDDEN_COMMAND if hidden == whole else parse_command(shown.raw)
        return shown

    def _begin_sasl(self, frame: CommandLine) -> None:
        mechanism, *initial = frame.command.args
        self._login = SaslLogin(mechanism)
        if len(initial) == 1 and not frame.masks:
            self._read_message(frame.number, initial[0])

    def _sasl_line(self, frame: SaslLine) -> SaslLine:
        line = line_of(frame.raw)
        if line.strip() == b"*":
            return frame
        self._learn_from(frame, 0, len(line))
        if not frame.masks:
            self._read_message(frame.number, line.strip())
        return hide(frame, ((0, len(line)),)) if line.strip() else frame

    def _read_message(self, number: int, word: bytes) -> None:
        """Learn what a message of the client holds: its user, and what to hide from now on."""
        told = self._login.read(word)
        if told is None:
            self._learn(0, roughly_decoded(word))
            return
        for secret in told.secrets:
            self._learn(number, secret)
        if told.user:
            self._name(told.user)

    def _name(self, user: bytes, *, masked: bool = False) -> None:
        """Note a user name; one that is a known secret, or was *masked*, is never shown."""
        if masked or self._secrets.overflown or self._secrets.find(user):
            self.user = None
        else:
            self.user = show(user) if self._identities is None else self._pseudonym(user)

    def _pseudonym(self, user: bytes) -> str:
        assert self._identities is not None
        return show(self._identities.learn(Kind.USER, user))

    def _learn_from(self, frame: Frame, start: int, end: int) -> None:
        """Hide what stands there in *frame*; of a line that was cut not all is known."""
        if not any(first < end and start < last for first, last in frame.masks):
            self._learn(frame.number, frame.raw[start:end])
            self._secrets.overflown |= frame.truncated

    def _learn(self, number: int, secret: bytes) -> None:
        """Hide *secret* from now on; what was shown as a user name stays shown.

        Words too short to look for matter in the reply of exchange *number*, if it is not 0.
        """
        if self._typist is not None:
            self._typist.learn(secret)
        for word in words_of(secret):
            if len(word) < SHORT:
                if not number:
                    continue
                short = self._short.setdefault(number, set())
                # So many that the text of the reply goes in any case: the empty word is in all.
                short.add(word.lower() if len(short) < _MOST_SHORT else b"")
            elif self.user is None or show(word).lower() != self.user.lower():
                self._secrets.add(word)

    # -- the server -----------------------------------------------------------------------------

    def _status_line(self, frame: StatusLine) -> StatusLine:
        """Hide what a status line repeats of a secret.

        A secret too short to be looked for takes the whole text with it, if it occurs there; a
        response code that is in a standard stays.
        """
        number = frame.number
        if number == self._hidden:
            self._searched = number
        short: Iterable[bytes] = self._short.pop(number, ())
        if frame.ok and number == self._unknown:  # so it was no password
            short = ()
        if not (text := frame.text):
            return frame
        if text.startswith(b"[") and (code := code_of(text)) in _CODES:
            text = text[len(code) + 2 :].lstrip(b" ")
        return hide(frame, self._repeated(frame, len(line_of(frame.raw)) - len(text), short))

    def _repeated(self, frame: Frame, start: int, short: Iterable[bytes] = ()) -> Spans:
        """Return where a line of the server, from *start* on, repeats what must not be shown."""
        end = len(line_of(frame.raw))
        whole = ((start, end),) if start < end else ()
        if self._secrets.overflown:
            return whole
        found = self._found_again(frame.raw, start)
        return whole if short and occurs(short, frame.raw[start:end]) else found

    def _find(self, raw: bytes, start: int) -> Spans:
        found = self._secrets.find(raw[start:])
        return tuple((start + begin, start + end) for begin, end in found) if start else found

    def _found_again(self, raw: bytes, start: int) -> Spans:
        """Return where a line of the server repeats a secret, and note whether it does."""
        if found := self._find(raw, start):
            self._finder.heard_again(raw, found)
        return found

    def _challenge(self, frame: Challenge) -> Challenge:
        start, end = frame.raw.find(b"+") + 1, len(line_of(frame.raw))
        start += frame.raw[start : start + 1] == b" "
        said = frame.raw[start:end].strip()
        short = self._short.get(frame.number, ())
        if self._login.hides_challenge(said) or self._is_repeated_in(sasl.decode(said), short):
            return hide(frame, ((start, end),)) if start < end else frame
        return hide(frame, self._repeated(frame, start, short))

    def _is_repeated_in(self, said: bytes | None, short: Iterable[bytes]) -> bool:
        """Return whether what a challenge says repeats a secret, in whatever encoding."""
        if not said:
            return False
        return bool(self._found_again(said, 0)) or (bool(short) and occurs(short, said))

    def _opaque(self, frame: Opaque) -> Opaque:
        """Keep the size, and of what cannot hold a secret the octets as well."""
        harmless = frame.side is Side.SERVER or Trait.COUNTED in frame.why.traits
        if not harmless and frame.why is not Why.TOO_LONG and not frame.masks:
            self._learn(frame.number, frame.raw)
        identities = self._identities
        if frame.why is Why.PROXY and identities is not None:
            for host in frame.raw.split()[2:4]:
                identities.learn(Kind.HOST, host)
        plain = (frame.why is Why.TELNET and len(frame.raw) <= _NEGOTIATION) or (
            frame.why is Why.PROXY and frame.raw.startswith(b"PROXY ") and identities is None
        )
        counted = len(frame.raw) if harmless else None
        if plain:
            return replace(frame, counted=counted)
        return replace(
            frame, raw=b"", counted=counted, cuts=(), ends_line=frame.raw.endswith(b"\n")
        )
