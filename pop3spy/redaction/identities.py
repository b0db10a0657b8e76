"""Names of users, hosts and messages in one session, and pseudonyms in their place.

Rules: 1. what the table of commands calls a name is one, wherever it comes again; 2. whatever has
the form of a mail address, a host name or an IP address is one, in every line of either side; 3. of
a greeting only words that every greeting may have are shown; 4. messages are not searched; 5. what
is masked already stays masked.
"""

import re
from dataclasses import replace
from typing import Final, TypeVar

from pop3spy.protocol import sasl
from pop3spy.protocol.commands import CommandSpec, Shape, line_of, parse_command
from pop3spy.protocol.frames import BodyEnd, BodyPart, Challenge, CommandLine, Frame, StatusLine
from pop3spy.protocol.replies import code_of
from pop3spy.protocol.states import Effect, State
from pop3spy.redaction.masking import FILLER, hide
from pop3spy.redaction.name_forms import is_address, looked_for, names_nobody
from pop3spy.redaction.pseudonyms import Kind, Pseudonyms, is_pseudonym
from pop3spy.redaction.secret_index import SHORT, SecretIndex

F = TypeVar("F", bound=Frame)

_PARTS: Final = re.compile(rb"[\s\0@,:;/\\.+_=|\[\]<>-]+")
_KEEP_PARTS: Final = frozenset({b"recent"})
"""Parts of a user name that say what is asked for, and not of whom (Gmail)."""
_BETWEEN_WORDS: Final = re.compile(rb"([\s,;:!()\"]+)")
_STAMP: Final = re.compile(rb"<([^<>@\s]*)@([^<>\s]+)>")
_ARGUMENT: Final = re.compile(rb"[^ \t]+")
_ATTRIBUTE: Final = re.compile(rb"[A-Za-z]+=")
_ID_LINE: Final = re.compile(rb"(\s*\d+\s+)(\S.*)", re.DOTALL)
"""A number and a unique-id, parted by whatever blanks readers of listings take."""
_MOST: Final = 64
"""Names that are looked for in one session; who brings more is shown no text of the server's."""

_MOST_REPLIES: Final = 4096
"""Commands whose replies are known by their shape; pairing gives up before."""


