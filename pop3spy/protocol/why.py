"""Why octets are not read, and what follows from that."""

from enum import Enum, Flag, auto
from typing import Self


class Trait(Flag):
    """What follows from the reason why octets are not read."""

    EXPECTED = auto()  # peers may well do that
    COUNTED = auto()  # how many the client sent tells nothing of a secret
    LASTING = auto()  # it may go on for as long as the session does
    ENCRYPTED = auto()  # nobody can read what the connection carries from here on
    UNSEEN = auto()  # there may be commands in it
    NOTHING = 0


_LAYER = Trait.EXPECTED | Trait.COUNTED | Trait.LASTING | Trait.ENCRYPTED | Trait.UNSEEN


class Why(Enum):
    """Why octets are not a command, a reply or part of one.

    A row is what people are told, what follows from it, and the word for it beside a line.
    """

    TLS = "TLS", _LAYER
    TLS_HEADER = "TLS record header in front of clear text", Trait.EXPECTED | Trait.COUNTED
    SASL_LAYER = "SASL security layer", _LAYER
    TELNET = "Telnet negotiation", Trait.EXPECTED | Trait.COUNTED
    PROXY = "PROXY protocol header", Trait.EXPECTED | Trait.COUNTED
    TOO_LONG = "rest of an overlong line"
    UNFINISHED = "line without an end"
    BEHIND_STLS = "clear text behind STLS"
    OUT_OF_STEP = "commands and replies are out of step", Trait.LASTING | Trait.UNSEEN
    BANNER = "line before the greeting", Trait.LASTING, "banner"
    UNASKED = "line that answers no command", Trait.LASTING, "unasked"
    NO_STATUS = "line without a status where a reply is due", Trait.LASTING, "no status"

    traits: Trait
    word: str

    def __new__(cls, text: str, traits: Trait = Trait.NOTHING, word: str = "") -> Self:
        """Make a row, whose value is what people are told."""
        row = object.__new__(cls)
        row._value_, row.traits, row.word = text, traits, word
        return row

    @property
    def code(self) -> str:
        """Its name in recordings and in the JSON log: ``out_of_step``."""
        return self.name.lower()

    @classmethod
    def coded(cls, code: str) -> "Why":
        """Return the one with that name; raise KeyError if there is none."""
        return cls[code.upper()]
