"""Filler in place of octets that may not be shown."""

from dataclasses import replace
from typing import Final, TypeVar

from pop3spy.protocol.frames import Frame, Spans
from pop3spy.redaction.secret_index import merged

FILLER: Final = b"*" * 8
"""What stands in ``raw`` in place of a secret, whatever its length; ``masks`` says where."""

F = TypeVar("F", bound=Frame)


def hide(frame: F, spans: Spans) -> F:
    """Return *frame* with filler in place of each span of its octets.

    Reads that began inside a secret are told as one that began behind it: where they did, and how
    many they were, tells something of its length.
    """
    if not spans:
        return frame
    spans = merged([*spans, *frame.masks])
    pieces: list[bytes] = []
    masks: list[tuple[int, int]] = []
    at = size = 0
    for start, end in spans:
        pieces += [frame.raw[at:start], FILLER]
        size += start - at + len(FILLER)
        masks.append((size - len(FILLER), size))
        at = end
    cuts = {_moved(offset, spans): time for offset, time in frame.cuts}
    raw = b"".join([*pieces, frame.raw[at:]])
    return replace(frame, raw=raw, masks=tuple(masks), cuts=tuple(cuts.items()))


def _moved(offset: int, spans: Spans) -> int:
    """Return where an offset is once the spans are filler; one inside a span is at its end."""
    moved = offset
    for start, end in spans:
        if start < offset:
            moved += len(FILLER) - (end - start) + max(0, end - offset)
    return moved
