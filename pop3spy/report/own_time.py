"""The spans of time in which pop3spy itself held something up, because it was told to."""

from math import inf
from typing import Final

from pop3spy.protocol.frames import Side
from pop3spy.session.deeds import Deed, Done
from pop3spy.session.events import Event, Heard, Intervened
from pop3spy.session.model import Exchange

_UNTIL_SPOKEN: Final = frozenset({Deed.STALLED, Deed.DROPPED})
"""Deeds behind which a side waits for what never comes, until it speaks again."""


class OwnTime:
    """Reads the events of a session into *spans*, each from when to when, in seconds."""

    def __init__(self, spans: list[tuple[float, float]]) -> None:
        self._spans = spans
        self._since: float | None = None  # a span whose end is not known
        self._held: dict[int, float] = {}  # by exchange: since, until somebody decides
        self._slowed: dict[int, tuple[Exchange, float, int]] = {}  # by exchange: since, and rate

    def read(self, event: Event) -> None:
        """Take in what happened."""
        match event:
            case Heard(frame=frame, first=first) if frame.side is Side.CLIENT:
                self._end(first)
            case Intervened(did=did, exchange=exchange):
                self._did(did, event.at, exchange)

    def close(self) -> None:
        """Take in what goes on to the end."""
        self._end(inf)
        self._spans.extend((since, inf) for since in self._held.values())
        for exchange, since, rate in self._slowed.values():
            octets = exchange.body.octets if exchange.body else 0
            self._spans.append((since, since + octets / rate))

    def _did(self, did: Done, at: float, exchange: Exchange | None) -> None:
        if did.deed is Deed.HELD and exchange is not None:
            self._held[exchange.number] = at
        elif did.waited is not None:
            if exchange is not None:
                self._held.pop(exchange.number, None)
            self._spans.append((at - did.waited, at))
        elif did.deed is Deed.DELAYED and did.seconds is not None:
            self._spans.append((at, at + did.seconds))
        elif did.deed is Deed.SLOWED and did.octets and exchange is not None:
            self._slowed.setdefault(exchange.number, (exchange, at, did.octets))
        elif did.deed in _UNTIL_SPOKEN and self._since is None:
            self._since = at

    def _end(self, at: float) -> None:
        if self._since is not None:
            self._spans.append((self._since, at))
            self._since = None
