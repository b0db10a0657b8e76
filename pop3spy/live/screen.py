"""A terminal on which what is told stands above a prompt, and nobody waits for it.

Rules: 1. everything goes through one spool, the prompt too, so that a terminal which takes nothing
stops neither traffic nor keys; 2. the terminal's modes stay as they are meanwhile, so that no key
is echoed; 3. the prompt is drawn anew so many times a second and no more.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from pop3spy.spool import Stream

TICK: Final = 0.05
"""Seconds in which rows are gathered before they are written above the prompt."""


class Renderer(Protocol):
    """What draws a prompt."""

    def erase(self) -> None:
        """Take the prompt away, and go to where it began."""


class Prompt(Protocol):
    """An application of prompt_toolkit's that asks for a line."""

    @property
    def is_running(self) -> bool:
        """Whether it is on the screen."""

    @property
    def renderer(self) -> Renderer:
        """What draws it."""

    def invalidate(self) -> None:
        """Draw it before long."""


class Screen:
    """A stream whose rows stand above the prompt, if there is one; *spool* leads to the terminal.

    It may be given a spool later, but before anything is written.
    """

    def __init__(self, spool: Stream | None = None) -> None:
        self._spool = spool
        self._prompt: Prompt | None = None
        self._rows: list[str] = []
        self._scheduled = False

    @property
    def spool(self) -> Stream:
        """What is written to as it stands: this is where a prompt draws itself."""
        assert self._spool is not None
        return self._spool

    @spool.setter
    def spool(self, spool: Stream) -> None:
        self._spool = spool

    def write(self, text: str, /) -> None:
        """Take rows, each with its end."""
        if self._prompt is None:
            self.spool.write(text)
        else:
            self._rows.append(text)
            self.soon()

    def flush(self) -> None:
        """Do nothing: what was taken is written as soon as it can be."""

    def soon(self) -> None:
        """Draw the prompt anew: what it tells may have changed."""
        if self._prompt is not None and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_later(TICK, self._draw)

    @contextmanager
    def above(self, prompt: Prompt) -> Iterator[None]:
        """Keep rows above *prompt* while the block lasts."""
        self._prompt = prompt
        try:
            yield
        finally:
            self._prompt = None
            self._write_rows()

    def _draw(self) -> None:
        self._scheduled = False
        if (prompt := self._prompt) is None:
            return
        if self._rows:
            if prompt.is_running:
                prompt.renderer.erase()
            self._write_rows()
        prompt.invalidate()

    def _write_rows(self) -> None:
        rows, self._rows = self._rows, []
        if rows:
            self.spool.write("".join(rows))
