"""What a gate did, in lines for people: who did what, and what the peers heard because of it."""

from collections.abc import Iterator

from pop3spy.protocol.frames import BodyPart, Frame
from pop3spy.protocol.text import count, escape
from pop3spy.session.events import Intervened
from pop3spy.session.lines import line_text


def intervention_text(event: Intervened) -> str:
    """Return who did what, as people may see it."""
    return f"{escape(event.by)}: {escape(str(event.did))}"


def substitutes(event: Intervened) -> Iterator[tuple[Frame, str]]:
    """Yield what a gate put in place of what was said: to the peer first, then to its sender.

    Of a message it is told how much that was.
    """
    for frame in (event.sent, event.answer):
        if frame is None or not (frame.raw or isinstance(frame, BodyPart)):
            continue
        if isinstance(frame, BodyPart):
            yield frame, f"{count(len(frame.raw), 'octet')} sent of this piece"
        else:
            yield frame, line_text(frame)
