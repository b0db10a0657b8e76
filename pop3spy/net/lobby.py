"""Where a connection waits until its session takes it: what its peer says is kept in order."""

import asyncio

from pop3spy.net.half import Half, Owner
from pop3spy.protocol.frames import Side

ENOUGH = 65536
"""Octets that may wait here before no more are taken in."""


class Lobby:
    """Owns a half for a while, and then hands it over with all that its peer said.

    An *heir* learns at once that the connection is gone.
    """

    def __init__(self, heir: Owner | None = None) -> None:
        self._half: Half | None = None
        self._heir = heir
        self._said = bytearray()
        self._finished = False
        self._lost: Exception | bool = False
        self._changed = asyncio.Event()

    def join(self, half: Half) -> "Lobby":
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

    async def more(self) -> bytes:
        """Wait until the peer says something, and take it; return nothing if it will not."""
        while not (self._said or self.over):
            self._changed.clear()
            await self._changed.wait()
        return self.take()

    def take(self) -> bytes:
        """Take what the peer said."""
        said = bytes(self._said)
        self._said.clear()
        self.half.hold("lobby", hold=False)
        return said

    def hand_to(self, owner: Owner, ahead: bytes = b"") -> None:
        """Let *owner* have the half, what its peer said, *ahead* first, and what became of it."""
        side = self.half.side
        self.half.give_to(owner)
        if said := ahead + self.take():
            owner.received(side, said)
        if self._finished:
            owner.finished(side)
        if self._lost is not False and owner is not self._heir:
            owner.lost(side, None if self._lost is True else self._lost)

    def abort(self) -> None:
        """Close the connection, if there is one."""
        if self._half:
            self._half.abort()

    # -- what the half tells --------------------------------------------------------------------

    def received(self, _: Side, data: bytes) -> None:
        """Keep *data*."""
        self._said += data
        self._changed.set()
        if len(self._said) > ENOUGH:
            self.half.hold("lobby", hold=True)

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
        """Do nothing: hardly anything is sent from here."""
