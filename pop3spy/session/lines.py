"""Lines of the wire as people may see them: without their ends, escaped, secrets masked."""

from pop3spy.protocol.commands import line_of
from pop3spy.protocol.frames import Frame, Spans, StatusLine
from pop3spy.protocol.text import show


def line_text(frame: Frame) -> str:
    """Return a line of the wire without its end, as people may see it."""
    return show(line_of(frame.raw), frame.masks)


def status_text(frame: StatusLine) -> str:
    """Return what stands behind ``+OK`` or ``-ERR``, as people may see it."""
    line, text = line_of(frame.raw), frame.text
    return show(text, within(frame.masks, len(line) - len(text), len(line)))


def within(masks: Spans, start: int, end: int) -> Spans:
    """Return those of *masks* that touch octets *start* to *end*, counted from *start*."""
    if not masks:
        return ()
    return tuple(
        (max(first, start) - start, min(last, end) - start)
        for first, last in masks
        if first < end and last > start
    )
