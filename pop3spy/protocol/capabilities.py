"""What a server says that it can do (RFC 2449)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pop3spy.protocol.commands import line_of
from pop3spy.protocol.states import State
from pop3spy.protocol.text import decode_text

_A, _T = State.AUTHORIZATION, State.TRANSACTION
_BOTH = frozenset({_A, _T})


@dataclass(frozen=True, slots=True)
class CapabilitySpec:
    """One row: ``announced`` are the states in which a server that has it should list it."""

    tag: str
    syntax: str
    commands: tuple[str, ...]
    announced: frozenset[State]
    reference: str
    summary: str


# fmt: off
CAPABILITIES: Final = {row.tag: row for row in (
    CapabilitySpec("TOP", "", ("TOP",), _BOTH, "RFC 2449, section 6.1", "TOP is there"),
    CapabilitySpec("USER", "", ("USER", "PASS"), _BOTH, "RFC 2449, section 6.2", "USER and PASS are there, though perhaps not for everybody"),
    CapabilitySpec("SASL", "mechanism...", ("AUTH",), _BOTH, "RFC 5034, section 3", "AUTH is there, with these mechanisms"),
    CapabilitySpec("RESP-CODES", "", (), _BOTH, "RFC 2449, section 6.4", "a [ at the beginning of a text is a response code"),
    CapabilitySpec("LOGIN-DELAY", "seconds [USER]", (), _BOTH, "RFC 2449, section 6.5", "so long must pass between logins"),
    CapabilitySpec("PIPELINING", "", (), _BOTH, "RFC 2449, section 6.6", "a client need not wait for replies"),
    CapabilitySpec("EXPIRE", "days|NEVER [USER]", (), _BOTH, "RFC 2449, section 6.7", "so long mail is kept; 0: it may be gone once retrieved"),
    CapabilitySpec("UIDL", "", ("UIDL",), _BOTH, "RFC 2449, section 6.8", "UIDL is there"),
    CapabilitySpec("IMPLEMENTATION", "text", (), _BOTH, "RFC 2449, section 6.9", "which program this is"),
    CapabilitySpec("STLS", "", ("STLS",), frozenset({_A}), "RFC 2595, section 4", "TLS can begin now"),
    CapabilitySpec("AUTH-RESP-CODE", "", (), _BOTH, "RFC 3206, section 6", "every refusal of credentials carries [AUTH]"),
    CapabilitySpec("UTF8", "[USER]", ("UTF8",), _BOTH, "RFC 6856, section 2", "UTF-8 mode is there"),
    CapabilitySpec("LANG", "", ("LANG",), _BOTH, "RFC 6856, section 3", "LANG is there"),
)}
# fmt: on


@dataclass(frozen=True, slots=True)
class Capability:
    """One line of a CAPA reply: a tag in upper case and its parameters as sent."""

    tag: str
    params: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the line again: ``SASL PLAIN LOGIN``."""
        return " ".join((self.tag, *self.params))


def parse_capabilities(lines: Iterable[bytes]) -> tuple[Capability, ...]:
    """Read the lines of a CAPA reply, each with or without its line end; empty ones are left out."""
    read = ([*map(decode_text, line_of(line).split())] for line in lines)
    return tuple(Capability(words[0].upper(), tuple(words[1:])) for words in read if words)
