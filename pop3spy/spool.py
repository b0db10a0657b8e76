"""What is written by a thread of its own, so that whoever has it to say never waits.

A terminal that was stopped with Ctrl-S, a pager that nobody scrolls, a disk that is full or slow:
none of them may hold up the traffic that is being told of.
"""

import threading
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Generic, Protocol, TypeVar

LIMIT = 16 << 20
"""Characters or octets that may wait to be written; with more, what comes is left out and told."""
LAG = 0.005
"""Seconds in which entries are gathered before they are written: what a crash may lose."""
LAST_WAIT = 2.0
"""Seconds that the end of the program waits for what is still to be written."""


class Stream(Protocol):
    """What text is written to: a file, standard output, a spool."""

    def write(self, text: str, /) -> object:
        """Take *text*."""

    def flush(self) -> object:
        """Let others see what was written."""


class Nowhere:
    """A stream of which nobody reads anything."""

    def write(self, text: str, /) -> None:
        """Drop *text*."""

    def flush(self) -> None:
        """Do nothing."""


class OctetStream(Protocol):
    """What entries of octets are written to, as they are: a file of records."""

    def write(self, entries: Sequence[bytes], /) -> object:
        """Take *entries*, each whole; let others see them."""


class Lossy(Protocol):
    """What leaves entries out where too many wait to be written."""

    @property
    def lost(self) -> int:
        """How many it has left out."""


Entry = TypeVar("Entry", str, bytes)
Target = TypeVar("Target")


class _Spool(ABC, Generic[Entry, Target]):
    """Takes entries at once, and writes them to *stream*, or to another one, when that takes them.

    *gap* makes the line that stands where entries had to be left out, from their number.  A stream
    that keeps something back is flushed as often as *every* says, in seconds, where nothing comes.
    A failure to write is raised to who writes next, checks or closes, once for each failure.
    """

    def __init__(
        self,
        stream: Target,
        gap: Callable[[int], Entry],
        *,
        limit: int = LIMIT,
        last_wait: float = LAST_WAIT,
        every: float | None = None,
    ) -> None:
        self._stream = stream
        self._gap: Callable[[int], Entry] = gap
        self._limit = limit
        self._last_wait = last_wait
        self._every = every
        self._waiting: deque[tuple[Target, Entry]] = deque()
        # Each of these is changed by one thread only, so none needs a lock.
        self._taken = self._written = 0
        self._left_out: Counter[Target] = Counter()
        self._left_out_told: Counter[Target] = Counter()
        self._failure: Exception | None = None
        self._closing = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._write_all, name="spool", daemon=True)
        self._thread.start()

    def write(self, entry: Entry, stream: Target | None = None) -> None:
        """Take *entry* to be written to *stream*; leave it out if too much is waiting."""
        if self._taken - self._written > self._limit:
            self._left_out[stream or self._stream] += 1
        else:
            self._taken += len(entry)
            self._waiting.append((stream or self._stream, entry))
        if not self._wake.is_set():
            self._wake.set()
        if self._failure is not None:
            self._raise_failure()

    def check(self) -> None:
        """Raise what has kept entries from being written, as the next ``write`` would."""
        self._raise_failure()

    def flush(self) -> None:
        """Do nothing: what was taken is written as soon as it can be."""

    @property
    def lost(self) -> int:
        """How many entries were left out."""
        return sum(self._left_out.values())

    @abstractmethod
    def _hand_over(self, entries: list[Entry], stream: Target) -> None:
        """Write *entries* to *stream*."""

    def _flush(self, stream: Target) -> None:
        """Let *stream* write what it keeps back, if it does."""

    def close(self) -> None:
        """Write what is waiting; raise TimeoutError if that cannot be done in a moment."""
        self._closing = True
        self._wake.set()
        self._thread.join(self._last_wait)
        self._raise_failure()
        if self._thread.is_alive():
            raise TimeoutError("it does not take what is left to be written")

    def _raise_failure(self) -> None:
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _write_all(self) -> None:
        closing = False
        while not closing:
            closing = self._closing  # then this is the last time, and nothing comes after it
            woken = closing or self._wake.wait(self._every)
            if woken and not closing:
                time.sleep(LAG)
            self._wake.clear()
            try:
                if woken:
                    self._write_some()
                else:
                    self._flush(self._stream)
            except Exception as error:  # noqa: BLE001 - it is raised to whoever writes next
                self._failure = error

    def _write_some(self) -> None:
        left_out = {s: n - self._left_out_told[s] for s, n in list(self._left_out.items())}
        taken = [self._waiting.popleft() for _ in range(len(self._waiting))]
        failure = None
        for stream, entries in groupby(taken, lambda entry: entry[0]):
            theirs = [entry for _, entry in entries]
            try:
                self._hand_over(theirs, stream)
            except Exception as error:  # noqa: BLE001 - other streams may still take theirs
                failure = error
            self._written += sum(map(len, theirs))
        for stream, count in left_out.items():
            if count:
                self._hand_over([self._gap(count)], stream)
                self._left_out_told[stream] += count
        if failure is not None:
            raise failure


class Spool(_Spool[str, Stream]):
    """A spool for text."""

    def _hand_over(self, entries: list[str], stream: Stream) -> None:
        stream.write("".join(entries))
        stream.flush()

    def _flush(self, stream: Stream) -> None:
        stream.flush()


class OctetSpool(_Spool[bytes, OctetStream]):
    """A spool for octets, which are never copied: a recording is as large as its traffic."""

    def _hand_over(self, entries: list[bytes], stream: OctetStream) -> None:
        stream.write(entries)
