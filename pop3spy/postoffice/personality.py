"""How a post office presents itself: its texts, its capabilities, and the commands that it lacks.

Rules: 1. without a file it is pop3spy's own, in every octet; 2. whatever a personality says, a
reply is one line of printable ASCII of at most 512 octets, and its status is the phrase's; 3. it
lists only what the post office can do.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from pop3spy.postoffice.phrases import Phrase
from pop3spy.postoffice.wire import stuffed
from pop3spy.protocol.capabilities import Capability
from pop3spy.protocol.commands import Command
from pop3spy.protocol.states import State
from pop3spy.session.responder import Answer

PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
"""What a text has in place of a fact; other braces stand for themselves."""

_LONGEST: Final = 510  # and CRLF: RFC 2449, section 4
_LINES_A_PIECE: Final = 2000
_NONE: Final[Mapping[str, object]] = {}
_STLS: Final = "STLS"

OWN: Final = (
    Capability("TOP"),
    Capability("USER"),
    Capability("SASL", ("PLAIN",)),
    Capability("RESP-CODES"),
    Capability("AUTH-RESP-CODE"),
    Capability("PIPELINING"),
    Capability("EXPIRE", ("NEVER",)),
    Capability("UIDL"),
    Capability("IMPLEMENTATION", ("pop3spy",)),
)
"""The capabilities of the post office itself."""


@dataclass(frozen=True, slots=True)
class Personality:
    """What is said of each phrase, and what is listed where.

    ``texts`` are in place of those of the table, and behind a phrase of ``closes`` the connection
    is closed.  ``clear``, ``tls`` and ``logged_in`` are the capabilities before login, before login
    in TLS, and after login.  Commands that are ``missing`` are refused.  A command line of more
    than ``longest`` octets is refused; None is no limit.  With ``token_error`` a token is
    refused in two steps, the first of which is a challenge that says this (RFC 7628, section
    3.2.3).
    """

    texts: Mapping[Phrase, str] = field(default_factory=dict)
    closes: frozenset[Phrase] = frozenset()
    clear: tuple[Capability, ...] = OWN
    tls: tuple[Capability, ...] = OWN
    logged_in: tuple[Capability, ...] = OWN
    missing: frozenset[str] = frozenset()
    longest: int | None = None
    token_error: str = ""

    def text(self, phrase: Phrase) -> str:
        """Return what is said of *phrase*, with its placeholders."""
        return self.texts.get(phrase, phrase.value.text)

    def answer(
        self,
        phrase: Phrase,
        facts: Mapping[str, object] = _NONE,
        body: Iterable[bytes] | None = None,
    ) -> Answer:
        """Return the reply that says *phrase*; *body* is stuffed already."""
        text = PLACEHOLDER.sub(lambda found: str(facts[found[1]]), self.text(phrase))
        words = f"{'+OK' if phrase.value.ok else '-ERR'} {text}" if text else _bare(phrase)
        line = words.encode("ascii", "replace")[:_LONGEST]
        return Answer(line, body, close=phrase in self.closes)

    def listing(
        self, phrase: Phrase, lines: Iterable[object], facts: Mapping[str, object] = _NONE
    ) -> Answer:
        """Return the reply that says *phrase* and lists *lines*."""
        listed = [f"{each}\r\n" for each in lines]
        starts = range(0, len(listed), _LINES_A_PIECE)
        body = ["".join(listed[at : at + _LINES_A_PIECE]).encode() for at in starts]
        return self.answer(phrase, facts, list(stuffed(body)))

    def capabilities(self, state: State, *, secured: bool) -> tuple[Capability, ...]:
        """Return what is listed in *state*, inside TLS if it is *secured*."""
        if state.phase is State.TRANSACTION:
            return self.logged_in
        return self.tls if secured else self.clear

    def mechanisms(self, *, secured: bool) -> tuple[str, ...]:
        """Return the SASL mechanisms, as the capabilities before login have them."""
        listed = self.capabilities(State.AUTHORIZATION, secured=secured)
        return next((each.params for each in listed if each.tag == "SASL"), ())

    @property
    def lists_stls(self) -> bool:
        """Whether STLS has a place among the capabilities."""
        return any(each.tag == _STLS for each in self.clear)

    @property
    def without_stls(self) -> "Personality":
        """The same where there is no TLS, so that nothing promises it."""
        return replace(self, clear=without_stls(self.clear))

    def is_too_long(self, command: Command) -> bool:
        """Return whether *command* is a longer line than is taken."""
        if self.longest is None:
            return False
        verb = command.verb.partition(" ")[0]  # of XTND XLST, the second word stands in the rest
        behind = len(command.rest) + 1 if command.rest else 0
        return len(verb) + behind > self.longest


def without_stls(listed: Iterable[Capability]) -> tuple[Capability, ...]:
    """Return what is *listed* where TLS cannot begin, or has begun."""
    return tuple(each for each in listed if each.tag != _STLS)


def _bare(phrase: Phrase) -> str:
    return "+OK" if phrase.value.ok else "-ERR"
