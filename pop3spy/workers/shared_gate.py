"""The gate of all workers, and their sessions, as a console steers them: each deed is an order."""

from functools import partial
from typing import Protocol

from pop3spy.filters.expression import Filter
from pop3spy.gate.acts import Gate, Keeper, Moment
from pop3spy.gate.faults import Fault, FaultKeeper
from pop3spy.gate.faultset import Faults
from pop3spy.gate.holds import BY, Holds, Ticket
from pop3spy.protocol.frames import Frame
from pop3spy.session.bus import Reader
from pop3spy.session.chunk import Clock
from pop3spy.session.deeds import Deed
from pop3spy.session.events import Blinded, Ended, Event, Intervened
from pop3spy.session.how import Ending
from pop3spy.session.model import Session


class Orders(Protocol):
    """Who gives orders to workers."""

    def order(self, *words: object) -> None:
        """Give an order to every worker."""

    def order_for(self, number: int, *words: object) -> None:
        """Give an order to the worker that has the session, or the ticket, *number*."""


class SharedHolds(Holds):
    """What is held by any worker; a subscriber of the bus, that knows by its events."""

    def __init__(self, orders: Orders, clock: Clock) -> None:
        super().__init__(clock)
        self._orders = orders

    def __call__(self, _: Session) -> Reader:
        """Return what learns of the tickets of a session."""
        return self._learn

    def _learn(self, event: Event) -> None:
        match event:
            case Intervened(by=by, frame=Frame() as frame) if by == BY:
                number = event.did.ticket
                if event.did.deed is Deed.HELD and number is not None:
                    moment = Moment(event.session, frame, frame, event.at, event.exchange)
                    self.tickets[number] = Ticket(number, moment, (), lambda _: None)
                else:  # somebody has decided about it
                    self.forget(event.session.id)
            case Blinded() | Ended():
                self.forget(event.session.id)

    def hold(self, wanted: Filter) -> None:
        """Hold the commands of exchanges that *wanted* means."""
        super().hold(wanted)
        self._orders.order("hold", str(wanted))

    def release(self, number: int) -> None:
        """Let ticket *number* go on as it would have; raise KeyError if there is none."""
        self._decide_remotely(number, "release")

    def edit(self, number: int, line: bytes) -> None:
        """Send *line*, with its end, in place of what is held; raise KeyError."""
        self._decide_remotely(number, "edit", line.decode("latin-1"))

    def drop(self, number: int) -> None:
        """Let the server never hear of it; raise KeyError."""
        self._decide_remotely(number, "drop")

    def answer(self, number: int, line: bytes) -> None:
        """Answer with *line*, with its end, in the server's place; raise KeyError."""
        self._decide_remotely(number, "answer", line.decode("latin-1"))

    def release_all(self) -> None:
        """Let everything go on, and hold nothing any more."""
        self.wanted = self.match = None
        self.tickets.clear()
        self._orders.order("release all")

    def _decide_remotely(self, number: int, deed: str, *line: str) -> None:
        del self.tickets[number]
        self._orders.order_for(number, deed, number, *line)


class SharedFaults(Faults):
    """The faults that are set in every worker; *gate* is as it was when they were forked."""

    def __init__(self, orders: Orders, gate: Gate, behind: Keeper | None) -> None:
        super().__init__(gate, behind)
        self._orders = orders

    def add(self, fault: Fault) -> FaultKeeper:
        """Set *fault*, with the same seed in all; return what commits it."""
        keeper = super().add(fault)
        self._orders.order("set fault", fault.text, keeper.seed)
        return keeper

    def remove(self, number: int) -> FaultKeeper:
        """Take a fault away; raise KeyError if there is none."""
        keeper = super().remove(number)
        self._orders.order("take fault", number)
        return keeper


class SharedLink:
    """Session *number*, in whichever worker it is."""

    def __init__(self, orders: Orders, number: int) -> None:
        self._order = partial(orders.order_for, number)
        self._number = number

    def inject(self, raw: bytes, by: str) -> None:
        """Send the command *raw*, a line with its end, once no reply is outstanding."""
        self._order("inject", self._number, raw.decode("latin-1"), by)

    def abort(self, ending: Ending) -> None:
        """End it at once, as a person has decided to."""
        del ending
        self._order("kill", self._number)


class SharedSessions:
    """A subscriber that knows which sessions are open in any worker."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._open: set[int] = set()

    def __call__(self, session: Session) -> Reader:
        """Return what learns when *session* ends."""
        self._open.add(session.id)
        return self._learn

    def _learn(self, event: Event) -> None:
        if isinstance(event, Ended):
            self._open.discard(event.session.id)

    def link(self, number: int) -> SharedLink | None:
        """Return session *number*, None if there is none any more."""
        return SharedLink(self._orders, number) if number in self._open else None

    def regate(self) -> None:
        """Do nothing: a worker regates its sessions with each order that asks for it."""
