"""The lines of one client of a host: whole, or told to be too long as soon as they are.

Rule: of a line no more is ever kept than ``LINE`` octets and what one read brings.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from pop3spy.errors import Pop3SpyError
from pop3spy.net.closing_reader import ClosingReader

ENDLESS: Final = 1 << 20
"""Octets of one line after which nobody believes that it will end."""


class EndlessLineError(Pop3SpyError):
    """A line went on and on."""


class ClientLines:
    """Reads lines from *reader*, whose limit is that of a line; *hear* is told every octet."""

    def __init__(self, reader: ClosingReader, hear: Callable[[bytes], object]) -> None:
        self._reader = reader
        self._hear = hear
        self._cut = 0  # octets that were read of a line whose end has not come yet

    async def next(self) -> bytes:
        """Return the next line with its end, or empty if there is none.

        A line that is too long comes at once, as a piece without an end, so that it can be answered
        whether it ever ends or not; the rest of it is left out.  Raise EndlessLineError if that is
        more than anybody would say, and OSError if the connection breaks.
        """
        while self._cut:
            await self._skip()
        try:
            raw = await self._reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            self._hear(error.partial)
            return b""
        except asyncio.LimitOverrunError as error:
            return await self._take(error.consumed)
        self._hear(raw)
        return raw

    async def _take(self, size: int) -> bytes:
        raw = await self._reader.readexactly(size)
        self._cut += size
        self._hear(raw)
        return raw

    async def _skip(self) -> None:
        """Read more of a line that is too long, perhaps its end."""
        if self._cut > ENDLESS:
            raise EndlessLineError(f"a line of the client had no end after {self._cut} octets")
        try:
            raw = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            await self._take(error.consumed)
            return
        except asyncio.IncompleteReadError as error:
            raw = error.partial
        self._cut = 0
        self._hear(raw)
