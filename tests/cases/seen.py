"""What the events of a session tell, as the notes that stand beside a conversation."""

from collections.abc import Iterator

from pop3spy.protocol.frames import (
    BodyEnd,
    BodyPart,
    Challenge,
    CommandLine,
    Frame,
    Junk,
    Opaque,
    SaslLine,
    Side,
    StatusLine,
)
from pop3spy.session.events import Answered, Ended, Event, Heard, Moved, SideClosed, Unanswered
from pop3spy.session.model import Exchange


class Seen:
    """Reads the events of one session; all that is written down is so at once.

    ``notes`` has one for each line of each side, ``closed`` when a side ended: True is by a reset.
    """

    def __init__(self) -> None:
        self.notes: dict[Side, list[str]] = {side: [] for side in Side}
        self.closed: dict[tuple[Side, bool], float] = {}
        self._told: dict[int, list[str]] = {}  # of each exchange how it ended
        self._ended: list[Ended] = []
        self._in_line = dict.fromkeys(Side, False)  # the body's last line has no end yet
        self._last: Heard | None = None

    def __call__(self, event: Event) -> None:
        match event:
            case Heard():
                self._hear(event)
            case Moved(after=after, inferred=inferred):
                assert self._last
                state = f" {after.value}" + " inferred" * inferred
                self.notes[self._last.frame.side][-1] += state
            case Answered(exchange=exchange):
                self._told[exchange.number].append(", ".join(_oddities(exchange)))
            case Unanswered(exchange=exchange):
                self._told[exchange.number].append(f"{exchange.command.verb}: unanswered")
            case SideClosed(side=side, reset=reset, at=at):
                assert (side, reset) not in self.closed, f"{side} was told of twice"
                self.closed[side, reset] = at
            case Ended():
                self._ended.append(event)

    def facts(self, *, timed: bool) -> Iterator[str]:
        """Yield what was odd about each exchange, and how the session ended."""
        for number, facts in self._told.items():
            assert len(facts) == 1, f"exchange {number} was told of {len(facts)} times"
            yield from (f"= {number} {fact}" for fact in facts if fact)
        for event in self._ended:
            if event.session.refused:
                yield "= refused"
            why = f": {event.ending.why}" * bool(event.ending.why)
            at = " at no time" if event.ending.at is None else when(event.ending.at)
            yield f"= {event.ending.how.value}{why}{at * timed}"

    def _hear(self, event: Heard) -> None:
        frame, before, exchange = event.frame, self._last, event.exchange
        assert (exchange.number if exchange else 0) == frame.number, "paired with something else"
        notes, note = self.notes[frame.side], f"{frame.number} {_kind(frame)}".strip()
        self._last = event
        if isinstance(frame, CommandLine):
            self._told[frame.number] = []
        if isinstance(frame, BodyPart):
            whole = frame.raw.endswith(b"\n")
            lines = frame.raw.count(b"\n") + (not whole) - self._in_line[frame.side]
            notes += [note] * lines
            self._in_line[frame.side] = not whole
        elif not (isinstance(frame, Opaque) and before and _goes_on(before.frame, frame)):
            notes.append(note)


def when(at: float) -> str:
    return f" at {round(at, 6):g}"


def _goes_on(before: Frame, frame: Opaque) -> bool:
    """Return whether *frame* is more of what is not read: that may come in any pieces."""
    return isinstance(before, Opaque) and (before.side, before.why) == (frame.side, frame.why)


def _kind(frame: Frame) -> str:
    match frame:
        case CommandLine():
            return "pipelined" if frame.pipelined else ""
        case StatusLine():
            return "" if frame.final else "go on"
        case Junk() | Opaque():
            return frame.why.name.lower()
    names = {BodyPart: "body", BodyEnd: "end", Challenge: "challenge", SaslLine: "answer"}
    return names[type(frame)]


def _oddities(exchange: Exchange) -> Iterator[str]:
    """Yield what is to be told of an exchange that was answered."""
    verb = exchange.command.verb
    if exchange.status is None:
        assert exchange.odd
        line = exchange.odd.raw.removesuffix(b"\r\n").decode("latin-1")
        yield f"{verb}: taken as answered by {line!r}"
    elif not exchange.complete:
        yield f"{verb}: broke off"
    if exchange.wrong_shape:
        yield f"{verb}: a listing"
    if exchange.body and exchange.body.error_inside:
        yield f"inside it {exchange.body.error_inside.decode('latin-1')!r}"
