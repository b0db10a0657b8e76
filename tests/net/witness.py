"""A reader of events that remembers them and can be waited for."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from net.wires import PATIENCE
from pop3spy.protocol.frames import Side
from pop3spy.protocol.url import Url, parse_url
from pop3spy.session.bus import Bus
from pop3spy.session.events import Blinded, Ended, Heard, Noted, Opened, SideClosed, Told
from pop3spy.session.how import Ending

T = TypeVar("T")
E = TypeVar("E", bound=Told)


class Witness:
    """Sees all that a bus carries."""

    def __init__(self) -> None:
        self.events: list[Told] = []
        self._endings: dict[int, list[Ending]] = {}
        self._news = asyncio.Event()

    def attach_to(self, bus: Bus) -> None:
        bus.subscribe(lambda _: self)
        bus.subscribe_to_notes(self)

    def __call__(self, event: Told) -> None:
        self.events.append(event)
        if isinstance(event, Ended):
            self._endings.setdefault(event.session.id, []).append(event.ending)
        self._news.set()

    async def until(self, look: Callable[[], T]) -> T:
        """Return what *look* finds, as soon as an event lets it find something."""
        async with asyncio.timeout(PATIENCE):
            while not (found := look()):
                self._news.clear()
                await self._news.wait()
            return found

    def of(self, kind: type[E]) -> list[E]:
        """Return the events of one *kind*."""
        return [event for event in self.events if isinstance(event, kind)]

    async def addresses(self, count: int) -> list[Url]:
        """Return the addresses that are listened on, once there are *count*."""
        return await self.until(lambda: found if len(found := self._addresses()) == count else [])

    def _addresses(self) -> list[Url]:
        listening = [event for event in self.of(Noted) if event.what == "listening"]
        return [parse_url(str(event.facts["url"])) for event in listening]

    async def opened(self, count: int) -> None:
        """Wait until *count* clients have come."""
        await self.until(lambda: len(self.of(Opened)) >= count)

    async def ending(self, number: int = 1) -> Ending:
        """Return how session *number* ended, once it has."""
        endings = await self.until(lambda: self.endings(number))
        return endings[0]

    def endings(self, number: int) -> list[Ending]:
        """Return how session *number* ended: not more than once, one should think."""
        return self._endings.get(number, [])

    async def blinded(self) -> Blinded:
        await self.until(lambda: self.of(Blinded))
        (told,) = self.of(Blinded)
        return told

    def heard(self, side: Side, number: int = 1) -> bytes:
        """Return the octets of *side* that were shown in session *number*."""
        frames = (event.frame for event in self.of(Heard) if event.session.id == number)
        return b"".join(frame.raw for frame in frames if frame.side is side)

    async def heard_all(self, side: Side, data: bytes) -> None:
        """Wait until *data* has been shown as what *side* said."""
        await self.until(lambda: self.heard(side).endswith(data))

    def lines(self, number: int = 1) -> list[str]:
        """Return what was heard in session *number*, one frame a line: ``C: STAT``."""
        return [
            f"{event.frame.side.value}: {event.frame.raw.decode('latin-1').rstrip()}"
            for event in self.of(Heard)
            if event.session.id == number
        ]

    def closings(self, number: int = 1) -> list[str]:
        """Return which sides closed in session *number*, and how: ``C fin``, ``S rst``."""
        return [
            f"{event.side.value} {'rst' if event.reset else 'fin'}"
            for event in self.of(SideClosed)
            if event.session.id == number
        ]

    async def closed(self, *closings: str) -> None:
        """Wait until these are the closings of session 1."""
        await self.until(lambda: self.closings() == list(closings))

    def order(self, number: int = 1) -> list[str]:
        """Return what was heard in session *number*, and who closed, one thing a line."""
        told: list[str] = []
        for event in self.events:
            match event:
                case Heard(session=session, frame=frame) if session.id == number:
                    told.append(f"{frame.side.value}: {frame.raw.decode('latin-1').rstrip()}")
                case SideClosed(session=session, side=side, reset=reset) if session.id == number:
                    told.append(f"{side.value} {'rst' if reset else 'fin'}")
        return told
