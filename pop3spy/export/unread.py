"""Octets that nobody read come in any number of pieces; an export has one note for them."""

from pop3spy.protocol.frames import Opaque, Side, Why
from pop3spy.session.lines import line_text


class Unread:
    """Counts what was not read of one session, until something else is said."""

    __slots__ = ("_octets",)

    def __init__(self) -> None:
        self._octets: dict[tuple[Side, Why], int | None] = {}

    def __bool__(self) -> bool:
        """Return whether there is anything to tell."""
        return bool(self._octets)

    def add(self, frame: Opaque) -> str | None:
        """Count *frame*; return what it says instead, where that may be shown."""
        if frame.raw:
            return f"{_side(frame.side)}: {frame.why.value}: {line_text(frame)}"
        key = frame.side, frame.why
        before = self._octets.get(key, 0)
        known = before is not None and frame.counted is not None
        self._octets[key] = (before or 0) + (frame.counted or 0) if known else None
        return None

    def take(self) -> list[str]:
        """Return what there is to tell, and forget it."""
        notes = [
            f"{_side(side)}: {why.value}: "
            + ("octets that may hold a secret" if octets is None else f"{octets:,} octets")
            for (side, why), octets in self._octets.items()
        ]
        self._octets.clear()
        return notes


def _side(side: Side) -> str:
    return side.name.lower()
