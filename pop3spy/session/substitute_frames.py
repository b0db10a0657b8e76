"""Frames that nobody said: what went on in place of another, and what its sender was told."""

from dataclasses import replace

from pop3spy.protocol import replies
from pop3spy.protocol.commands import parse_command
from pop3spy.protocol.facts import NO_FACTS
from pop3spy.protocol.frames import CommandLine, Frame, Spans, StatusLine


def in_place_of(frame: Frame, raw: bytes, masks: Spans = ()) -> Frame:
    """Return *raw* as a frame of the kind of *frame*."""
    if isinstance(frame, CommandLine):
        command = parse_command(raw)
        return CommandLine(frame.side, raw, frame.number, masks, command=command)
    if isinstance(frame, StatusLine):
        ok = replies.status_of(raw) is not False
        return replace(frame, raw=raw, ok=ok, masks=masks, cuts=(), facts=NO_FACTS)
    return replace(frame, raw=raw, masks=masks, cuts=(), facts=NO_FACTS)


def answer_to(frame: Frame, raw: bytes, masks: Spans = ()) -> StatusLine:
    """Return *raw* as the reply that the sender of *frame* was given in the peer's place."""
    ok = replies.status_of(raw) is not False
    return StatusLine(frame.side.other, raw, frame.number, masks, ok=ok)
