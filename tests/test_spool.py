"""Whoever has something to say never waits, and nothing gets lost without a word."""

import io
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

import pytest

from pop3spy.spool import OctetSpool, Spool

PATIENCE = 10.0


def gap(count: int) -> str:
    return f"({count} left out)\n"


class Gate(io.StringIO):
    """A stream that takes nothing while it is shut, and fails while there is a *failure*."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.open.set()
        self.asked = threading.Event()
        self.written = threading.Event()
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        self.asked.set()
        assert self.open.wait(PATIENCE)
        try:
            if self.failure:
                raise self.failure
            return super().write(text)
        finally:
            self.written.set()

    def shut(self, spool: Spool) -> None:
        """Shut, and let the spool come to stand before it."""
        self.open.clear()
        self.asked.clear()
        spool.write("first\n")
        assert self.asked.wait(PATIENCE)

    def tried(self) -> None:
        """Wait until something more was written, or failed to be."""
        assert self.written.wait(PATIENCE)
        self.written.clear()


def failed(spool: Spool, stream: Gate, text: str) -> None:
    """Write *text*, and wait until the stream has refused it and the spool knows."""
    spool.write(text)
    stream.tried()
    while spool._failure is None:  # set by the other thread right after
        os.sched_yield()


@pytest.fixture
def stream() -> Gate:
    return Gate()


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    """A pipe as the program may have it for stdout: where it is read, where it is written."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="utf-8") as file:
        yield reader, file
        os.close(reader)


def test_text_comes_out_in_the_order_in_which_it_came(stream: Gate) -> None:
    spool = Spool(stream, gap)
    lines = [f"{number}\n" for number in range(5000)]
    for line in lines:
        spool.write(line)
    spool.close()
    assert stream.getvalue() == "".join(lines)


def test_text_is_written_soon_without_a_flush(pipe: tuple[int, TextIO]) -> None:
    reader, file = pipe
    spool = Spool(file, gap)
    spool.write("here\n")
    assert os.read(reader, 100) == b"here\n"
    spool.write("and here\n")
    assert os.read(reader, 100) == b"and here\n"
    spool.close()


def test_a_pipe_that_nobody_reads_holds_nobody_up(pipe: tuple[int, TextIO]) -> None:
    reader, file = pipe
    spool = Spool(file, gap)
    line = "x" * 999 + "\n"
    for _ in range(1000):  # a pipe takes 64 KiB
        spool.write(line)
    total = 0
    while total < 1000 * len(line):
        total += len(os.read(reader, 65536))
    spool.close()
    assert total == 1000 * len(line)


def test_what_is_too_much_is_left_out_and_told(stream: Gate) -> None:
    spool = Spool(stream, gap, limit=10)
    stream.shut(spool)
    for number in range(9):
        spool.write(f"line {number}\n")
    stream.open.set()
    spool.close()
    assert stream.getvalue() == "first\nline 0\n(8 left out)\n"


def test_a_gap_is_told_once_and_writing_goes_on_behind_it(stream: Gate) -> None:
    spool = Spool(stream, gap, limit=5)
    stream.shut(spool)
    spool.write("lost\n")
    stream.written.clear()
    stream.open.set()
    while "left out" not in stream.getvalue():
        stream.tried()
    while spool._left_out_told != spool._left_out:
        os.sched_yield()
    spool.write("behind\n")
    spool.close()
    assert stream.getvalue() == "first\n(1 left out)\nbehind\n"


def test_a_failure_is_raised_to_the_next_writer_once(stream: Gate) -> None:
    spool = Spool(stream, gap)
    stream.failure = OSError("full")
    failed(spool, stream, "lost\n")
    stream.open.clear()  # so that no second failure comes in between
    with pytest.raises(OSError, match="full"):
        spool.write("taken all the same\n")
    spool.write("this too\n")
    stream.failure = None
    stream.open.set()
    spool.close()
    assert stream.getvalue() == "taken all the same\nthis too\n"


def test_every_failure_is_raised_once(stream: Gate) -> None:
    spool = Spool(stream, gap)
    stream.failure = OSError("full")
    failed(spool, stream, "one\n")
    with pytest.raises(OSError, match="full"):
        failed(spool, stream, "two\n")
    with pytest.raises(OSError, match="full"):
        spool.close()


def test_a_failure_that_nobody_was_told_is_raised_by_close(stream: Gate) -> None:
    spool = Spool(stream, gap)
    stream.failure = OSError("full")
    spool.write("lost\n")
    with pytest.raises(OSError, match="full"):
        spool.close()


