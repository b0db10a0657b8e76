"""Events come to everybody, in order, and to nobody when their session is over."""

import gc
import weakref

import pytest

from pop3spy.session.bus import Bus, Reader
from pop3spy.session.events import Ended, Event, Named, Noted, Opened
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer, Session


def a_session(number: int = 1) -> Session:
    return Session(number, Peer("192.0.2.1", 50000), Peer("192.0.2.2", 110), 0.0)


def fail(_: object, error: Exception) -> None:
    raise error


class Reading:
    """A subscriber that remembers what its readers are given, by session."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.events: list[Event] = []

    def __call__(self, session: Session) -> Reader:
        self.begun.append(session.id)
        return self.events.append


def test_a_subscriber_makes_one_reader_of_each_session() -> None:
    bus, subscriber = Bus(fail), Reading()
    bus.subscribe(subscriber)
    for session in (a_session(1), a_session(2)):
        for _ in range(3):
            bus.publish(Opened(session, 0.0))

    assert subscriber.begun == [1, 2]
    assert [event.session.id for event in subscriber.events] == [1, 1, 1, 2, 2, 2]


def test_who_comes_late_reads_the_sessions_that_go_on() -> None:
    bus, subscriber, over, going_on = Bus(fail), Reading(), a_session(1), a_session(2)
    for session in (over, going_on):
        bus.publish(Opened(session, 0.0))
    bus.publish(Ended(over, 1.0, Ending(How.QUIT)))
    bus.subscribe(subscriber)
    bus.publish(Named(going_on, 2.0, "bob"))

    assert subscriber.begun == [2]
    assert subscriber.events == [Named(going_on, 2.0, "bob")]


def test_who_wants_nothing_of_a_session_is_given_nothing() -> None:
    bus = Bus(fail)
    bus.subscribe(lambda _: None)
    bus.publish(Opened(a_session(), 0.0))


def test_what_is_published_meanwhile_comes_to_everybody_behind_the_event() -> None:
    """The first reader's finding once came to the second before the event that it is about."""
    bus, session = Bus(fail), a_session()
    told: list[tuple[str, Event]] = []

    def finding(event: Event) -> None:
        told.append(("first", event))
        if isinstance(event, Opened):
            bus.publish(Named(session, event.at, "found"))

    bus.subscribe(lambda _: finding)
    bus.subscribe(lambda _: lambda event: told.append(("second", event)))
    bus.publish(Opened(session, 0.0))

    opened, named = Opened(session, 0.0), Named(session, 0.0, "found")
    assert told == [("first", opened), ("second", opened), ("first", named), ("second", named)]


def test_what_is_published_at_the_end_comes_to_the_same_readers() -> None:
    bus, session, subscriber = Bus(fail), a_session(), Reading()

    def last_words(event: Event) -> None:
        if isinstance(event, Ended):
            bus.publish(Named(session, event.at, "found"))

    bus.subscribe(lambda _: last_words)
    bus.subscribe(subscriber)
    bus.publish(Ended(session, 1.0, Ending(How.QUIT)))

    assert subscriber.begun == [1]
    assert [type(event) for event in subscriber.events] == [Ended, Named]


def test_a_reader_goes_when_its_session_has_ended() -> None:
    bus, session = Bus(fail), a_session()
    readers: list[weakref.ref[object]] = []

    class Held:
        def __call__(self, event: Event) -> None:
            """Read nothing."""

    def subscriber(_: Session) -> Reader:
        reader = Held()
        readers.append(weakref.ref(reader))
        return reader

    bus.subscribe(subscriber)
    bus.publish(Opened(session, 0.0))
    assert readers[0]() is not None
    gc.disable()
    try:
        bus.publish(Ended(session, 1.0, Ending(How.QUIT)))
        assert readers[0]() is None
    finally:
        gc.enable()


def test_notes_come_to_those_who_read_notes_only() -> None:
    bus, subscriber = Bus(fail), Reading()
    notes: list[Noted] = []
    bus.subscribe(subscriber)
    bus.subscribe_to_notes(notes.append)
    bus.publish(Noted("listening", 0.0))

    assert (subscriber.begun, notes) == ([], [Noted("listening", 0.0)])


def test_who_fails_is_told_of_once_and_harms_nobody() -> None:
    complaints: list[str] = []
    bus, subscriber = Bus(lambda _, error: complaints.append(str(error))), Reading()

    def broken(_: Session) -> Reader:
        def read(event: Event) -> None:
            raise OSError(f"the disk is full at {event.at}")

        return read

    def worse(_: Session) -> Reader:
        raise ValueError("no reader")

    for each in (broken, worse, subscriber):
        bus.subscribe(each)
    for number in (1, 2):
        bus.publish(Opened(a_session(number), float(number)))

    assert complaints == ["no reader", "the disk is full at 1.0"]
    assert len(subscriber.events) == 2


def test_a_complaint_that_raises_leaves_nothing_waiting() -> None:
    bus, session = Bus(fail), a_session()

    def broken(event: Event) -> None:
        bus.publish(Named(session, event.at, "later"))
        raise ZeroDivisionError

    subscriber = Reading()
    bus.subscribe(lambda _: broken)
    bus.subscribe(subscriber)
    with pytest.raises(ZeroDivisionError):
        bus.publish(Opened(session, 0.0))
    assert subscriber.events == []
