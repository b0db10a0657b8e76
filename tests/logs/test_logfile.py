"""A log file is private, is appended to, and keeps its lines whole."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pop3spy.capture.header import Header
from pop3spy.capture.pcap import blocks
from pop3spy.capture.pcap.classic import MAGICS
from pop3spy.errors import ConfigError
from pop3spy.logs import open_log

HEADER = Header(datetime(2026, 11, 23, tzinfo=UTC)).lines().encode()


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=["umask 000", "umask 022", "umask 777"])
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_umask")
def test_a_new_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log")
    log.close()
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_an_old_file_is_appended_to_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("old\n")
    path.chmod(0o640)
    log = open_log(path)
    log.write("new ünd\n")
    log.close()
    assert path.read_text() == "old\nnew ünd\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_what_is_written_is_there_at_once(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log")
    log.write("x\n")
    assert (tmp_path / "log").read_text() == "x\n"
    log.close()
    log.close()


@pytest.mark.parametrize("rotate", [lambda path: path.rename(f"{path}.1"), Path.unlink])
def test_a_file_that_was_moved_or_taken_away_is_begun_anew(
    tmp_path: Path, rotate: Callable[[Path], object]
) -> None:
    path = tmp_path / "log"
    log = open_log(path)
    log.write("first\n")
    rotate(path)
    log.write("second\n")
    log.write("third\n")
    log.close()
    assert path.read_text() == "second\nthird\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert all(each.read_text() == "first\n" for each in tmp_path.glob("log.1"))


def test_a_new_file_that_others_have_put_in_its_place_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = open_log(path)
    path.rename(tmp_path / "log.1")
    path.write_text("theirs\n")
    log.write("ours\n")
    log.close()
    assert path.read_text() == "theirs\nours\n"


@pytest.mark.promise("log")
@pytest.mark.parametrize(
    "put",
    [
        pytest.param(lambda path: path.symlink_to("elsewhere"), id="a link"),
        pytest.param(Path.mkdir, id="a folder"),
        pytest.param(lambda path: path.write_bytes(HEADER), id="a recording"),
        pytest.param(lambda path: path.parent.rename(f"{path.parent}.moved"), id="no folder"),
    ],
)
def test_where_no_other_can_be_begun_the_old_one_has_every_line(
    tmp_path: Path, put: Callable[[Path], object]
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    log = open_log(folder / "log")
    log.write("first\n")
    (folder / "log").rename(tmp_path / "old")
    put(folder / "log")
    log.write("second\n")
    log.close()
    assert (tmp_path / "old").read_text() == "first\nsecond\n"
    assert not (folder / "elsewhere").exists()


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(HEADER, id="a capture"),
        pytest.param(HEADER[:20], id="a capture whose writer was killed"),
        pytest.param(b"pop3spy: 1\nrecords:\n", id="a capture written by hand"),
        pytest.param(b"# mine\n\n# too\npop3spy: 1\nrecords:\n", id="with comments"),
        *(pytest.param(magic + bytes(20), id=f"packets {magic.hex()}") for magic in sorted(MAGICS)),
        pytest.param(blocks.MAGIC + bytes(24), id="pcapng"),
    ],
)
def test_a_recording_is_refused_and_stays_as_it_was(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "session.yaml"
    path.write_bytes(octets)
    with pytest.raises(ConfigError, match="is a recording") as raised:
        open_log(path)
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == octets


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"pop3spy: listening on pop3://127.0.0.1:110\n", id="notes of its own"),
        pytest.param(b"# pop3spy logs\n", id="a comment"),
        pytest.param(b'{"event": "listening"}\n', id="a JSON log"),
        pytest.param(b"   0.000  s1   \xe2\x94\x8c\xe2\x94\x80 client\n", id="a transcript"),
        pytest.param(os.urandom(2) + bytes(3), id="noise"),
    ],
)
def test_anything_else_is_appended_to(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "log"
    path.write_bytes(octets)
    log = open_log(path)
    log.write("new\n")
    log.close()
    assert path.read_bytes() == octets + b"new\n"


@pytest.mark.parametrize("target", ["there", "not there"])
def test_a_link_is_not_followed(tmp_path: Path, target: str) -> None:
    (tmp_path / "there").write_text("")
    link = tmp_path / "log"
    link.symlink_to(tmp_path / target)
    with pytest.raises(ConfigError, match="symbolic link") as raised:
        open_log(link)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "not there").exists()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("none/log", "no such file or directory", id="no such folder"),
        pytest.param("", "is a directory", id="a folder"),
        pytest.param("a\0b", "this is no file name", id="NUL"),
        pytest.param("x" * 300, "file name too long", id="300 characters"),
    ],
)
def test_what_cannot_be_opened_is_told_in_one_line(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        open_log(tmp_path / name)


def test_a_file_name_cannot_reach_the_terminal_raw(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        open_log(tmp_path / "\x1b[2J" / "log")
    assert "\\x1b[2J" in str(raised.value)


def test_a_pipe_that_nobody_reads_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log")
    with pytest.raises(ConfigError):
        open_log(tmp_path / "log")


def test_a_line_that_a_full_disk_cut_does_not_spoil_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log(tmp_path / "log")
    write, room = os.write, [3, 0]

    def full(fd: int, data: bytes) -> int:
        if not (size := room.pop(0)):
            raise OSError(errno.ENOSPC, "full")
        return write(fd, data[:size])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="full"):
        log.write("first\n")
    monkeypatch.undo()
    log.write("second\n")
    log.close()
    assert (tmp_path / "log").read_text() == "fir\nsecond\n"


def test_what_cannot_be_encoded_is_escaped(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log")
    log.write("\udcff\n")
    log.close()
    assert (tmp_path / "log").read_text() == "\\udcff\n"
