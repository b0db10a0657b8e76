"""Dovecot's raw logs: what came in and what went out, each in a file of its own.

``rawlog_dir`` makes a pair of files, NAME.in and NAME.out, of each session from the login on;
``pop3-login -R`` one of what is said before.  In front of each line stands when it was read or
written: ``1795423780.612147 STAT``.  The ``rawlog`` program of older versions leaves that out, and
then the two sides take turns as the protocol has it.

Source: doc.dovecot.org, Rawlog, and lib/iostream-rawlog.c of Dovecot 2.3 and 2.4.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

from pop3spy.capture.speaking_order import in_speaking_order
from pop3spy.errors import CaptureError
from pop3spy.protocol.commands import parse_command
from pop3spy.protocol.frames import Side
from pop3spy.protocol.states import State
from pop3spy.session.chunk import Chunk
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.tape import Began, Item, Knew, Over, Spoke

_STAMP: Final = re.compile(rb"(\d{1,11})\.(\d{6}) ")
_TORN_STAMP: Final = re.compile(rb"\d{1,11}(\.\d{0,6})?")
_SECOND: Final = 1_000_000  # times are in microseconds here
_MILLISECOND: Final = 1000
_LONGEST: Final = 1 << 16
"""Octets of a line that are taken at once, and that lines are put together to."""
_LOGGED_IN: Final = b"+OK Logged in"
"""What Dovecot's pop3 begins with, having been given a client by pop3-login."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CLIENT, _SERVER = Peer("client", 0), Peer("server", 0)

Line = tuple[int, int, bytes]
"""When it came, whose it is (0 is the client, who goes first), and what it says."""


def pair_of(path: Path) -> tuple[Path, Path] | None:
    """Return where the two halves are of the raw log that *path* is one of; None: it is none."""
    if path.suffix not in (".in", ".out"):
        return None
    return path.with_suffix(".in"), path.with_suffix(".out")


class Rawlog:
    """The tape of one pair; ``started`` is its first time, or None where no times are told."""

    def __init__(self, came_in: BinaryIO, went_out: BinaryIO, name: str) -> None:
        self.notes: list[str] = []
        self.started: datetime | None = None
        client, server = _lines(came_in, name), _lines(went_out, name)
        asked, said = next(client, b""), next(server, b"")
        client, server = chain(filter(None, [asked]), client), chain(filter(None, [said]), server)
        stamps = [found for line in (asked, said) if (found := _STAMP.match(line))]
        spoken: Iterator[tuple[Side, bytes, float]]
        if stamps:
            start = min(_time(stamp) for stamp in stamps)
            self.started = _EPOCH + timedelta(microseconds=start)
            lines = merge(self._stamped(0, client), self._stamped(1, server))
            spoken = _pieces(lines, start)
        else:
            spoken = ((side, data, 0.0) for side, data in in_speaking_order(client, server))
            if asked or said:
                self.notes.append("this log has no times: all stands at 0, in the likely order")
        self._items = _tape(spoken, logged_in=_is_behind_login(asked, said))

    def __iter__(self) -> Iterator[Item]:
        """Return the items, which can be had once."""
        return self._items

    def __next__(self) -> Item:
        """Return the next item."""
        return next(self._items)

    def _stamped(self, who: int, lines: Iterator[bytes]) -> Iterator[Line]:
        """Yield lines without their stamps; a line that came in pieces has one."""
        at, begins = 0, True
        for line in lines:
            stamp = _STAMP.match(line) if begins else None
            if stamp:
                at = max(at, _time(stamp))
            elif begins and _TORN_STAMP.fullmatch(line):
                self.notes.append("the log ends in the middle of a line")
                return
            begins = line.endswith(b"\n")
            yield at, who, line[stamp.end() :] if stamp else line


def read_rawlog(came_in: BinaryIO, went_out: BinaryIO, name: str) -> Rawlog:
    """Return the tape of NAME.in and NAME.out, which *name* stands for in errors."""
    return Rawlog(came_in, went_out, name)


def _tape(spoken: Iterator[tuple[Side, bytes, float]], *, logged_in: bool) -> Iterator[Item]:
    at = 0.0
    yield Began(1, at, _CLIENT, _SERVER)
    for side, data, at in spoken:
        yield Spoke(1, Chunk(side, data, at))
        if logged_in and side is Side.SERVER:  # its first line is what makes up for a greeting
            yield Knew(1, at, {"state": State.TRANSACTION.value})
            logged_in = False
    yield Over(1, at, Ending(How.CUT, "the log ends here"))


def _pieces(lines: Iterator[Line], start: int) -> Iterator[tuple[Side, bytes, float]]:
    """Put lines of one side together that came within a millisecond: a body has a great many."""
    parts: list[bytes] = []
    size = first = whose = 0
    for at, who, line in lines:
        if parts and (who != whose or at - first > _MILLISECOND or size > _LONGEST):
            yield _SIDES[whose], b"".join(parts), (first - start) / _SECOND
            parts, size = [], 0
        if not parts:
            first, whose = at, who
        parts.append(line)
        size += len(line)
    if parts:
        yield _SIDES[whose], b"".join(parts), (first - start) / _SECOND


_SIDES: Final = (Side.CLIENT, Side.SERVER)


def _is_behind_login(asked: bytes, said: bytes) -> bool:
    """Return whether the first line of a side is one that is said behind the login only."""
    if _unstamped(said).startswith(_LOGGED_IN):
        return True
    spec = parse_command(_unstamped(asked)).spec
    return spec is not None and State.AUTHORIZATION not in spec.states


def _unstamped(line: bytes) -> bytes:
    stamp = _STAMP.match(line)
    return line[stamp.end() :] if stamp else line


def _time(stamp: re.Match[bytes]) -> int:
    return int(stamp[1]) * _SECOND + int(stamp[2])


def _lines(stream: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        while line := stream.readline(_LONGEST):
            yield line
    except OSError as error:
        raise CaptureError(f"{name}: {(error.strerror or str(error)).lower()}") from None
