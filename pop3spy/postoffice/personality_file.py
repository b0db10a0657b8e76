"""A personality as people write it: YAML that says what differs from pop3spy's own.

Rules: 1. what is wrong is one line, with the file, the line in it and what would do; 2. no text can
end a line or begin another; 3. what is promised is checked in ``promises``.
"""

import difflib
import re
from collections.abc import Collection
from typing import Any, Final, NoReturn

from pop3spy.errors import ConfigError
from pop3spy.plainyaml import LocatedList, LocatedMapping, LocatedText
from pop3spy.postoffice.clerk import SERVED
from pop3spy.postoffice.personality import OWN, PLACEHOLDER, Personality, without_stls
from pop3spy.postoffice.phrases import BY_KEY, Phrase
from pop3spy.postoffice.promises import Promises
from pop3spy.protocol.capabilities import Capability, parse_capabilities
from pop3spy.protocol.replies import timestamp_of
from pop3spy.protocol.text import escape

_KEYS: Final = ("replies", "capabilities", "missing", "closes", "longest-command", "token-error")
_LISTS: Final = ("AUTHORIZATION", "TLS", "TRANSACTION")
_SENDABLE: Final = re.compile(r"[\x20-\x7e]*")
_LONGEST_TEXT: Final = 505
"""What fits between ``-ERR`` and CRLF (RFC 2449, section 4)."""
_LONGEST_ERROR: Final = 380
"""What fits in base64."""
_LIMITS: Final = range(40, 65536)
_NO_TEXT: Final = LocatedText()


def personality_from(data: object, where: str) -> Personality:
    """Return the personality that *data* is, as the file was loaded, whose name is *where*.

    Raise ConfigError with one line that names the file and the line in it.
    """
    return _File(where).read(data)


class _File:
    def __init__(self, where: str) -> None:
        self._where = where

    def read(self, data: object) -> Personality:
        given = self._mapping({} if data in (None, "") else data, _KEYS, "key")
        texts = self._texts(given.get("replies", {}))
        missing = {*self._names(given.get("missing", []), SERVED - {"QUIT"}, "command")}
        if "{timestamp}" not in texts.get(Phrase.GREETING, Phrase.GREETING.value.text):
            missing.add("APOP")  # there is nothing to make a digest of
        promises = Promises(SERVED - missing, texts)
        lists = self._mapping(given.get("capabilities", {}), _LISTS, "list of capabilities")
        clear = self._listed(lists, "AUTHORIZATION", promises.kept(OWN), promises)
        later = without_stls(clear)
        return Personality(
            texts,
            frozenset(BY_KEY[key] for key in self._names(given.get("closes", []), BY_KEY, "reply")),
            clear,
            self._listed(lists, "TLS", later, promises),
            self._listed(lists, "TRANSACTION", later, promises),
            frozenset(missing),
            self._limit(given.get("longest-command")),
            str(self._text(given.get("token-error", _NO_TEXT), "token-error", _LONGEST_ERROR)),
        )

    # -- replies --------------------------------------------------------------------------------

    def _texts(self, data: object) -> dict[Phrase, str]:
        texts = {}
        for key, value in self._mapping(data, BY_KEY, "reply").items():
            text = self._text(value, key, _LONGEST_TEXT)
            self._check_facts(BY_KEY[key], text)
            texts[BY_KEY[key]] = str(text)
        return texts

    def _check_facts(self, phrase: Phrase, text: LocatedText) -> None:
        facts = phrase.value.facts
        for name in PLACEHOLDER.findall(text):
            if name not in facts:
                known = ", ".join(f"{{{fact}}}" for fact in facts) or "none"
                self._fail(text, f"{phrase.key}: there is no {{{name}}} here; there is {known}")
        if not text.startswith(phrase.value.begins):
            self._fail(text, f"{phrase.key}: it must begin with {phrase.value.begins}")
        if phrase is Phrase.GREETING and timestamp_of(f"+OK {text}".encode()):
            self._fail(text, "greeting: what APOP needs is written {timestamp}")

    # -- capabilities ---------------------------------------------------------------------------

    def _listed(
        self,
        lists: dict[str, Any],
        name: str,
        default: tuple[Capability, ...],
        promises: Promises,
    ) -> tuple[Capability, ...]:
        """Return the list *name*, if there is one, in which no promise is a false one."""
        if name not in lists:
            return default
        listed: dict[str, Capability] = {}
        for item in self._items(lists[name], name):
            line = self._text(item, name, _LONGEST_TEXT)
            capability = next(iter(parse_capabilities([line.encode()])), None)
            if capability is None or line.startswith("."):
                self._fail(line, f"{name}: {escape(line)!r} is no capability; write TOP or UIDL")
            if capability.tag in listed:
                self._fail(line, f"{name}: {capability.tag} has stood before")
            if broken := promises.broken(capability):
                self._fail(line, f"{name}: {broken}")
            if capability.tag == "STLS" and name != _LISTS[0]:
                self._fail(line, f"{name}: STLS can only begin in {_LISTS[0]}, in clear")
            listed[capability.tag] = capability
        return tuple(listed.values())

    # -- what YAML is made of -------------------------------------------------------------------

    def _mapping(self, data: object, known: Collection[str], what: str) -> dict[str, Any]:
        if not isinstance(data, dict):
            self._fail(data, f"this must be a mapping, with keys such as {next(iter(known))}")
        for key in data:
            self._check_name(key, known, what)
        return data

    def _names(self, data: object, known: Collection[str], what: str) -> list[str]:
        items = self._items(data, what)
        for item in items:
            self._check_name(self._text(item, what, _LONGEST_TEXT), known, what)
        return items

    def _items(self, data: object, what: str) -> list[Any]:
        if not isinstance(data, list):
            self._fail(data, f"{what}: this must be a list, as in [TOP, UIDL]")
        return data

    def _check_name(self, name: LocatedText, known: Collection[str], what: str) -> None:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            way = f"did you mean {near[0]}?" if near else f"there is {', '.join(sorted(known))}"
            self._fail(name, f"there is no {what} {escape(name)!r}; {way}")

    def _text(self, value: object, name: str, longest: int) -> LocatedText:
        if not isinstance(value, LocatedText):
            self._fail(value, f"{name}: this must be text")
        if not _SENDABLE.fullmatch(value):
            self._fail(value, f"{name}: this must be one line of printable ASCII")
        if len(value) > longest:
            self._fail(value, f"{name}: this has {len(value)} octets, and {longest} fit")
        return value

    def _limit(self, value: object) -> int | None:
        if value is None:
            return None
        text = self._text(value, "longest-command", _LONGEST_TEXT)
        if not text.isdecimal() or int(text) not in _LIMITS:
            told = f"longest-command: write a number from {_LIMITS[0]} to {_LIMITS[-1]}"
            self._fail(text, told)
        return int(text)

    def _fail(self, at: object, told: str) -> NoReturn:
        line = at.line if isinstance(at, LocatedText | LocatedList | LocatedMapping) else 1
        raise ConfigError(f"{self._where}:{line}: {told}")
