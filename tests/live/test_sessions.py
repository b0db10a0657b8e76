"""What is kept of a proxy's sessions is bounded."""

from pop3spy.live.histories import Histories
from pop3spy.live.sessions import ENDED, SessionList
from pop3spy.session.bus import Reader, all_of
from pop3spy.session.events import Answered, Ended, Event, Heard, Intervened, Opened
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer, Session
from session.changed import changed


class Play:
    """One session, of which *sessions* knows that it began."""

    def __init__(self, sessions: SessionList, number: int) -> None:
        self._session = Session(number, Peer("client", 1), Peer("server", 2), 0.0)
        self._reader: Reader = sessions(self._session)
        self._reader(Opened(self._session, 0.0))

    def end(self) -> None:
        self._reader(Ended(self._session, 1.0, Ending(How.QUIT)))


def test_the_oldest_that_are_over_are_forgotten() -> None:
    sessions = SessionList()
    for number in range(ENDED + 10):
        Play(sessions, number).end()
    assert (sessions.find(9), sessions.past(9)) == (None, None)
    assert sessions.find(10) is not None
    assert len(sessions.past(10) or ()) == 2
    assert not sessions.open


def test_what_was_said_is_forgotten_first_where_a_session_is_over() -> None:
    sessions = SessionList(most=2000)
    Play(sessions, 0)
    for number in range(1, 10):
        Play(sessions, number).end()
    assert sessions.past(0) is not None
    assert sessions.past(1) is None
    assert sessions.past(9) is not None
    assert all(sessions.find(number) for number in range(10)), "they are still known"


def test_nothing_is_kept_of_a_session_that_is_forgotten() -> None:
    sessions = SessionList(most=500)
    for number in range(20):
        Play(sessions, number)
    assert sum(sessions.past(number) is not None for number in range(20)) == 2


def test_what_is_kept_of_a_session_is_every_event_as_it_happened() -> None:
    histories, happened = Histories(ended=9), list[Event]()
    changed(all_of(histories, lambda _: happened.append))
    assert histories.past(1) == happened
    assert {Heard, Answered, Intervened, Ended} <= set(map(type, happened))
