"""Commands that wait until a person has looked at them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from pop3spy.filters.comparisons import Judge
from pop3spy.filters.expression import Filter
from pop3spy.gate.acts import Acts, Beginning, Hold, Moment, Respond, Send
from pop3spy.protocol.commands import parse_command
from pop3spy.protocol.frames import CommandLine, Opaque, Side
from pop3spy.session.chunk import Clock
from pop3spy.session.deeds import Deed, Done

BY = "hold"


@dataclass(slots=True)
class Ticket:
    """A command that is held; *go* lets it go on with other acts than *acts*."""

    number: int
    moment: Moment
    acts: Acts
    go: Callable[[Acts], None]


class Holds:
    """A keeper that holds the commands of exchanges that ``match`` means; None holds nothing.

    ``wanted`` is the filter that a person gave for that.  Let the proxy ``regate`` when it changes.
    ``numbers`` are what tickets get.
    """

    def __init__(self, clock: Clock) -> None:
        self.match: Judge | None = None
        self.wanted: Filter | None = None
        self.tickets: dict[int, Ticket] = {}
        self.numbers: Iterator[int] = count(1)
        self._clock = clock

    def hold(self, wanted: Filter) -> None:
        """Hold the commands of exchanges that *wanted* means."""
        self.wanted, self.match = wanted, wanted.means

    @property
    def sides(self) -> frozenset[Side]:
        """The client's, as long as anything is to be held."""
        return frozenset({Side.CLIENT} if self.match else ())

    def judge(self, moment: Moment, acts: Acts) -> Acts:
        """Hold what matches."""
        frame, exchange = moment.frame, moment.exchange
        if isinstance(frame, Opaque) and frame.number and moment.memory.get(self) == frame.number:
            return ()  # the rest of an overlong line that went no further
        if self.match is None or not isinstance(frame, CommandLine) or exchange is None:
            return acts
        if not self.match(moment.session, exchange):
            return acts
        number = next(self.numbers)
        moment.note(BY, Done(Deed.HELD, ticket=number))

        def wait(go: Callable[[Acts], None]) -> None:
            self.tickets[number] = Ticket(number, moment, acts, go)

        return (Hold(wait),)

    def may_act_on(self, beginning: Beginning) -> bool:
        """Return whether this may become a command that is held."""
        return self.match is not None and not beginning.in_body

    def release(self, number: int) -> None:
        """Let ticket *number* go on as it would have; raise KeyError if there is none."""
        ticket = self.tickets[number]
        self._decide(number, ticket.acts, Deed.RELEASED)

    def edit(self, number: int, line: bytes) -> None:
        """Send *line*, with its end, in place of what is held; raise KeyError."""
        self._decide(number, (Send(line),), Deed.EDITED, gone=True)

    def drop(self, number: int) -> None:
        """Let the server never hear of it; raise KeyError."""
        self._decide(number, (), Deed.DROPPED, gone=True)

    def answer(self, number: int, line: bytes) -> None:
        """Answer with *line*, with its end, in the server's place; raise KeyError."""
        self._decide(number, (Respond(line),), Deed.ANSWERED, gone=True)

    def release_all(self) -> None:
        """Let everything go on, and hold nothing any more."""
        self.wanted = self.match = None
        for number in list(self.tickets):
            self.release(number)

    def forget(self, session: int) -> None:
        """Drop the tickets of a session that has ended."""
        for number, ticket in list(self.tickets.items()):
            if ticket.moment.session.id == session:
                del self.tickets[number]

    def changes_reply(self, number: int, line: bytes) -> bool:
        """Return whether the reply to *line* has another shape; raise KeyError."""
        frame = self.tickets[number].moment.frame
        assert isinstance(frame, CommandLine)
        return parse_command(line).shape is not frame.command.shape

    def _decide(self, number: int, acts: Acts, deed: Deed, *, gone: bool = False) -> None:
        ticket = self.tickets.pop(number)
        if gone:
            ticket.moment.memory[self] = ticket.moment.frame.number
        waited = round(self._clock.now() - ticket.moment.at, 6)
        ticket.moment.note(BY, Done(deed, waited=waited))
        ticket.go(acts)
