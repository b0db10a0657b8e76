"""Text that is written by a thread of its own, so that whoever has it to say never waits.

A terminal that was stopped with Ctrl-S, a pager that nobody scrolls, a disk that is full or slow:
none of them may hold up the traffic that is being told of.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from itertools import groupby
from typing import Protocol

LIMIT = 16 << 20
"""Characters that may wait to be written; with more, what comes is left out, and that is told."""
LAG = 0.005
"""Seconds in which text is gathered before it is written: what a crash may lose."""
LAST_WAIT = 2.0
"""Seconds that the end of the program waits for what is still to be written."""


class Stream(Protocol):
    """What text is written to: a file, standard output, a spool."""

    def write(self, text: str, /) -> object:
        """Take *text*."""

    def flush(self) -> object:
        """Let others see what was written."""


class Spool:
    """Takes text at once, and writes it to *stream*, or to another one, when that takes it.

    *gap* makes the line that stands where entries had to be left out, from their number.  A failure
    to write is raised to the one who writes next, or closes, once for each failure.
    """

    def __init__(
        self,
        stream: Stream,
        gap: Callable[[int], str],
        *,
        limit: int = LIMIT,
        last_wait: float = LAST_WAIT,
    ) -> None:
        self._stream = stream
        self._gap = gap
        self._limit = limit
        self._last_wait = last_wait
        self._waiting: deque[tuple[Stream, str]] = deque()
        # Each of these is changed by one thread only, so none needs a lock.
        self._taken = self._written = 0
        self._left_out: Counter[Stream] = Counter()
        self._left_out_told: Counter[Stream] = Counter()
        self._failure: Exception | None = None
        self._closing = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._write_all, name="spool", daemon=True)
        self._thread.start()

    def write(self, text: str, stream: Stream | None = None) -> None:
        """Take *text* to be written to *stream*; leave it out if too much is waiting."""
        if self._taken - self._written > self._limit:
            self._left_out[stream or self._stream] += 1
        else:
            self._taken += len(text)
            self._waiting.append((stream or self._stream, text))
        if not self._wake.is_set():
            self._wake.set()
        self._raise_failure()

    def flush(self) -> None:
        """Do nothing: what was taken is written as soon as it can be."""

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
            if not closing:
                self._wake.wait()
                time.sleep(LAG)
            self._wake.clear()
            try:
                self._write_some()
            except Exception as error:  # noqa: BLE001 - it is raised to whoever writes next
                self._failure = error

    def _write_some(self) -> None:
        left_out = {s: n - self._left_out_told[s] for s, n in list(self._left_out.items())}
        taken = [self._waiting.popleft() for _ in range(len(self._waiting))]
        failure = None
        for stream, entries in groupby(taken, lambda entry: entry[0]):
            text = "".join(text for _, text in entries)
            try:
                stream.write(text)
                stream.flush()
            except Exception as error:  # noqa: BLE001 - other streams may still take theirs
                failure = error
            self._written += len(text)
        for stream, count in left_out.items():
            if count:
                stream.write(self._gap(count))
                stream.flush()
                self._left_out_told[stream] += count
        if failure is not None:
            raise failure