def test_a_gap_that_could_not_be_told_is_told_later(stream: Gate) -> None:
    spool = Spool(stream, gap, limit=5)
    stream.shut(spool)
    spool.write("out\n")
    stream.failure = OSError("full")
    stream.written.clear()
    stream.open.set()
    while spool._failure is None:
        os.sched_yield()
    stream.failure = None
    with pytest.raises(OSError, match="full"):
        spool.write("later\n")
    spool.close()
    assert stream.getvalue() == "later\n(1 left out)\n"


def test_the_end_does_not_wait_for_a_pipe_that_nobody_reads(pipe: tuple[int, TextIO]) -> None:
    reader, file = pipe
    spool = Spool(file, gap, last_wait=0.05)
    spool.write("x" * 1_000_000)
    began = time.monotonic()
    with pytest.raises(TimeoutError, match="does not take what is left"):
        spool.close()
    assert time.monotonic() - began < PATIENCE / 2
    left = 1_000_000
    while left:  # let the thread go
        left -= len(os.read(reader, 65536))
    spool._thread.join(PATIENCE)


def test_the_end_writes_what_is_waiting_and_tells_a_gap(stream: Gate) -> None:
    spool = Spool(stream, gap, limit=5)
    stream.shut(spool)
    spool.write("out\n")
    closing = threading.Thread(target=spool.close)
    closing.start()
    stream.open.set()
    closing.join(PATIENCE)
    assert stream.getvalue() == "first\n(1 left out)\n"


class Records:
    """Takes octets, and keeps each entry as it came."""

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self.open = threading.Event()
        self.asked = threading.Event()
        self.open.set()

    def write(self, entries: Sequence[bytes]) -> None:
        self.asked.set()
        assert self.open.wait(PATIENCE)
        self.entries += entries


def octet_gap(count: int) -> bytes:
    return b"(%d left out)\n" % count


def test_octets_are_handed_on_as_they_are_to_whom_they_are_for() -> None:
    first, second = Records(), Records()
    spool = OctetSpool(first, octet_gap)
    lines = [b"%d \xff\n" % number for number in range(2000)]
    for number, line in enumerate(lines):
        spool.write(line, second if number % 7 == 0 else None)
    spool.close()
    assert second.entries == lines[::7]
    assert first.entries == [line for number, line in enumerate(lines) if number % 7]
    assert all(ours is line for ours, line in zip(second.entries, lines[::7], strict=True))


def test_octets_that_are_too_many_are_left_out_and_told_in_their_own_stream() -> None:
    first, second = Records(), Records()
    spool = OctetSpool(first, octet_gap, limit=10)
    first.open.clear()
    spool.write(b"first\n")
    assert first.asked.wait(PATIENCE)
    spool.write(b"x" * 20)
    spool.write(b"lost\n", second)
    spool.write(b"lost as well\n", second)
    first.open.set()
    spool.close()
    assert first.entries == [b"first\n", b"x" * 20]
    assert second.entries == [b"(2 left out)\n"]


def test_a_stream_that_fails_keeps_nothing_from_another() -> None:
    class Failing(Records):
        def write(self, entries: Sequence[bytes]) -> None:
            super().write(entries)
            raise OSError("full")

    first, second = Records(), Failing()
    spool = OctetSpool(first, octet_gap)
    spool.write(b"lost\n", second)
    spool.write(b"kept\n")
    with pytest.raises(OSError, match="full"):
        spool.close()
    assert first.entries == [b"kept\n"]


class Keeping(io.StringIO):
    """A stream that keeps back what it is given, and counts how often it is asked for it."""

    def __init__(self) -> None:
        super().__init__()
        self.flushes = threading.Semaphore(0)

    def flush(self) -> None:
        self.flushes.release()


def test_a_stream_that_keeps_something_back_is_flushed_though_nothing_comes() -> None:
    stream = Keeping()
    spool = Spool(stream, gap, every=0.01)
    spool.write("first\n")
    assert all(stream.flushes.acquire(timeout=PATIENCE) for _ in range(3))
    spool.close()
    assert stream.getvalue() == "first\n"


@pytest.mark.parametrize("ask", [lambda spool: spool.write(""), Spool.check])
def test_a_failure_to_flush_is_raised_to_whoever_writes_next_or_asks(
    ask: Callable[[Spool], None],
) -> None:
    stream = Keeping()

    def fail() -> None:
        stream.flushes.release()
        raise OSError("full")

    stream.flush = fail  # type: ignore[method-assign]  # from here on
    spool = Spool(stream, gap, every=0.01)
    assert stream.flushes.acquire(timeout=PATIENCE)
    while spool._failure is None:  # set by the other thread right after
        os.sched_yield()
    with pytest.raises(OSError, match="full"):
        ask(spool)
