"""What of the traffic is on the screen: all of it, some exchanges, one session."""

from collections.abc import Callable

from pop3spy.filters.exchange_filter import ExchangeFilter
from pop3spy.filters.expression import Filter
from pop3spy.session.bus import Reader, Subscriber
from pop3spy.session.events import Event
from pop3spy.session.model import Exchange, Session


class Showing:
    """A subscriber that passes on what is wanted, to a new subscriber from *make* each time.

    *elsewhere* tells which events are shown by somebody else.
    """

    def __init__(
        self,
        make: Callable[[], Subscriber],
        elsewhere: Callable[[Event], bool],
        wanted: Filter | None = None,
    ) -> None:
        self.wanted = wanted
        self.followed: int | None = None
        self.elsewhere = elsewhere
        self._make = make
        self.subscriber = self._new_subscriber()

    def filter(self, wanted: Filter | None) -> None:
        """Show the exchanges that *wanted* means; None: all."""
        self.wanted = wanted
        self.subscriber = self._new_subscriber()

    def follow(self, session: int | None) -> None:
        """Show *session* alone; None: all."""
        self.followed = session
        self.subscriber = self._new_subscriber()

    def __call__(self, session: Session) -> Reader:
        """Return what shows *session*."""
        return _ShownSession(session, self)

    def shows(self, session: Session, exchange: Exchange | None) -> bool:
        """Return whether *exchange* is wanted by what is known of it now; None is the greeting."""
        if self.followed not in (None, session.id):
            return False
        if self.wanted is None:
            return True
        return exchange is not None and self.wanted.means(session, exchange)

    def _new_subscriber(self) -> Subscriber:
        subscriber = self._make()
        return subscriber if self.wanted is None else ExchangeFilter(self.wanted, subscriber)


class _ShownSession:
    """One session, which has a new reader as soon as something else is wanted on the screen."""

    def __init__(self, session: Session, showing: Showing) -> None:
        self._session = session
        self._showing = showing
        self._subscriber: Subscriber | None = None  # whose reader it is
        self._reader: Reader | None = None

    def __call__(self, event: Event) -> None:
        showing = self._showing
        if self._subscriber is not showing.subscriber:
            self._subscriber = showing.subscriber
            self._reader = showing.subscriber(self._session)
        wanted = showing.followed in (None, self._session.id) and not showing.elsewhere(event)
        if wanted and self._reader is not None:
            self._reader(event)
