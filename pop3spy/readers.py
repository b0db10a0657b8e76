"""Readers of events that come from outside: installed packages name them by an entry point.

Rules: 1. they are handed what our own readers are, in which secrets are hidden; 2. one that cannot
be loaded, and one that fails, is told of once, and harms nobody else.
"""

from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import EntryPoint
from typing import Final

from pop3spy.installed import offered
from pop3spy.protocol.text import escape
from pop3spy.session.bus import Reader, Subscriber
from pop3spy.session.events import Event
from pop3spy.session.failure import describe
from pop3spy.session.model import Session

ENTRY_POINT: Final = "pop3spy.readers"
"""The group in which an installed package names a function from a session to a reader."""

Complaint = Callable[[str, str], None]
"""Told of a reader that failed: what it is called, and why."""


class OutsideReader:
    """A subscriber of another package; *name* is what people call it: ``counts of mail-stats 1.0``.

    *complain* is told of the first failure; it is asked again all the same, as our own are.
    """

    def __init__(self, name: str, subscriber: Subscriber, complain: Complaint) -> None:
        self.name = name
        self._subscriber = subscriber
        self._complain = complain
        self._failed = False

    def __call__(self, session: Session) -> Reader | None:
        """Return what reads *session*, None if it wants nothing of that."""
        try:
            reader = self._subscriber(session)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - it is somebody else's code
            self._fail(error)
            return None
        if reader is None:
            return None

        def read(event: Event) -> None:
            try:
                reader(event)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - as above
                self._fail(error)

        return read

    def _fail(self, error: BaseException) -> None:
        if not self._failed:
            self._failed = True
            self._complain(self.name, describe(error))


def outside_readers(complain: Complaint) -> Iterator[OutsideReader]:
    """Yield the readers of installed packages; *complain* is told of those that fail."""
    for point in offered(ENTRY_POINT):
        name, subscriber, why = _loaded(point)
        if subscriber is None:
            complain(name, why)
        else:
            yield OutsideReader(name, subscriber, complain)


@cache
def _loaded(point: EntryPoint) -> tuple[str, Subscriber | None, str]:
    """Return what people call a reader and what it is, or why it is none.

    It is tried once: later, whoever could read it may be root no more.
    """
    package = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
    name = escape(f"{point.name} of {package}")
    try:
        subscriber = point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is somebody else's code
        kind = type(error).__name__
        return name, None, f"it cannot be loaded: {kind}: {escape(str(error))}"
    if callable(subscriber):
        return name, subscriber, ""
    return name, None, f"{escape(point.value)} is no function of a session"
