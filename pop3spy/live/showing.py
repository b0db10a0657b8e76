"""What of the traffic is on the screen: all of it, some exchanges, one session."""

from collections.abc import Callable

from pop3spy.filters.exchange_filter import ExchangeFilter
from pop3spy.filters.expression import Filter
from pop3spy.session.bus import Subscriber
from pop3spy.session.events import Event, Told


class Showing:
    """A subscriber that passes on what is wanted to a reader, a new one from *make* each time.

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
        self._make = make
        self._elsewhere = elsewhere
        self._reader = self._new_reader()

    def filter(self, wanted: Filter | None) -> None:
        """Show the exchanges that *wanted* means; None: all."""
        self.wanted = wanted
        self._reader = self._new_reader()

    def follow(self, session: int | None) -> None:
        """Show *session* alone; None: all."""
        self.followed = session
        self._reader = self._new_reader()

    def __call__(self, event: Told) -> None:
        """Show *event* if it is wanted."""
        if not isinstance(event, Event):
            return
        if self.followed in (None, event.session.id) and not self._elsewhere(event):
            self._reader(event)

    def _new_reader(self) -> Subscriber:
        reader = self._make()
        return reader if self.wanted is None else ExchangeFilter(self.wanted, reader)
