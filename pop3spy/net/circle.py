"""Noticing that the server leads back here, as two proxies do that are each other's server.

Nothing in POP3 names those that a connection has passed, and nothing is put into what is said.
But in a circle the next client comes as soon as the proxy has called the server for the last one,
never before that, and nobody says anything.  A call is delayed where that has happened several
times: other clients do not wait for it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from pop3spy.errors import ConnectError

_SOON: Final = 0.5
"""Seconds within which a call comes back."""

_PASS: Final = 100
"""So many in a row are called without a delay."""

_MOST: Final = 105
"""So many in a row may be a coincidence."""

_DELAY: Final = 0.1
"""Seconds of the first delay; each is twice as long, which fits nobody who comes regularly."""

_REMEMBERED: Final = 1024
"""Hosts whose last client is remembered."""


@dataclass(slots=True)
class Lap:
    """A client that may be part of a circle; ``number`` is its place in the row, from 1.

    ``silent`` tells whether nobody has said anything in its session, which lasts; ``called_at`` is
    when the server was called for it.
    """

    number: int
    silent: Callable[[], bool]
    called_at: float | None = None


class Circle:
    """Counts the clients of each host that came as if the proxy had called itself.

    *now* is the time in seconds; *sleep* waits for so many.
    """

    def __init__(
        self,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._last: dict[str, Lap] = {}

    def came(self, host: str, silent: Callable[[], bool]) -> Lap:
        """Take in a client from *host*, and what tells whether its session is *silent*."""
        before = self._last.pop(host, None)
        follows = (
            before is not None
            and before.called_at is not None
            and self._now() - before.called_at <= _SOON
            and before.silent()
        )
        lap = Lap(before.number + 1 if before and follows else 1, silent)
        self._last[host] = lap
        if len(self._last) > _REMEMBERED:
            del self._last[next(iter(self._last))]
        return lap

    async def call(self, lap: Lap) -> None:
        """Wait until the server may be called for *lap*; raise ConnectError if it came back."""
        if lap.number > _MOST:
            raise ConnectError(
                f"the server leads back to this proxy: {_MOST} connections came here the moment"
                " that the server was called for the one before; name another server"
            )
        if lap.number > _PASS:
            await self._sleep(_DELAY * 2 ** (lap.number - _PASS - 1))
        lap.called_at = self._now()
