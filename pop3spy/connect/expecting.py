"""What the server is expected to say: expressions, and the first line that each was found in."""

from collections.abc import Sequence
from typing import Final

from pop3spy.filters.pattern import LinePattern
from pop3spy.protocol.frames import BodyEnd, BodyPart, Frame, Side
from pop3spy.protocol.text import MASK, decode_text
from pop3spy.session.bus import Reader
from pop3spy.session.events import Event, Heard
from pop3spy.session.model import Session

_LONGEST: Final = 16 << 10
"""Octets of a line that is not at its end yet which are kept, to be looked at with its end."""


class Expecting:
    """Looks for *patterns* in all that a server says, as it may be shown: secrets are hidden.

    ``lines`` has what was found, by the place of its pattern.
    """

    def __init__(self, patterns: Sequence[LinePattern]) -> None:
        self.patterns = patterns
        self.lines: dict[int, str] = {}

    @property
    def missed(self) -> list[str]:
        """The expressions that were found nowhere, as they were written."""
        return [each.text for place, each in enumerate(self.patterns) if place not in self.lines]

    def subscribe(self, _: Session) -> Reader | None:
        """Return what reads a session, if there is anything to be looked for."""
        if not self.patterns:
            return None
        rest = b""

        def read(event: Event) -> None:
            nonlocal rest
            if not isinstance(event, Heard) or event.frame.side is not Side.SERVER:
                return
            if isinstance(event.frame, BodyPart):
                data = rest + _shown(event.frame)
                whole = data.rfind(b"\n") + 1
                rest = data[whole:][:_LONGEST]
                self._look(decode_text(data[:whole]))
                return
            self._look(decode_text(rest))
            rest = b""
            if not isinstance(event.frame, BodyEnd):
                self._look(decode_text(_shown(event.frame)))

        return read

    def _look(self, text: str) -> None:
        if not text or len(self.lines) == len(self.patterns):
            return
        for place, pattern in enumerate(self.patterns):
            if place not in self.lines and (line := pattern.line_in(text)) is not None:
                self.lines[place] = line


def _shown(frame: Frame) -> bytes:
    data = frame.raw
    for start, end in reversed(frame.masks):
        data = data[:start] + MASK.encode() + data[end:]
    return data
