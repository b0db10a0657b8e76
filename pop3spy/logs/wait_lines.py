"""Lines that tell a person at a terminal what a session waits for, while it does.

They come after ten seconds, and then at growing distances.  A file has none: there each reply tells
how long it took.
"""

from collections.abc import Callable
from typing import Final

from pop3spy.logs.layout import LineLayout, LineTone
from pop3spy.protocol.text import count
from pop3spy.session.chunk import Clock
from pop3spy.session.model import Session
from pop3spy.session.waiting import OwedReplies, OwedReply
from pop3spy.spool import Stream

TICK: Final = 1.0
"""Seconds between two looks at who waits."""
_AT_ONCE: Final = 3
"""Sessions that are told one by one, if a server leaves many waiting at once."""


class WaitLines:
    """A subscriber that writes to *stream* which of *waits* last long; it reads nothing itself.

    *later* calls something after so many seconds.  *width* tells how many columns the terminal has.
    Only what is *wanted* is told.
    """

    def __init__(  # noqa: PLR0913 - how it is to look
        self,
        stream: Stream,
        clock: Clock,
        waits: OwedReplies,
        later: Callable[[float, Callable[[], None]], None],
        *,
        colour: bool = False,
        width: Callable[[], int | None] = lambda: None,
        wanted: Callable[[OwedReply], bool] = lambda _: True,
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._waits = waits
        self._later = later
        self._layout = LineLayout(colour=colour, width=None)
        self._width = width
        self._wanted = wanted
        self._looks = False

    def __call__(self, _: Session) -> None:
        """Look from now on, as long as any session is open."""
        if not self._looks:
            self._looks = True
            self._later(TICK, self._look)

    def _look(self) -> None:
        self._looks = self._waits.open > 0
        if self._looks:
            self._later(TICK, self._look)
        now = self._clock.now()
        if due := [wait for wait in self._waits.due(now) if self._wanted(wait)]:
            self._layout.width = self._width()
            self._stream.write("".join(self._rows(due, now)))
            self._stream.flush()

    def _rows(self, due: list[OwedReply], now: float) -> list[str]:
        texts = [wait.text(now) for wait in due[:_AT_ONCE]]
        if more := len(due) - len(texts):
            texts[-1] += f"; {count(more, 'more session')} {'waits' if more == 1 else 'wait'} too"
        return [self._row(wait, text, now) for wait, text in zip(due, texts, strict=False)]

    def _row(self, wait: OwedReply, text: str, now: float) -> str:
        session = wait.session
        return self._layout.row(
            " …",
            text,
            tone=LineTone.PROBLEM,
            elapsed=now - session.opened_at,
            session=session.id,
            state=session.state,
        )
