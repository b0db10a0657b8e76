"""The lines of a multi-line reply, put together from parts that are cut anywhere."""

from collections.abc import Iterator

from pop3spy.protocol.commands import line_of
from pop3spy.protocol.frames import BodyPart, Spans
from pop3spy.protocol.line_buffer import LINE
from pop3spy.protocol.text import show
from pop3spy.session.lines import within

SHOWN = 12
"""How many lines of a listing are shown."""
ALL = 1 << 62
"""More lines than there are."""


class ShownLines:
    """Puts the first lines of one reply together and forgets all others."""

    __slots__ = ("_masks", "_most", "_rest", "_skipping", "shown")

    def __init__(self, most: int = SHOWN) -> None:
        self.shown = 0
        self._most = most
        self._rest = b""  # the beginning of a line whose end has not come
        self._masks: Spans = ()
        self._skipping = False  # this line was too long, its beginning has been shown

    def add(self, part: BodyPart) -> Iterator[str]:
        """Yield the lines that are whole now, as people may see them."""
        if self.shown >= self._most and not self._rest:
            return
        data, masks = part.raw, part.masks
        if self._rest:
            masks = self._masks + tuple(
                (a + len(self._rest), b + len(self._rest)) for a, b in masks
            )
            data = self._rest + data
        at = 0
        while self.shown < self._most and (end := data.find(b"\n", at) + 1):
            if not self._skipping:
                yield self._show(data, masks, at, end)
            self._skipping = False
            at = end
        self._keep(data, masks, at)
        if len(self._rest) > LINE:
            yield from self.rest()
            self._skipping = True

    def rest(self) -> Iterator[str]:
        """Yield the beginning of a line that has no end, if there is one."""
        if self._rest and not self._skipping:
            yield self._show(self._rest, self._masks, 0, len(self._rest))
        self._rest, self._masks = b"", ()

    def _keep(self, data: bytes, masks: Spans, at: int) -> None:
        if self.shown < self._most and not self._skipping:
            self._rest, self._masks = data[at:], within(masks, at, len(data))
        else:
            self._rest, self._masks = b"", ()

    def _show(self, data: bytes, masks: Spans, start: int, end: int) -> str:
        self.shown += 1
        line = line_of(data[start:end])
        return show(line[:LINE], within(masks, start, start + min(LINE, len(line))))
