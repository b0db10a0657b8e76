"""Filler in place of octets that may not be shown."""

from dataclasses import replace
from typing import Final, TypeVar

from pop3spy.protocol.commands import line_of, parse_command
from pop3spy.protocol.frames import Frame, Spans, StatusLine
from pop3spy.redaction.sasl_login import roughly_decoded
from pop3spy.redaction.secret_index import SecretIndex, merged, words_of

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


def hide_waiting(frame: F, waiting: bytes) -> F:
    """Hide what a line of the server repeats of *waiting*: octets of the client's in no frame."""
    secrets = SecretIndex()
    for line in waiting.splitlines():
        command = parse_command(line)
        secret = command.rest if command.spec else line
        for word in words_of(secret) | words_of(roughly_decoded(line.strip())):
            secrets.add(word)
    # What makes it a status line is no secret, and a recording without it would be none.
    text = frame.text if isinstance(frame, StatusLine) else line_of(frame.raw)
    end = len(line_of(frame.raw))
    start = end - len(text)
    if secrets.overflown:
        return hide(frame, ((start, end),))
    found = secrets.find(frame.raw[start:])
    return hide(frame, tuple((start + first, start + last) for first, last in found))


def _moved(offset: int, spans: Spans) -> int:
    """Return where an offset is once the spans are filler; one inside a span is at its end."""
    moved = offset
    for start, end in spans:
        if start < offset:
            moved += len(FILLER) - (end - start) + max(0, end - offset)
    return moved
