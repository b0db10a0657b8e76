"""What may be told of a message that is not kept: numbers, and no letter of it.

A recording has them, so that what is wrong with a message is found without it.
"""

import re
import secrets
from collections.abc import Mapping
from typing import Final

from pop3spy.protocol.facts import Facts, FactValue
from pop3spy.session.body_scan import ALL, EXACT, BodyScan
from pop3spy.session.header_facts import HeaderFacts

_CONTENT: Final = re.compile(rb"[1-9A-Za-wyz]")
"""What no masked body has; a header has it always."""
_OF_LETTERS: Final = frozenset({"header_eight_bit", "header_utf8"})
_MOST: Final = 1 << 53
_KNOWN: Final = 30_000
"""Digests that are compared with those that come later."""
_FLAGS: Final = frozenset({"body_blank_line", "header_utf8"})
BODY_FACTS: Final = {
    "body_octets": "octets on the wire, without the lone dot",
    "body_lines": "line ends, if all were counted",
    "body_bare_lf": "LF without a CR before it",
    "body_bare_cr": "CR without a LF behind it",
    "body_stuffed": "lines that begin with a dot",
    "body_over_stuffed": "lines that begin with two",
    "body_unstuffed": "lines that begin with one dot and go on",
    "body_unstuffed_at": "the offset of the first",
    "body_lone_dots": "lines with nothing but a dot, at a bare LF or CR",
    "body_lone_dots_at": "the offset of the first",
    "body_nul": "NUL octets, 10,000 where there are more",
    "body_nul_at": "the offset of the first",
    "body_longest_line": "octets of the longest line, 998 if none is longer",
    "body_blank_line": "whether an empty line ends the header",
    "header_octets": "octets of the header, without stuffed dots",
    "header_lines": "its line ends",
    "header_eight_bit": "its octets beyond ASCII",
    "header_utf8": "whether these are UTF-8",
    "same_body": "the exchange of this session in which the same message came first",
    "same_stable": "the same, without the fields that servers write into a header themselves",
    "same_header": "the same of such a header alone",
}
"""Every such fact, and what it counts."""


def is_masked(head: bytes) -> bool:
    """Return whether the letters of the message that begins with *head* were masked."""
    return not _CONTENT.search(head)


def facts_of_body(scan: BodyScan, *, masked: bool = False) -> dict[str, FactValue]:
    """Return what may be told of a body that has passed, or what is known of a *masked* one."""
    ends, beginnings, header = scan.ends, scan.beginnings, scan.header
    told: dict[str, FactValue | None] = {
        "body_octets": scan.octets,
        "body_lines": scan.lines,
        "body_bare_lf": ends.bare_lf,
        "body_bare_cr": ends.bare_cr,
        "body_stuffed": beginnings.stuffed,
        "body_over_stuffed": beginnings.over_stuffed,
        "body_unstuffed": beginnings.unstuffed.count,
        "body_unstuffed_at": beginnings.unstuffed.first,
        "body_lone_dots": beginnings.lone_dots.count,
        "body_lone_dots_at": beginnings.lone_dots.first,
        "body_nul": scan.nul,
        "body_nul_at": scan.first_nul,
        "body_longest_line": scan.longest_line,
        "body_blank_line": scan.has_blank_line,
    }
    if header is not None:
        told["header_octets"], told["header_lines"] = header.octets, header.lines
        told["header_eight_bit"], told["header_utf8"] = header.eight_bit, header.utf8
    return {
        name: value
        for name, value in told.items()
        if value is not None and not (masked and name in _OF_LETTERS)
    }


class Likenesses:
    """Knows of the messages of one session which are the same, by digests that nobody else has."""

    def __init__(self) -> None:
        self.key = secrets.token_bytes(32)
        self._first: dict[tuple[str, bytes], int] = {}

    def facts_of(self, scan: BodyScan, exchange: int) -> dict[str, FactValue]:
        """Return where what *scan* is about came first, if not in this *exchange*."""
        header = scan.header.stable_digest if scan.header is not None else None
        digests = {"body": scan.digest, "stable": scan.stable_digest, "header": header}
        told: dict[str, FactValue] = {}
        for name, digest in digests.items():
            if digest is not None and ((name, digest) in self._first or len(self._first) < _KNOWN):
                told[f"same_{name}"] = self._first.setdefault((name, digest), exchange)
        return told


def accepted_of_body(told: Mapping[str, object]) -> Facts:
    """Return what of *told* are such facts; unknown names and values are left out."""
    # ``str`` keeps a truth an object: compiled, it would become a number as an ``int``.
    return {
        name: value
        for name, value in told.items()
        if name in BODY_FACTS and isinstance(value, str | int) and _is_possible(name, value)
    }


def _is_possible(name: str, value: object) -> bool:
    if name in _FLAGS:
        return isinstance(value, bool)
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST


def scan_told(facts: Facts) -> BodyScan | None:
    """Return the scan of a body of which *facts* were told; None if they tell of none.

    Its digests are ``likeness``, and good for comparing messages of one session alone.
    """
    octets = facts.get("body_octets")
    if not isinstance(octets, int):
        return None

    def number(name: str) -> int:
        return int(facts.get(name, 0))

    def offset(name: str) -> int | None:
        return int(facts[name]) if name in facts else None

    lines = facts.get("body_lines")
    scan = BodyScan(message=False, exact=EXACT if lines is None else ALL)
    scan.ended = scan.told = True
    scan.octets = octets
    scan.ends.lines = number("body_lines")
    scan.ends.bare_lf, scan.ends.bare_cr = number("body_bare_lf"), number("body_bare_cr")
    beginnings = scan.beginnings
    beginnings.stuffed = number("body_stuffed")
    beginnings.over_stuffed = number("body_over_stuffed")
    beginnings.unstuffed.count = number("body_unstuffed")
    beginnings.unstuffed.first = offset("body_unstuffed_at")
    beginnings.lone_dots.count = number("body_lone_dots")
    beginnings.lone_dots.first = offset("body_lone_dots_at")
    scan.nul, scan.first_nul = number("body_nul"), offset("body_nul_at")
    scan.longest_line = max(scan.longest_line, number("body_longest_line"))
    scan.has_blank_line = facts.get("body_blank_line") is True
    if "header_octets" in facts:
        eight_bit, utf8 = number("header_eight_bit"), facts.get("header_utf8") is True
        scan.header = HeaderFacts(
            *(number("header_octets"), number("header_lines"), eight_bit, utf8),
            *(b"", b"", None),
        )
    scan.likeness = (facts.get("same_body"), facts.get("same_stable"), facts.get("same_header"))
    return scan
