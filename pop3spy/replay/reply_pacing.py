"""Recorded replies as they are said again: how fast, and in which pieces."""

from collections.abc import Iterator, Sequence
from typing import Final

from pop3spy.protocol.commands import line_of
from pop3spy.replay.pace import Pace
from pop3spy.replay.script import RecordedReply, ReplyPiece
from pop3spy.session.responder import Pause, Verbatim

BETWEEN: Final = 0.001
"""Seconds between two pieces that are to arrive one by one though nobody waits.

Without them the network would join what was sent in quick succession.
"""
BLOCK: Final = 1 << 16
"""Octets up to which pieces are joined where it is no matter how they are cut."""


class ReplyPacing:
    """Says replies at a *pace*; with *cuts* they come in the pieces in which they came."""

    def __init__(self, pace: Pace, *, cuts: bool) -> None:
        self._pace = pace
        self._cuts = cuts

    def say(self, reply: RecordedReply) -> Verbatim:
        """Return a recorded reply as it is said now."""
        pieces = self._pieces((*reply.pieces, *reply.tail))
        return Verbatim(line_of(reply.line), close=reply.closes, pieces=pieces)

    def _pieces(self, pieces: Sequence[ReplyPiece]) -> Iterator[bytes | Pause]:
        held: list[bytes] = []
        size = 0
        for number, piece in enumerate(pieces):
            pause = self._pace.pause(piece.wait)
            if self._cuts and number:
                pause = max(pause, BETWEEN)
            if held and (pause or size >= BLOCK):
                yield b"".join(held)
                held, size = [], 0
            if pause:
                yield Pause(pause)
            held.append(piece.data)
            size += len(piece.data)
        if held:
            yield b"".join(held)
