"""How a report puts numbers, times and lines of the wire; templates have these as filters."""

import shlex
from datetime import datetime
from typing import Final

from markupsafe import Markup, escape

from pop3spy.logs.words import seconds
from pop3spy.protocol.text import MASK, count
from pop3spy.protocol.text import escape as escape_text
from pop3spy.report.limits import CHARACTERS
from pop3spy.session.finding import Severity
from pop3spy.session.lines import line_text

_NO_DATE: Final = 1970
"""The year that stands for none: the clock of a recording began somewhere."""
_LEAST: Final = 0.00005
"""Seconds below which a time would be shown as 0.0 ms."""
_MASKED: Final = Markup('<i class="mask">%s</i>') % MASK


def took(time: float | None) -> str:
    """Return how long something took, empty if nobody knows, or it is nothing worth a number."""
    return "" if time is None or time < _LEAST else seconds(time)


def clock(elapsed: float) -> str:
    """Return seconds since the client connected: ``0.010``, ``75.200``."""
    return f"{elapsed:,.3f}"


def number(value: int) -> str:
    """Return a number with its thousands apart."""
    return f"{value:,}"


def day(date: datetime) -> str:
    """Return a date as people read it: ``28 November 2026, 19:11:16 UTC``, or that nobody knows."""
    if date.year <= _NO_DATE:
        return "on a day that the recording does not tell"
    return f"{date.day} {date:%B %Y, %H:%M:%S} UTC"


def shell_word(name: str) -> str:
    """Return a name of a file as a shell takes it; FILE where it is not known."""
    if not name:
        return "FILE"
    return shlex.quote(f"./{name}" if name.startswith("-") else name)


def first_upper(text: str) -> str:
    """Return *text* with a capital first letter."""
    return text[:1].upper() + text[1:]


def cut(text: str, most: int = CHARACTERS) -> str:
    """Return an escaped line, or its beginning and how much more there is."""
    if len(text) <= most:
        return text
    return f"{text[:most]}… ({count(len(text) - most, 'more character')})"


def wire(text: str, most: int = CHARACTERS) -> Markup:
    """Return an escaped line of the wire as markup: a mask is an element, all else is text."""
    pieces = cut(text, most).split(MASK)
    return _MASKED.join(escape(piece) for piece in pieces)


def severity_word(severity: Severity) -> str:
    """Return it as a word that begins a line: ``Warning``."""
    return severity.word.capitalize()


FILTERS: Final = {
    "took": took,
    "clock": clock,
    "number": number,
    "day": day,
    "first_upper": first_upper,
    "cut": cut,
    "wire": wire,
    "count": count,
    "line_text": line_text,
    "escape_text": escape_text,
    "severity_word": severity_word,
    "shell_word": shell_word,
}
