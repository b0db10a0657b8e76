"""A disk that takes no more while sessions are recorded: a limit of the kernel stands in for it."""

import os
import resource
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


def test_what_is_missing_is_counted_to_the_record(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    file = CaptureFile(path, Header(Clock().started), lambda count: f"- gap of {count}\n")
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file.size + 12, before[1]))
        with pytest.raises(OSError, match="too large"):
            file.write("- first\n- second\n- third\n")
        with pytest.raises(OSError, match="too large"):
            file.write("- fourth\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    file.write("- fifth\n")
    file.write("- sixth\n")
    file.close()

    records = path.read_text(encoding="utf-8").split("records:\n")[1]
    assert records == "- first\n- gap of 3\n- fifth\n- sixth\n"
    assert file.size == path.stat().st_size


def test_a_file_without_room_for_its_header_is_removed(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            CaptureFile(tmp_path / "a.yaml", Header(Clock().started))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []
