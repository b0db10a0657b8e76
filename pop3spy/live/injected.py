"""What the console said to a server, and what that answered: nobody else hears of it."""

from collections import Counter
from collections.abc import Callable
from typing import Final

from pop3spy.console.rows import Row, RowTone, hint
from pop3spy.console.view import View
from pop3spy.protocol.frames import Frame
from pop3spy.session.events import Answered, Ended, Event, Heard, Intervened, Told, Unanswered
from pop3spy.session.lines import line_text

BY: Final = "console"
"""Who is told as the one who sent a command."""


class Injected:
    """A subscriber that shows what was injected, and the replies, by *tell*."""

    def __init__(self, tell: Callable[[Row], None]) -> None:
        self._tell = tell
        self._waiting: Counter[int] = Counter()  # commands that have not gone, by session
        self._open: dict[tuple[int, int], View] = {}

    def expect(self, session: int) -> None:
        """Know that one more command is going to be said in *session*."""
        self._waiting[session] += 1

    def owns(self, event: Event) -> bool:
        """Return whether *event* is part of what the console asked; ask before it is told."""
        match event:
            case Intervened(frame=None, by=by):
                return by == BY
            case Heard(frame=frame):
                return (event.session.id, frame.number) in self._open
            case Answered(exchange=exchange) | Unanswered(exchange=exchange):
                return exchange.injected
        return False

    def __call__(self, event: Told) -> None:
        """Show *event*, if it is part of that."""
        match event:
            case Intervened(frame=None, by=by, sent=Frame() as sent) if by == BY:
                self._waiting[event.session.id] -= 1
                self._open[event.session.id, sent.number] = View()
                self._tell(Row(f"s{event.session.id} C»", line_text(sent), RowTone.CLIENT))
            case Heard(session=session, frame=frame):
                self._show(event, (session.id, frame.number))
            case Answered(session=session, exchange=exchange):
                self._show(event, (session.id, exchange.number))
                self._open.pop((session.id, exchange.number), None)
            case Unanswered(session=session, exchange=exchange):
                self._show(event, (session.id, exchange.number))
                self._open.pop((session.id, exchange.number), None)
            case Ended(session=session):
                for key in [key for key in self._open if key[0] == session.id]:
                    del self._open[key]
                    self._tell(hint(f"s{session.id} ended before it answered"))
                if count := self._waiting.pop(session.id, 0):
                    what = "what waited" if count == 1 else f"{count:,} commands"
                    self._tell(hint(f"s{session.id} ended before {what} could be said there"))

    def _show(self, event: Event, key: tuple[int, int]) -> None:
        if view := self._open.get(key):
            view(event)
            for row in view.take():
                self._tell(Row(f"s{key[0]} {row.mark}", row.text, row.tone))
