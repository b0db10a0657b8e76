"""A disk that takes no more while sessions are recorded: a limit of the kernel stands in for it."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from capture.test_files import read
from cli.program import running, serving, session
from pop3spy.capture.capture_file import CaptureFile
from pop3spy.capture.header import Header
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Blinded, Ended
from pop3spy.session.how import How

UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.mark.promise("disk")
@pytest.mark.parametrize("room", [0, 1, 37, 500])
def test_a_full_disk_is_told_once_and_stops_no_session(tmp_path: Path, room: int) -> None:
    path = tmp_path / "all.yaml"
    with serving() as port:
        args = ("--upstream", f"127.0.0.1:{port}", "--listen", ":0", "--quiet", "--record", path)
        with running("proxy", *args) as proxy:
            here, process = proxy.port(), proxy.process.pid
            listing = session(here)
            # The thread that writes has to have written that.
            while "close" not in path.read_text(encoding="utf-8"):
                os.sched_yield()
            limit = (path.stat().st_size + room, resource.RLIM_INFINITY)
            resource.prlimit(process, resource.RLIMIT_FSIZE, limit)
            assert [session(here) for _ in range(5)] == [listing] * 5
            told = proxy.says("Captures failed")
            resource.prlimit(process, resource.RLIMIT_FSIZE, UNLIMITED)
            assert session(here) == listing
            ended = proxy.stopped()

    assert "traffic goes on: File too large" in told.string
    assert ended.status == 0
    assert ended.err.count("failed") == 1
    text = path.read_text(encoding="utf-8")
    assert text.count(' 0, "gap", {"why": "') == 1
    assert " records could not be written" in text
    events = read(path)
    ends = {e.session.id: e.ending.how for e in events if isinstance(e, Ended)}
    assert (ends[1], ends[7]) == (How.QUIT, How.QUIT)
    blind = {e.session.id for e in events if isinstance(e, Blinded)}
    assert not blind & {1, 7}


@contextmanager
def room_for(octets: int, file: CaptureFile | None = None) -> Iterator[None]:
    """Let no file become larger than that, behind what *file* has."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((file.size if file else 0) + octets, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def new_file(path: Path) -> CaptureFile:
    return CaptureFile(path, Header(Clock().started), lambda count: b"- gap of %d\n" % count)


def records(path: Path) -> str:
    return path.read_text(encoding="utf-8").split("records:\n")[1]


@pytest.mark.promise("disk")
def test_what_is_missing_is_counted_to_the_record(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    file = new_file(path)
    with room_for(12, file):
        with pytest.raises(OSError, match="too large"):
            file.write([b"- first\n", b"- second\n", b"- third\n"])
        with pytest.raises(OSError, match="too large"):
            file.write([b"- fourth\n"])
    file.write([b"- fifth\n"])
    file.write([b"- sixth\n"])
    file.close()

    assert records(path) == "- first\n- gap of 3\n- fifth\n- sixth\n"
    assert file.size == path.stat().st_size


@pytest.mark.parametrize("count", [3, 1500, 2600])
def test_wherever_a_disk_ends_there_are_whole_records_and_a_count_of_the_others(
    tmp_path: Path, count: int
) -> None:
    """More than a system takes in one call are written in several, and each may be cut short."""
    lines = [b"- %d %b\n" % (number, b"x" * (number % 3)) for number in range(count)]
    whole = sum(map(len, lines))
    rooms = range(whole) if count < 10 else range(0, whole, whole // 50)
    for room in rooms:
        path = tmp_path / f"{room}.yaml"
        file = new_file(path)
        with room_for(room, file), pytest.raises(OSError, match="too large"):
            file.write(lines)
        file.write([b"- behind\n"])
        file.close()
        kept = b"".join(lines)[:room].count(b"\n")
        gap = b"- gap of %d\n" % (count - kept)
        assert records(path).encode() == b"".join([*lines[:kept], gap, b"- behind\n"])
        assert file.size == path.stat().st_size


def test_a_gap_for_which_there_is_no_room_is_told_later(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    file = new_file(path)
    for room in (0, 5, 11, 12):
        with room_for(room, file), pytest.raises(OSError, match="too large"):
            file.write([b"- a\n", b"- b\n"])
    file.write([b"- c\n"])
    file.close()
    assert records(path) == "- gap of 4\n- gap of 2\n- gap of 2\n- c\n"


def test_many_records_are_written_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    lines = [b"- %d\n" % number for number in range(5000)]
    file = new_file(path)
    file.write(lines)
    file.write([])
    file.close()
    assert records(path).encode() == b"".join(lines)
    assert file.size == path.stat().st_size


def test_a_file_without_room_for_its_header_is_removed(tmp_path: Path) -> None:
    with room_for(20), pytest.raises(OSError, match="too large"):
        CaptureFile(tmp_path / "a.yaml", Header(Clock().started))
    assert list(tmp_path.iterdir()) == []
