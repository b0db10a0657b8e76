"""One side's octets on their way to becoming frames: lines, bodies, and what is left."""

from collections.abc import Callable, Iterator

from pop3spy.protocol.body import BodyReader
from pop3spy.protocol.foreign import PEEK, TLS_HEADER, Foreign
from pop3spy.protocol.frames import BodyEnd, BodyPart, Frame, Junk, Opaque, Side
from pop3spy.protocol.why import Why

LINE = 16384
"""Octets beyond which a line is cut: its beginning is read, its rest is opaque."""

_NO_LINE_END = -1


def _nothing() -> None:
    """Read nothing: there will be no more."""


def _never() -> None:
    """Stand for the reader of lines once there will be no more: another one, so no line passes."""


class LineBuffer:
    """The unread octets of one side, and the reader that takes the next frame from them.

    ``received`` counts all octets ever appended and ``ahead`` those of them that had come while a
    reply was outstanding.  ``data`` are the octets that were not let go of: those that are unread,
    and the frame before them.  *lines* is the reader that nearly always is the one in use: it takes
    a line and leaves nothing.
    """

    __slots__ = (
        "_pos",
        "_rest",
        "_scan",
        "ahead",
        "data",
        "lines",
        "reader",
        "received",
        "rest_number",
        "side",
    )

    def __init__(self, side: Side, lines: Callable[[], Frame | None]) -> None:
        self.side = side
        self.lines: Callable[[], Frame | None] = lines
        self.reader: Callable[[], Frame | None] = lines
        self.received = 0
        self.ahead = 0
        self.rest_number = 0  # the exchange that the rest of an overlong line belongs to
        self._rest = False
        self.data = b""
        self._pos = 0
        self._scan = 0  # no line end stands before here

    @property
    def unread(self) -> int:
        """How many octets are in no frame yet."""
        return len(self.data) - self._pos

    @property
    def plain(self) -> bool:
        """Whether the next octet, which there is, is printable ASCII."""
        return 0x20 <= self.data[self._pos] < 0x7F

    @property
    def waiting(self) -> bytes:
        """The octets that are in no frame yet."""
        return self.data[self._pos :]

    @property
    def offset(self) -> int:
        """Where in this side's stream the next frame begins, in octets."""
        return self.received - self.unread

    def last(self, size: int) -> bytes:
        """Return the last *size* octets that were appended, as far as they are still here.

        A frame that was taken is here until the next is asked for.
        """
        return self.data[max(0, len(self.data) - size) :]

    def append(self, data: bytes) -> None:
        """Put *data* behind what is unread."""
        self.received += len(data)
        self._let_go()  # or what was taken long ago would be copied again each time
        self.data = self.data + data if self.data else data

    def passes(self, data: bytes) -> bool:
        r"""Count *data* as read if it is a plain line with its end, and alone; nothing is kept.

        Most reads are: this takes a third of what ``append`` and ``line`` do.
        """
        size = len(data)
        if (
            self._rest
            or self.reader is not self.lines
            or not 0 < size < LINE
            or data.find(b"\n") != size - 1
            or not 0x20 <= data[0] < 0x7F
        ):
            return False
        self.received += size
        return True

    def read(self) -> Frame | None:
        """Return the next frame, or None until there is more."""
        frame = None
        if self._pos < len(self.data):
            frame = self._rest_of_line() if self._rest else self.reader()
        if frame is None and self._pos:
            self._let_go()
        return frame

    def peek(self) -> bytes:
        """Return the next octets, as many of them as are looked at."""
        return self.data[self._pos : self._pos + PEEK]

    def take(self, size: int) -> bytes:
        """Take the next *size* octets."""
        raw = self.data[self._pos : self._pos + size]
        self._pos += size
        self._scan = max(self._scan, self._pos)
        return raw

    def take_all(self) -> bytes:
        """Take everything that is unread."""
        return self.take(self.unread)

    def line(self) -> bytes | None:
        """Take a line with its end, or the first LINE octets of a longer one; None: not yet."""
        data, start = self.data, self._pos
        end = data.find(b"\n", self._scan, start + LINE) + 1
        if end:
            self._pos = self._scan = end
            return data if end - start == len(data) else data[start:end]
        if self.unread >= LINE:
            self._rest = True
            return self.take(LINE)
        self._scan = len(self.data)
        return None

    def line_within(self, size: int) -> bytes:
        """Take a line with its end, or the next *size* octets if no line ends in them."""
        end = self.data.find(b"\n", self._pos, self._pos + size)
        return self.take(size if end == _NO_LINE_END else end + 1 - self._pos)

    def piece(self, body: BodyReader, number: int) -> Frame | None:
        """Take what is certain to be content of *body*, or its lone dot; None: not yet.

        *number* is that of the exchange.
        """
        raw = self.take(body.next_piece(self.data, self._pos))
        if not raw:
            return None
        if body.ended:
            return BodyEnd(self.side, raw, number)
        return BodyPart(self.side, raw, number, dotted=body.dotted)

    def foreign_frame(self, found: Foreign | int) -> Frame | None:
        """Take what was *found* at the beginning of a line; None: not yet."""
        if found is Foreign.UNDECIDED:
            return None
        if isinstance(found, int):
            return Opaque(self.side, self.take(found), why=Why.TELNET)
        if found is Foreign.TLS_HEADER:
            return Opaque(self.side, self.take(TLS_HEADER), why=Why.TLS_HEADER)
        self.opaque(Why.TLS if found is Foreign.TLS else Why.SASL_LAYER)
        return self.read()

    def opaque(self, why: Why) -> None:
        """Read nothing of this side from now on."""
        self.reader = lambda: Opaque(self.side, self.take_all(), why=why)

    def cut_off(self) -> Iterator[Frame]:
        """Take everything that is unread as clear text behind STLS; a server says that in lines."""
        while self.side is Side.SERVER and (raw := self.line()):
            yield Junk(self.side, raw, why=Why.BEHIND_STLS)
        if raw := self.take_all():
            yield Opaque(self.side, raw, why=Why.BEHIND_STLS)

    def close(self) -> None:
        """Read nothing more, and keep no reference that makes a cycle."""
        self.reader, self.lines = _nothing, _never

    def _let_go(self) -> None:
        if not self._pos:
            return
        self.data = self.data[self._pos :]
        self._scan -= self._pos
        self._pos = 0

    def _rest_of_line(self) -> Frame:
        end = self.data.find(b"\n", self._pos)
        self._rest = end == _NO_LINE_END
        raw = self.take_all() if self._rest else self.take(end + 1 - self._pos)
        return Opaque(self.side, raw, self.rest_number, why=Why.TOO_LONG)
