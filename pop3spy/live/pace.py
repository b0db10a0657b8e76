"""No more lines than somebody can read; what was left out is told in one line."""

import asyncio
from typing import Final

from pop3spy.spool import Stream

BURST: Final = 240
"""Lines that may come at once: some sessions, whole."""
RATE: Final = 20.0
"""Lines a second that may come for ever."""
PAUSE: Final = 1.0
"""Seconds in which lines are left out, once there were too many."""


class Paced:
    """Passes lines on to *stream* as long as there are not too many; use it on an event loop."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._allowed = float(BURST)
        self._at = 0.0
        self._left_out = 0

    def write(self, text: str, /) -> None:
        """Pass *text* on, or count its lines."""
        lines = text.count("\n")
        if not self._left_out and self._allows(lines):
            self._stream.write(text)
            return
        if not self._left_out:
            asyncio.get_running_loop().call_later(PAUSE, self._go_on)
        self._left_out += lines

    def flush(self) -> None:
        """Do nothing: nothing is kept back."""

    def _allows(self, lines: int) -> bool:
        now = asyncio.get_running_loop().time()
        self._allowed = min(BURST, self._allowed + (now - self._at) * RATE)
        self._at = now
        if self._allowed < lines:
            return False
        self._allowed -= lines
        return True

    def _go_on(self) -> None:
        count, self._left_out = self._left_out, 0
        self._stream.write(f" … {count:,} lines left out, too fast to read; :filter shows fewer\n")
