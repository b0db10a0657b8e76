"""A stream of asyncio's that knows when its peer closed it."""

import asyncio

from pop3spy.session.chunk import Clock


class ClosingReader(asyncio.StreamReader):
    """Remembers when the peer sent a FIN and a RST; of the first it knows while nobody closes."""

    def __init__(self, limit: int, clock: Clock) -> None:
        super().__init__(limit=limit)
        self._clock = clock
        self.finished_at: float | None = None
        self.reset_at: float | None = None

    def feed_eof(self) -> None:
        """Know that nothing more will come."""
        if self.finished_at is None:
            self.finished_at = self._clock.now()
        super().feed_eof()

    def set_exception(self, exc: Exception) -> None:
        """Know that the connection broke."""
        if isinstance(exc, ConnectionError):
            self.reset_at = self._clock.now()
        super().set_exception(exc)