class Identities:
    """Puts pseudonyms into the frames of one session; *names* gives them.

    The frames come without secrets.  ``learn`` tells of names that have no form of their own.
    """

    def __init__(self, names: Pseudonyms) -> None:
        self._names = names
        self._known: dict[bytes, bytes] = {}  # a name in lower case, its pseudonym
        self._search = looked_for(())
        self._encoded = SecretIndex()  # the same names, as base64 and the like
        self._overflown = False
        self._replies: dict[int, Shape | None] = {}  # by exchange, None: of unique-ids
        self._rest = b""  # of a listing: a line without its end

    def learn(self, kind: Kind, name: bytes) -> bytes:
        """Replace *name* from now on, and its parts; return what stands for it."""
        return self._learn_user(name) if kind is Kind.USER else self._learn_name(kind, name)

    def host(self, name: str) -> str:
        """Learn the host *name*, and return what stands for it."""
        return self.learn(Kind.HOST, name.encode()).decode()

    def _learn_user(self, name: bytes) -> bytes:
        """Learn a user, and of an address, which may have several hosts, each part of it."""
        domains: list[bytes] = []
        local, _, domain = name.rpartition(b"@")
        while local and domain:
            domains.append(domain)
            name = local
            local, _, domain = name.rpartition(b"@")
        start = 0
        colon = name.find(b":")
        while colon >= 0 and name[start:colon].lower() in _KEEP_PARTS:
            start = colon + 1
            colon = name.find(b":", start)
        shown = name[:start] + self._learn_name(Kind.USER, name[start:])
        hosts = [self._learn_name(Kind.HOST, domain) for domain in reversed(domains)]
        return b"@".join([shown, *hosts])

    def _learn_name(self, kind: Kind, name: bytes) -> bytes:
        pseudonym = self._names.of(kind, name)
        if pseudonym != name:
            parts = _PARTS.split(name) if kind is Kind.USER else name.split(b".")[:1]
            for part in (name, *(part for part in parts if not names_nobody(part))):
                self._know(part, pseudonym)
        return pseudonym

    def _know(self, name: bytes, pseudonym: bytes) -> None:
        key = name.lower()
        number = key.isdigit() and len(key) < SHORT  # they are everywhere
        if not key or key in self._known or key in _KEEP_PARTS or number:
            return
        if len(self._known) >= _MOST:
            self._overflown = True
            return
        self._known[key] = pseudonym
        self._encoded.add(name)
        self._search = looked_for(self._known)

    # -- texts ----------------------------------------------------------------------------------

    def words(self, text: str) -> str:
        """Return a text of an error or a recording without names."""
        return self.text(text.encode()).decode("utf-8", "replace")

    def text(self, text: bytes) -> bytes:
        """Return *text* with pseudonyms in it."""
        return self._search.sub(self._pseudonym, text)

    def _pseudonym(self, match: re.Match[bytes]) -> bytes:
        found, form = match[0], match.lastgroup
        key = found.lower()
        if key in self._known:
            return self._known[key]
        if form == "mail":
            local, _, domain = found.rpartition(b"@")
            host = self._names.of(Kind.HOST, domain.strip(b"[]"))
            return self._known.get(local.lower(), self._names.of(Kind.USER, local)) + b"@" + host
        if form == "ipv6" and not is_address(found):
            return found
        return found if is_pseudonym(found) else self._names.of(Kind.HOST, found)

    def _greeting(self, text: bytes) -> bytes:
        """Return a greeting of which only the words that name nobody are left."""
        for stamp in _STAMP.finditer(text):
            self.learn(Kind.HOST, stamp[2])
        return b"".join(
            word if place % 2 else self._greeting_word(word)
            for place, word in enumerate(_BETWEEN_WORDS.split(text))
        )

    def _greeting_word(self, word: bytes) -> bytes:
        if stamp := _STAMP.search(word):
            return b"<" + stamp[1] + b"@" + self.text(stamp[2]) + b">"
        shown = self.text(word)
        plain = names_nobody(shown) or is_pseudonym(shown.strip(b".'"))
        return shown if plain else FILLER

    # -- frames ---------------------------------------------------------------------------------

    def hide(self, frame: Frame, state: State) -> Frame:
        """Return *frame*, which is shown in *state*, with pseudonyms in place of names."""
        greeting = state is State.GREETING
        match frame:
            case CommandLine():
                return self._command(frame)
            case StatusLine():
                return self._status(frame, greeting=greeting)
            case BodyPart():
                return self._part(frame)
            case BodyEnd():
                self._replies.pop(frame.number, None)
                self._rest = b""
                return frame
            case Challenge():
                return self._challenge(frame)
        return self._changed(frame, 0, self._shown(line_of(frame.raw), greeting=greeting))

    def _command(self, frame: CommandLine) -> CommandLine:
        command, spec = frame.command, frame.command.spec
        if command.shape is not Shape.MESSAGE:
            self._replies[frame.number] = None if command.verb == "UIDL" else command.shape
            if len(self._replies) > _MOST_REPLIES:
                del self._replies[next(iter(self._replies))]
        if command.public or spec is None:
            return frame
        line = line_of(frame.raw)
        start = len(line) - len(command.rest)
        shown = self._changed(frame, start, self._arguments(spec, line[start:]))
        if shown is not frame:
            shown.command = parse_command(shown.raw)
        return shown

    def _arguments(self, spec: CommandSpec, rest: bytes) -> bytes:
        """Return *rest*, what stands behind the verb; an argument that is a name is learned."""
        if not spec.identity:
            return rest
        kind = Kind.USER if spec.effect in (Effect.NAME, Effect.LOGIN) else Kind.HOST
        return _ARGUMENT.sub(lambda word: self._argument(kind, word[0]), rest)

    def _argument(self, kind: Kind, word: bytes) -> bytes:
        key = _ATTRIBUTE.match(word) if kind is Kind.HOST else None  # ADDR=192.0.2.1
        name = key[0] if key else b""
        value = word[len(name) :]
        if not value or value == FILLER:
            return word
        return name + self.learn(Kind.USER if name.upper() == b"LOGIN=" else kind, value)

    def _status(self, frame: StatusLine, *, greeting: bool) -> StatusLine:
        self._rest = b""
        text = frame.text
        if greeting and text.startswith(b"[") and (code := code_of(text)):
            text = text[len(code) + 2 :]
        shown = self._shown(text, greeting=greeting)
        if frame.ok and not frame.has_body and self._asks_ids(frame.number):
            shown = self._id_line(text)
        return self._changed(frame, len(line_of(frame.raw)) - len(text), shown)

    def _asks_ids(self, number: int) -> bool:
        return self._replies.get(number, Shape.LINE) is None

    def _part(self, frame: BodyPart) -> BodyPart:
        """Return a part of a listing, which then ends where a line does."""
        if frame.number not in self._replies:
            return frame
        ids = self._asks_ids(frame.number)
        shifted = bool(self._rest)
        said = self._rest + frame.raw
        end = said.rfind(b"\n") + 1
        self._rest = said[end:]
        lines = said[:end].splitlines(keepends=True)
        shown = b"".join(
            self._id_line(line) if ids else self._shown(line_of(line)) + line[len(line_of(line)) :]
            for line in lines
        )
        shifted = shifted or bool(self._rest)  # when a line came is no longer where it was cut
        part = self._changed(frame, 0, shown, whole=True)
        return replace(part, cuts=()) if shifted and part.cuts else part

    def _id_line(self, line: bytes) -> bytes:
        said = line_of(line)
        listed = None if FILLER in said else _ID_LINE.fullmatch(said)
        if listed is None:
            return self._shown(line)
        return listed[1] + self._names.of(Kind.ID, listed[2].strip()) + line[len(said) :]

    def _challenge(self, frame: Challenge) -> Challenge:
        """Return a challenge; one that names somebody, or cannot be read, is masked whole."""
        line = line_of(frame.raw)
        word = line[1:].strip()
        if not word or frame.masks:
            return frame
        said = sasl.decode(word)
        if said is not None and not self._search.search(said) and not self._encoded.find(word):
            return frame
        start = line.find(word)
        return hide(frame, ((start, start + len(word)),))

    def _shown(self, text: bytes, *, greeting: bool = False) -> bytes:
        """Return a text of the server's, or nothing of it once there are too many names."""
        if self._overflown or self._encoded.overflown:
            return FILLER if text.strip() else text
        if FILLER not in text:
            shown = self._greeting(text) if greeting else self.text(text)
        else:  # of what is masked nothing is learned
            shown = FILLER.join(map(self.text, text.split(FILLER)))
        for start, end in reversed(self._encoded.find(shown)):
            shown = shown[:start] + FILLER + shown[end:]
        return shown

    def _changed(self, frame: F, start: int, shown: bytes, *, whole: bool = False) -> F:
        """Return *frame* with *shown* in place of its line from *start* on; fillers are masks."""
        end = len(frame.raw) if whole else len(line_of(frame.raw))
        if frame.raw[start:end] == shown:
            return frame
        raw = frame.raw[:start] + shown + frame.raw[end:]
        masks = tuple((match.start(), match.end()) for match in _FILLED.finditer(raw))
        cuts = tuple((min(at, len(raw)), time) for at, time in frame.cuts)
        return replace(frame, raw=raw, masks=masks, cuts=cuts)


_FILLED: Final = re.compile(re.escape(FILLER))
