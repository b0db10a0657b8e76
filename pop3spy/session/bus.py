"""Hands each event to whoever wants it; one that fails harms nobody else.

A subscriber that fails is told of once and asked again next time: a full disk may empty.
"""

from collections.abc import Callable

from pop3spy.session.events import Told

Subscriber = Callable[[Told], None]
Complaint = Callable[[Subscriber, Exception], None]


class Bus:
    """One for the process: events carry their session."""

    def __init__(self, complain: Complaint) -> None:
        self._complain = complain
        self._subscribers: list[Subscriber] = []
        self._failed: set[int] = set()

    def subscribe(self, subscriber: Subscriber) -> None:
        """Let *subscriber* have every event from now on, after those who came before it."""
        self._subscribers.append(subscriber)

    def publish(self, event: Told) -> None:
        """Hand *event* to every subscriber."""
        for subscriber in self._subscribers:
            try:
                subscriber(event)
            except Exception as error:  # noqa: BLE001 - a reader of events must not harm traffic
                if id(subscriber) not in self._failed:
                    self._failed.add(id(subscriber))
                    self._complain(subscriber, error)
