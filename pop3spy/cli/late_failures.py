"""Failures to write that nobody would hear of: who writes is told at the next write, if one comes.

The last lines of a day may stay unwritten all night, and rows of Parquet are written by time.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol, runtime_checkable

from pop3spy.session.model import Session

LOOK: Final = 1.0
"""Seconds between two looks: how late a failure may be told."""


@runtime_checkable
class Checked(Protocol):
    """What another thread writes."""

    def check(self) -> None:
        """Raise what has kept it from being written, once for each failure."""


class LateFailures:
    """Tells *failed* what the writers it watches could not write, and whose that was.

    It looks for as long as the loop runs, from the first session on, or from ``begin`` on.
    """

    def __init__(self, failed: Callable[[Any, Exception], None]) -> None:
        self._failed = failed
        self._watched: list[tuple[Checked, Any]] = []
        self._begun = False

    def watch(self, writer: object, whose: object) -> None:
        """Look after *writer*, if another thread writes it; else it raises what goes wrong."""
        if isinstance(writer, Checked):
            self._watched.append((writer, whose))

    def __call__(self, _: Session) -> None:
        """Begin, as a subscriber that wants nothing of a session."""
        self.begin()

    def begin(self) -> None:
        """Look from now on."""
        if not self._begun and self._watched:
            self._begun = True
            asyncio.get_running_loop().call_later(LOOK, self._look)

    def _look(self) -> None:
        for writer, whose in self._watched:
            try:
                writer.check()
            except Exception as error:  # noqa: BLE001 - traffic goes on
                self._failed(whose, error)
        asyncio.get_running_loop().call_later(LOOK, self._look)
