"""What the console said to a server, and what that answered: nobody else hears of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from pop3spy.console.rows import Row, RowTone, hint
from pop3spy.console.view import View
from pop3spy.protocol.frames import Frame
from pop3spy.protocol.text import count
from pop3spy.session.bus import Reader
from pop3spy.session.events import Answered, Ended, Event, Heard, Intervened, Unanswered
from pop3spy.session.lines import line_text
from pop3spy.session.model import Exchange, Session

BY: Final = "console"
"""Who is told as the one who sent a command."""

_Tell = Callable[[Row], None]


def is_injected(event: Event) -> bool:
    """Return whether *event* is part of what the console asked, or of its reply."""
    match event:
        case Heard() | Intervened() | Answered() | Unanswered():
            return event.exchange is not None and event.exchange.injected
    return False


class Injected:
    """A subscriber that shows what was injected, and the replies, by *tell*."""

    def __init__(self, tell: _Tell) -> None:
        self._tell = tell
        self._waiting: list[Session] = []  # one for each command that has not gone

    def expect(self, session: Session) -> None:
        """Know that one more command is going to be said in *session*."""
        self._waiting.append(session)

    def __call__(self, session: Session) -> Reader:
        """Return what shows that of *session*."""
        return _InjectedReader(session, self._tell, self._waiting)


class _InjectedReader:
    """What was injected in one session; *waiting* has the session for each command yet to go.

    Replies come in the order of their commands, so one view at a time is enough.
    """

    def __init__(self, session: Session, tell: _Tell, waiting: list[Session]) -> None:
        self._session = session
        self._tell = tell
        self._waiting = waiting
        self._shown: Exchange | None = None  # what the view is of
        self._view = View()

    def __call__(self, event: Event) -> None:
        match event:
            case Intervened(frame=None, by=by, sent=Frame() as sent) if by == BY:
                self._forget_one()
                self._tell(Row(f"s{self._session.id} C»", line_text(sent), RowTone.CLIENT))
            case Heard(exchange=Exchange(injected=True) as exchange):
                self._show(event, exchange)
            case Answered(exchange=exchange) | Unanswered(exchange=exchange) if exchange.injected:
                self._show(event, exchange)
            case Ended():
                self._end()

    def _show(self, event: Event, exchange: Exchange) -> None:
        if exchange is not self._shown:
            self._shown, self._view = exchange, View()
        self._view(event)
        for row in self._view.take():
            self._tell(replace(row, mark=f"s{self._session.id} {row.mark}"))

    def _end(self) -> None:
        number = self._session.id
        for exchange in self._session.outstanding.values():  # there are, where reading failed
            if exchange.injected:
                self._tell(hint(f"s{number} ended before it answered"))
        waiting = 0
        while self._forget_one():
            waiting += 1
        if waiting:
            what = "what waited" if waiting == 1 else count(waiting, "command")
            self._tell(hint(f"s{number} ended before {what} could be said there"))

    def _forget_one(self) -> bool:
        """Take away one command that was waiting; return whether there was one."""
        for place, session in enumerate(self._waiting):
            if session is self._session:
                del self._waiting[place]
                return True
        return False
