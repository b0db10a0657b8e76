"""What was heard, for a program that reads it in another thread, and may wait for more.

Rules: 1. whatever is given away is a copy, so nobody sees it change while they go through it;
2. what somebody waits for is looked at when all that one event led to has been told, so an exchange
comes with the findings that it raised.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from pop3spy.session.bus import Reader
from pop3spy.session.events import Answered, Ended, Event, Raised, Unanswered
from pop3spy.session.finding import Finding
from pop3spy.session.model import Exchange, Session

Soon = Callable[[Callable[[], None]], object]
"""Calls something in the thread of the events, behind whatever goes on there now."""
T = TypeVar("T")


class HeardSessions:
    """A subscriber that remembers sessions, exchanges and findings, in their order.

    *soon* lets what somebody waits for be looked at; without it nothing more comes.
    """

    def __init__(self, soon: Soon | None = None) -> None:
        self._soon = soon
        self._lock = threading.Lock()
        self._sessions: list[Session] = []
        self._ended: list[Session] = []
        self._exchanges: list[tuple[Session, Exchange]] = []
        self._findings: list[Finding] = []
        self._watches: list[tuple[Callable[[], Any], Future[Any]]] = []
        self._looks = False

    def __call__(self, session: Session) -> Reader:
        """Return what reads *session*, of which every exchange is remembered."""
        session.keep_every_exchange()
        with self._lock:
            self._sessions.append(session)
        return self._read

    @property
    def sessions(self) -> list[Session]:
        """All of them, in the order in which they began."""
        with self._lock:
            return list(self._sessions)

    @property
    def ended(self) -> list[Session]:
        """Those that are over, in the order in which they ended."""
        with self._lock:
            return list(self._ended)

    @property
    def exchanges(self) -> list[tuple[Session, Exchange]]:
        """All exchanges that are over, with their sessions."""
        with self._lock:
            return list(self._exchanges)

    @property
    def findings(self) -> list[Finding]:
        """All that was found."""
        with self._lock:
            return list(self._findings)

    def watch(self, look: Callable[[], T | None]) -> Future[T]:
        """Return what will be what *look* returns once that is not None.

        It is cancelled where nothing more can come.
        """
        future: Future[T] = Future()
        with self._lock:
            self._watches.append((look, future))
            soon = self._soon
        if soon is None:
            self.close()
        else:
            soon(self._look)
        return future

    def close(self) -> None:
        """Know that nothing more comes: who waits for what is not there waits no longer."""
        with self._lock:
            self._soon = None
        self._look()
        with self._lock:
            left, self._watches = self._watches, []
        for _, future in left:
            future.cancel()

    def _read(self, event: Event) -> None:
        with self._lock:
            match event:
                case Answered(session=session, exchange=exchange):
                    self._exchanges.append((session, exchange))
                case Unanswered(session=session, exchange=exchange):
                    self._exchanges.append((session, exchange))
                case Raised(finding=finding):
                    self._findings.append(finding)
                case Ended(session=session):
                    self._ended.append(session)
                case _:
                    return
            soon, self._looks = None if self._looks else self._soon, True
        if soon is not None:
            soon(self._look)

    def _look(self) -> None:
        """Give whoever waits what they wait for, if it is there."""
        with self._lock:
            self._looks = False
            watches, self._watches = self._watches, []
        waiting = []
        for look, future in watches:
            if future.cancelled():
                continue
            if (found := look()) is None:
                waiting.append((look, future))
            elif future.set_running_or_notify_cancel():  # nobody can give it up from here on
                future.set_result(found)
        with self._lock:
            self._watches[:0] = waiting
