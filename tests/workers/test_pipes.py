"""Lines between processes: whole ones, however a pipe cuts them."""

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.workers.pipes import LineReader, LineWriter

LINES = ["", "a", "é\N{LINE SEPARATOR}\x0b\x85", "\udc80 no text", "x" * 200_000]


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for end in (reader, writer):
        with suppress(OSError):
            os.close(end)


def test_whatever_is_written_comes_whole(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    taken: list[str] = []
    over: list[bool] = []
    text = "".join(f"{line}\n" for line in LINES)
    lines = LineWriter(writer)

    def write() -> None:
        lines.write(text)
        os.close(writer)

    thread = threading.Thread(target=write)
    thread.start()
    took = LineReader(taken.append, lambda: over.append(True))
    while data := os.read(reader, 4096):
        took.data_received(data)
    took.connection_lost(None)
    thread.join()
    assert "".join(taken) == text
    assert lines.written == len(text)
    assert over == [True]


@given(cuts=st.lists(st.integers(0, 60)))
def test_only_whole_lines_are_taken_whatever_the_cuts(cuts: list[int]) -> None:
    data = "eins é\n\nzwei\ndrei, which is torn off".encode()
    taken: list[str] = []
    reader = LineReader(taken.append, lambda: None)
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for start, end in pairwise(places):
        reader.data_received(data[start:end])
        assert all(text.endswith("\n") for text in taken)
    reader.connection_lost(None)
    assert "".join(taken) == "eins é\n\nzwei\n"


def test_a_writer_that_nobody_reads_any_more_is_told(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        LineWriter(writer).write("too late\n")
