"""Where what a peer says is kept in order, until somebody takes it or the connection itself."""

import asyncio
from collections.abc import Callable

from pop3spy.net.half import ClosingListener, Half, Owner
from pop3spy.protocol.frames import Side
from pop3spy.session.chunk import Clock
from pop3spy.session.how import Closing

ENOUGH = 65536
"""Octets that may wait here before no more are taken in."""


class PendingConnection:
    """Owns a half; it may hand it over, with all that its peer said.

    An *heir* learns at once that the connection is gone; *clock* tells when its peer closed it.
    """

    def __init__(self, clock: Clock, heir: Owner | None = None) -> None:
        self._clock = clock
        self._closings: list[Closing] = []
        self._half: Half | None = None
        self._heir = heir
        self._said = bytearray()
        self._finished = False
        self._lost: Exception | bool = False
        self._clogged = False
        self._changed = asyncio.Event()

    def join(self, half: Half) -> "PendingConnection":
        """Take *half* in."""
        self._half = half
        return self

    @property
    def half(self) -> Half:
        """The connection, which is there."""
        assert self._half is not None
        return self._half

    @property
    def over(self) -> bool:
        """Whether the peer will say no more."""
        return self._finished or self._lost is not False

    @property
    def error(self) -> Exception | None:
        """What the connection broke with, if it did."""
        return self._lost if isinstance(self._lost, Exception) else None

    async def more(self) -> bytes:
        """Wait until the peer says something, and take it; return nothing if it will not."""
        await self._until(lambda: bool(self._said) or self.over)
        return self.take()

    async def drained(self) -> None:
        """Wait until the peer has taken most of what is sent to it, or cannot any more."""
        await self._until(lambda: not self._clogged or self._lost is not False)

    async def gone(self) -> None:
        """Wait until the connection is gone."""
        await self._until(lambda: self._lost is not False)

    async def _until(self, look: Callable[[], bool]) -> None:
        while not look():
            self._changed.clear()
            await self._changed.wait()

    def take(self) -> bytes:
        """Take what the peer said."""
        said = bytes(self._said)
        self._said.clear()
        self.half.hold("pending", hold=False)
        return said

    def hand_to(self, owner: Owner, ahead: bytes = b"") -> None:
        """Let *owner* have the half, what its peer said, *ahead* first, and what became of it."""
        side = self.half.side
        self.half.give_to(owner)
        if said := ahead + self.take():
            owner.received(side, said)
        self.tell_closings(owner)
        if self._finished:
            owner.finished(side)
        if self._lost is not False and owner is not self._heir:
            owner.lost(side, None if self._lost is True else self._lost)

    def tell_closings(self, listener: ClosingListener) -> None:
        """Tell *listener* of each FIN and RST of the peer, once."""
        closings, self._closings = self._closings, []
        for each in closings:
            listener.closed(each.side, reset=each.reset, close_notify=each.close_notify, at=each.at)

    def abort(self) -> None:
        """Close the connection, if there is one, and let go of it: nobody will have it."""
        half, self._half = self._half, None
        if half:
            half.abort()

    # -- what the half tells --------------------------------------------------------------------

    def received(self, _: Side, data: bytes) -> None:
        """Keep *data*."""
        self._said += data
        self._changed.set()
        if len(self._said) > ENOUGH:
            self.half.hold("pending", hold=True)

    def closed(
        self, side: Side, *, reset: bool, close_notify: bool | None = None, at: float | None = None
    ) -> None:
        """Remember when the peer closed, and how."""
        at = self._clock.now() if at is None else at
        self._closings.append(Closing(side, at, reset, close_notify))
        if self._heir:
            self.tell_closings(self._heir)

    def finished(self, _: Side) -> None:
        """Remember that the peer will say no more."""
        self._finished = True
        self._changed.set()

    def lost(self, side: Side, error: Exception | None) -> None:
        """Remember that the connection is gone."""
        self._lost = error or True
        self._changed.set()
        if self._heir:
            self._heir.lost(side, error)

    def clogged(self, _: Side, *, clogged: bool) -> None:
        """Remember whether the peer takes what is sent to it."""
        self._clogged = clogged
        self._changed.set()
