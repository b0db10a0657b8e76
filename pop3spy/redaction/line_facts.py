"""Facts about a hidden command line: how long, of which octets, why it is hidden.

Rules: 1. what is odd is told where it is so, and of a line that is shown as well: where names are
replaced, its octets do not tell it; 2. ``words`` is told of a line that was read whole: what is odd
and not told beside it is not so.
"""

import re
from typing import Final

from pop3spy.protocol.commands import Command, line_of, parse_command
from pop3spy.protocol.facts import FactValue
from pop3spy.protocol.foreign_verbs import foreign_verb

LONGEST_LINE: Final = 255
"""Octets of a command line with its end (RFC 2449, section 4)."""
LONGEST_ARGUMENT: Final = 40
"""Octets of an argument (RFC 1939, section 3)."""
_LENGTHS: Final = ((8, "up to 8"), (40, "up to 40"), (255, "up to 255"))
_FIRST_LINES: Final = (
    (re.compile(rb"\*[0-9]{1,4}"), "Redis"),  # how many words follow, each on a line of its own
    (re.compile(rb"SSH-[12]\.[0-9]+-.+"), "SSH"),  # RFC 4253, section 4.2
)
"""What a client says first in protocols that have no verb there."""
_MOST_WORDS: Final = 3
_HEX: Final = re.compile(rb"[0-9A-Fa-f]+")
_DIGEST: Final = 32


def line_facts(raw: bytes, arguments: tuple[bytes, ...]) -> dict[str, FactValue]:
    """Return what is odd about a line with *arguments*; of nearly every line nothing is."""
    if len(raw) <= LONGEST_ARGUMENT and raw.isascii() and b"\0" not in raw:
        return {}
    line = line_of(raw)
    truths = {
        "over_255": len(raw) > LONGEST_LINE,
        "argument_over_40": any(len(word) > LONGEST_ARGUMENT for word in arguments),
        "eight_bit": not line.isascii(),
        "nul": b"\0" in line,
    }
    facts: dict[str, FactValue] = {name: True for name, is_so in truths.items() if is_so}
    if truths["eight_bit"] and raw.endswith(b"\n"):
        facts["valid_utf8"] = _is_utf8(line)
    return facts


def words_of_command(raw: bytes, command: Command) -> dict[str, FactValue]:
    """Return how many words stand behind the verb, and whether those are too many."""
    spec = command.spec
    assert spec is not None
    if not raw.endswith(b"\n"):
        return {}
    facts: dict[str, FactValue] = {"words": min(len(command.args), _MOST_WORDS)}
    if len(command.args) > max(spec.shows, len(spec.syntax.split())):
        facts["masked_reason"] = "surplus words"
    return facts


def unknown_line_facts(raw: bytes, *, first: bool) -> dict[str, FactValue]:
    """Return what is said of a hidden line whose verb nobody knows; *first* of its client."""
    line = line_of(raw)
    words = tuple(line.split())
    facts = {"masked_reason": "unknown verb", **line_facts(raw, words[1:])}
    if not raw.endswith(b"\n"):
        return facts
    facts["words"] = min(len(words), _MOST_WORDS)
    if len(words) > 1:
        lengths = (called for most, called in _LENGTHS if len(line) <= most)
        facts["masked_length"] = next(lengths, "more")
    if first and (protocol := _protocol_of(line)):
        facts["protocol"] = protocol
    return facts


def verb_left_open(rest: bytes) -> str:
    """Return the verb of a line without its end, or ``a command``."""
    spec = parse_command(rest).spec
    return "a command" if spec is None else spec.name


def form_of_digest(arguments: tuple[bytes, ...]) -> str:
    """Return what is wrong with the digest behind APOP, or ``ok`` (RFC 1939, section 7)."""
    if len(arguments) < 2:  # noqa: PLR2004 - a name and a digest
        return "missing"
    digest = arguments[-1]
    if not _HEX.fullmatch(digest):
        return "swapped" if _is_digest(arguments[0]) else "not hex"
    if len(digest) != _DIGEST:
        return "swapped" if _is_digest(arguments[0]) else "wrong length"
    return "ok" if digest == digest.lower() else "upper case"


def _protocol_of(line: bytes) -> str:
    """Return whose first line it is, if it is another protocol's; empty if nobody knows."""
    if (foreign := foreign_verb(line)) is not None:
        return foreign[0]
    return next((name for form, name in _FIRST_LINES if form.fullmatch(line)), "")


def _is_digest(word: bytes) -> bool:
    return len(word) == _DIGEST and _HEX.fullmatch(word) is not None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
