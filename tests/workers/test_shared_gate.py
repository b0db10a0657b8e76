"""What a console decides about the gate of several workers, and what it knows of it."""

from typing import Any

import pytest

from gate.talking import keeper
from pop3spy.filters.expression import compile_filter
from pop3spy.filters.terms import Progress
from pop3spy.gate.acts import Gate
from pop3spy.gate.faultset import Faults
from pop3spy.gate.faulttext import read_fault
from pop3spy.gate.holds import Holds
from pop3spy.net.limits import Limits
from pop3spy.net.proxy import Proxy
from pop3spy.protocol.commands import parse_command
from pop3spy.protocol.frames import CommandLine, Side
from pop3spy.protocol.url import parse_url
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.deeds import Deed, Done
from pop3spy.session.events import Blinded, Ended, Event, Intervened
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer, Session
from pop3spy.workers.orders import Steered, carry_out
from pop3spy.workers.shared_gate import SharedFaults, SharedHolds

SESSION = Session(7, Peer("c", 1), Peer("s", 2), 0.0)
LINE = CommandLine(Side.CLIENT, b"STAT\r\n", 1, command=parse_command(b"STAT\r\n"))


class Ordered:
    """Notes orders, and gives them to *workers*, if there are any."""

    def __init__(self, *workers: Steered) -> None:
        self.orders: list[tuple[Any, ...]] = []
        self._workers = workers

    def order(self, *words: Any) -> None:
        self.orders.append(words)
        for worker in self._workers:
            carry_out(worker, *words)

    def order_for(self, number: int, *words: Any) -> None:
        self.orders.append((number, *words))


def worker() -> Steered:
    gate, holds, bus = Gate([]), Holds(Clock()), Bus(lambda *_: None)
    proxy = Proxy(parse_url("pop3://mail"), bus, Clock(), Limits(), gate=gate)
    return Steered(proxy, holds, Faults(gate, holds), lambda _: None)


def intervened(done: Done, by: str = "hold") -> Event:
    return Intervened(SESSION, 1.0, LINE, by, done)


def held(orders: Ordered) -> SharedHolds:
    holds = SharedHolds(orders, Clock())
    holds(SESSION)(intervened(Done(Deed.HELD, ticket=3)))
    assert list(holds.tickets) == [3]
    return holds


OVER = [
    pytest.param(intervened(Done(Deed.RELEASED, waited=1.0)), id="let go"),
    pytest.param(Blinded(SESSION, 2.0, "why"), id="blind"),
    pytest.param(Ended(SESSION, 2.0, Ending(How.QUIT)), id="ended"),
]


@pytest.mark.parametrize("event", OVER)
def test_a_ticket_that_is_over_is_not_there_any_more(event: Event) -> None:
    holds = held(Ordered())
    holds(SESSION)(event)
    assert not holds.tickets


def test_what_others_than_the_holds_do_is_no_ticket() -> None:
    holds = held(Ordered())
    holds(SESSION)(intervened(Done(Deed.CHANGED), by="rewrite"))
    assert list(holds.tickets) == [3]


DECISIONS: list[tuple[str, list[Any], list[Any]]] = [
    ("release", [], []),
    ("edit", [b"NOOP\xe9\n"], ["NOOP\xe9\n"]),
    ("drop", [], []),
    ("answer", [b"+OK\r\n"], ["+OK\r\n"]),
]


@pytest.mark.parametrize(("name", "given", "ordered"), DECISIONS)
def test_a_decision_goes_to_the_worker_that_has_the_ticket(
    name: str, given: list[Any], ordered: list[Any]
) -> None:
    orders = Ordered()
    decide = getattr(held(orders), name)
    decide(3, *given)
    assert orders.orders == [(3, name, 3, *ordered)]
    with pytest.raises(KeyError):
        decide(3, *given)


def test_a_filter_that_holds_means_the_same_to_a_worker() -> None:
    steered = worker()
    holds = SharedHolds(Ordered(steered), Clock())
    holds.hold(compile_filter('user = "o\'neill" or verb = DELE', Progress.ASKED))
    assert steered.holds.sides == {Side.CLIENT}
    holds.release_all()
    assert not steered.holds.sides


def test_a_fault_has_the_same_seed_and_number_in_every_worker() -> None:
    first, second = worker(), worker()
    orders = Ordered(first, second)
    faults = SharedFaults(orders, Gate([keeper("cut")]), None)
    for each in (first, second):
        each.faults.add(keeper("cut").fault)
    kept = faults.add(read_fault("garbage chance=0.5 when verb = RETR"))
    assert [[one.seed for one in each.faults.set.values()][-1] for each in (first, second)] == [
        kept.seed
    ] * 2
    assert list(first.faults.set) == list(faults.set) == [1, 2]
    assert str(first.faults.set[2].fault) == str(kept.fault)
    faults.remove(2)
    assert list(second.faults.set) == list(faults.set) == [1]


LATE = [
    ("kill", 9),
    ("inject", 9, "STAT\r\n", "console"),
    ("release", 9),
    ("edit", 9, "x\n"),
    ("drop", 9),
    ("answer", 9, "x\n"),
    ("take fault", 9),
]


@pytest.mark.parametrize("order", LATE, ids=lambda order: order[0])
def test_an_order_about_what_is_over_does_nothing(order: tuple[Any, ...]) -> None:
    carry_out(worker(), *order)
