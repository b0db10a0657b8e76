"""What becomes of octets that were only counted: filler for the first of them, a gap behind it.

Rules: 1. filler is what Wireshark and pop3spy take for something that is no line either, so what
stands behind it is read; 2. a stretch has so much of it at most, and so has the whole file, for a
recording of a few lines may speak of gigabytes; 3. what has none is missing from the sequence
numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from pop3spy.protocol.frames import Frame, Opaque, Side
from pop3spy.protocol.text import count
from pop3spy.protocol.unread_filler import UNKNOWN, unread_filler
from pop3spy.protocol.why import Why
from pop3spy.session.unread import Stretches, UnreadStretch

_IN_A_STRETCH: Final = 1 << 16
"""Octets of filler that a stretch may have: what tells the next lines apart needs no more."""
_IN_A_FILE: Final = 1 << 26


@dataclass(slots=True)
class FillerLeft:
    """How many octets of filler all sessions of a file may still have."""

    octets: int = _IN_A_FILE


@dataclass(slots=True)
class UnreadRun:
    """What came of a stretch at one time: ``filled`` octets of it have filler, ``missing`` none."""

    stretch: UnreadStretch
    at: float
    filled: int = 0
    missing: int = 0
    counted: bool = True
    ends_line: bool = True

    @property
    def side(self) -> Side:
        """Who sent it."""
        return self.stretch.side

    @property
    def filler(self) -> bytes:
        """What stands for the octets that have some."""
        ends_line = self.ends_line and not self.missing
        filler = b"".join(unread_filler(self.stretch.why, self.filled, ends_line=ends_line))
        return filler[: self.filled]  # some has a least size

    @property
    def comment(self) -> str:
        """What to say of the filler."""
        why = self.stretch.why.value
        if not self.counted:
            return f"{why}: filler for octets that were not counted: they may hold a secret"
        return f"{why}: filler for {count(self.filled, 'octet')} not read"


@dataclass(slots=True)
class _Open:
    """What is known of a stretch that has not ended."""

    room: int = _IN_A_STRETCH
    missing: int = 0


@dataclass(slots=True)
class UnreadSegments:
    """The stretches of one session: those that go on, and what came of one last."""

    left: FillerLeft
    run: UnreadRun | None = None
    _stretches: Stretches = field(default_factory=Stretches)
    _open: dict[Side, _Open] = field(default_factory=dict)

    def continues(self, frame: Opaque, at: float) -> bool:
        """Return whether *frame* goes on with what came last, and at the same time."""
        run = self.run
        return run is not None and run.at == at and run.stretch.continues(frame)

    def add(self, frame: Opaque, first: float, last: float) -> None:
        """Take octets that came from *first* to *last*; stretches that they end have been told."""
        began = self._stretches.add(frame, first, last) is not None
        if began:
            self._open[frame.side] = _Open()
        if self.run is None:
            self.run = UnreadRun(self._stretches[frame.side], first)
        run, known = self.run, self._open[frame.side]
        size = frame.counted
        if size is None:  # in how many pieces they came may not be told either
            run.counted = False
            line_ends = frame.why is Why.TOO_LONG and frame.ends_line
            size = UNKNOWN if began or line_ends else 0
        run.ends_line = frame.ends_line
        filled = min(size, known.room, self.left.octets)
        run.filled += filled
        run.missing += size - filled
        known.room -= filled
        known.missing += size - filled
        self.left.octets -= filled

    def take(self) -> UnreadRun | None:
        """Return what came last, and let go of it."""
        run, self.run = self.run, None
        return run

    def end_before(self, frame: Frame | None) -> Iterator[str]:
        """Yield what to say of the stretches that *frame* ends, None: all of them, in a gap."""
        ended = self._stretches.end() if frame is None else self._stretches.end_before(frame)
        for stretch in ended:
            missing = self._open.pop(stretch.side).missing
            if missing:
                of_them = f"{count(missing, 'octet')} of them are " if stretch.octets else ""
                yield f"{stretch}; {of_them}a gap here"
