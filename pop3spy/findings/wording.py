"""Words that rules say what they found in: quotations, commands, times."""

from typing import Final

from pop3spy.protocol.frames import Frame, StatusLine
from pop3spy.protocol.text import count, show
from pop3spy.session.lines import line_text
from pop3spy.session.model import Exchange

LONGEST: Final = 60
"""Characters of a line that are quoted."""
_MINUTE, _HOUR = 60, 3600

__all__ = ["LONGEST", "asked", "count", "cut", "plain", "quoted", "quoted_octets", "seconds"]


def quoted(frame: Frame) -> str:
    """Return the line of *frame* between quotation marks: secrets hidden, LONGEST characters.

    A refusal is quoted whole, since its reason may stand at the end, and nowhere else.
    """
    text = line_text(frame)
    return f"'{text if isinstance(frame, StatusLine) and not frame.ok else cut(text)}'"


def quoted_octets(octets: bytes) -> str:
    """Return *octets*, which are no secret, between quotation marks: LONGEST characters."""
    return f"'{cut(show(octets))}'"


def asked(exchange: Exchange) -> str:
    """Return the command that the server heard, as it may be shown: ``RETR 1``."""
    return cut(line_text(exchange.line)) or "an empty command"


def cut(text: str) -> str:
    """Return *text*, or its first LONGEST characters with the last replaced by an ellipsis."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def seconds(duration: float) -> str:
    """Return a time as people say it: ``0.5 s``, ``12 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if duration < 9.95:  # noqa: PLR2004 - below it, tenths matter
        return f"{duration:.1f} s".replace(".0 ", " ")
    whole = round(duration)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        rest = whole % _MINUTE
        return f"{whole // _MINUTE} min {rest} s" if rest else f"{whole // _MINUTE} min"
    rest = whole % _HOUR // _MINUTE
    return f"{whole // _HOUR} h {rest} min" if rest else f"{whole // _HOUR} h"


def plain(text: str) -> str:
    """Return the text of a docstring without the marks that only a page needs."""
    return text.replace("``", "")
