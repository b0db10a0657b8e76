"""Lines of the server that answer no command: the rest of a message that was cut, and others."""

from pop3spy.findings.observed import Observed
from pop3spy.findings.open_reply import missing_octets
from pop3spy.findings.wording import count, quoted
from pop3spy.protocol.commands import Shape, line_of
from pop3spy.protocol.frames import Frame, Junk
from pop3spy.protocol.replies import status_of
from pop3spy.protocol.why import Why
from pop3spy.session.events import Heard
from pop3spy.session.model import Exchange

LONE_DOTS = (b".\r\n", b".\n")
_KEY = "cut message"


def cut_message(seen: Observed, event: Heard) -> Exchange | None:
    """Return whose message the line of *event* is the rest of, if its lone dot came too early.

    That is certain only right behind a message, and if no status line came; with another command
    outstanding, also only if the message is shorter than the server had said.
    """
    frame, before = event.frame, seen.last_answered
    if not isinstance(frame, Junk) or frame.why not in (Why.UNASKED, Why.NO_STATUS):
        return None
    if before is None or before.command.shape is not Shape.MESSAGE:
        return None
    if before.body is None or not before.body.complete:
        return None
    begun: int | None = seen.memory.get(_KEY)
    if begun != before.number and not _begins(seen, event, before):
        return None
    seen.memory[_KEY] = before.number
    return before


def _begins(seen: Observed, event: Heard, before: Exchange) -> bool:
    ended = before.ended_at if before.ended_at is not None else event.first
    if status_of(event.frame.raw) is not None or event.first - ended > seen.thresholds.stray:
        return False
    missing = missing_octets(seen, before)
    return missing is None or missing > 0 if not event.frame.number else (missing or 0) > 0


def line_shown(seen: Observed, frame: Frame) -> str:
    """Return the line of *frame* as a finding may show it: no text of a message.

    >>> line_shown(seen, Junk(Side.SERVER, b"hello", why=Why.UNASKED))
    "line 'hello'"
    """
    before = seen.last_answered
    if status_of(frame.raw) is None and before and before.command.shape is Shape.MESSAGE:
        return f"line of {count(len(line_of(frame.raw)), 'octet')}"
    return f"line {quoted(frame)}"
