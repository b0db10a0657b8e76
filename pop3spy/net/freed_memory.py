"""Memory that sessions have freed goes back to the system."""

import asyncio
from collections.abc import Callable
from typing import Final

_SESSIONS: Final = 100
"""So many have to have ended since it was quiet last; what fewer leave behind is little."""
_QUIET: Final = 1.0
"""Seconds that nobody has to be connected; who comes again at once finds all as it was."""
_BUSY: Final = 60.0
"""Seconds between two times while it is never quiet for so long.

It takes some 8 ms where a crowd of 450 has left 50 MiB, so more often would be felt.
"""


def _found() -> Callable[[int], object] | None:
    """Return glibc's ``malloc_trim``; None where memory is not glibc's, or nobody can ask it."""
    try:
        import ctypes  # noqa: PLC0415 - a Python may have been built without

        trim: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (ImportError, OSError, AttributeError, TypeError):
        return None
    return trim


_TRIM: Final = _found()


class FreedMemory:
    """Gives back what is free: when a crowd has left, and now and then while it is never quiet.

    glibc does so only with what lies at the top of its heap.  Below that lie what findings and an
    inspector keep of sessions, and between these the buffers of the next ones: so a program would
    come to take twice what it holds, and take it for good (malloc_trim(3)).
    """

    def __init__(self) -> None:
        self._ended = 0
        self._given_at = 0.0
        self._waiting: asyncio.TimerHandle | None = None
        self._put_off = False

    def session_began(self) -> None:
        """Know that somebody is connected."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting, self._put_off = None, True

    def session_ended(self, *, others: bool) -> None:
        """Know that a session has ended, and whether there are *others*."""
        self._ended += 1
        if self._ended < _SESSIONS:
            return
        loop = asyncio.get_running_loop()
        if (others or self._put_off) and loop.time() - self._given_at >= _BUSY:
            self._give_back()
        elif not others and self._waiting is None:
            self._waiting = loop.call_later(_QUIET, self._is_quiet)

    def _is_quiet(self) -> None:
        self._ended, self._waiting, self._put_off = 0, None, False
        self._give_back()

    def _give_back(self) -> None:
        self._given_at = asyncio.get_running_loop().time()
        if _TRIM:
            _TRIM(0)
