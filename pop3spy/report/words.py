"""How a report puts numbers, times and lines of the wire; templates have these as filters."""

from datetime import datetime
from typing import Final

from markupsafe import Markup, escape

from pop3spy.logs.words import seconds
from pop3spy.protocol.text import MASK, count
from pop3spy.protocol.text import escape as show_text
from pop3spy.report.limits import CHARACTERS
from pop3spy.session.finding import Severity
from pop3spy.session.lines import line_text
from pop3spy.session.model import Session

_MASKED: Final = Markup('<i class="mask">%s</i>') % MASK


def took(time: float | None) -> str:
    """Return how long something took, empty if nobody knows."""
    return "" if time is None else seconds(max(0.0, time))


def clock(elapsed: float) -> str:
    """Return seconds since the client connected: ``0.010``, ``75.200``."""
    return f"{elapsed:,.3f}"


def number(value: int) -> str:
    """Return a number with its thousands apart."""
    return f"{value:,}"


def day(date: datetime) -> str:
    """Return a date as people read it: ``28 November 2026, 19:11:16``."""
    return f"{date.day} {date:%B %Y, %H:%M:%S}"


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
    """Return what a reader is told: an info is a note."""
    return {Severity.ERROR: "Error", Severity.WARNING: "Warning", Severity.INFO: "Note"}[severity]


def ending_words(session: Session) -> str:
    """Return how a session ended, in words."""
    return session.ending.how.logged if session.ending else "not recorded to its end"


FILTERS: Final = {
    "took": took,
    "clock": clock,
    "number": number,
    "day": day,
    "first_upper": first_upper,
    "cut": cut,
    "wire": wire,
    "plural": count,
    "line": line_text,
    "shown": show_text,
}
