"""mbox: where messages begin, what keeps its octets, and who else may write."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.corpus import MESSAGES, write_mbox
from pop3spy.errors import MaildropError
from pop3spy.postoffice.mbox import MboxMaildrop
from pop3spy.protocol.commands import parse_command
from postoffice.speaking import Client, office_over, visit

LINE = b"From sender@example.org Mon Jan  2 03:04:05 2023\n"


def write(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "mbox"
    path.write_bytes(data)
    return path


def test_mail_that_has_gone_wrong_elsewhere_arrives(tmp_path: Path) -> None:
    write_mbox(tmp_path / "mbox", MESSAGES)
    client = visit(tmp_path / "mbox")
    assert client.messages() == [each.wire for each in MESSAGES]
    assert client.sizes() == [len(each.wire) for each in MESSAGES]
    client.vanish()


@pytest.mark.parametrize(
    ("data", "messages"),
    [
        pytest.param(b"", [], id="an empty file"),
        pytest.param(LINE, [b""], id="nothing behind the From line"),
        pytest.param(LINE + b"\n" + LINE + b"\n", [b"", b""], id="two empty messages"),
        pytest.param(LINE + b"a\n\n" + LINE + b"b\n", [b"a\r\n", b"b\r\n"], id="no nothing last"),
        pytest.param(LINE + b"a", [b"a\r\n"], id="no newline last"),
        pytest.param(LINE + b"a\n\n\n", [b"a\r\n\r\n"], id="one empty line is not the message's"),
        pytest.param(LINE + b"a\n" + LINE + b"b\n", [b"a\r\n" + LINE[:-1] + b"\r\nb\r\n"],
            id="a From line behind a line"),
        pytest.param(LINE + b"a\n\nFrom here on, rain\n",
            [b"a\r\n\r\nFrom here on, rain\r\n"], id="a text that begins like a From line"),
        pytest.param(LINE + b"a\n\n>From sender Mon Jan  2 03:04:05 2023\n",
            [b"a\r\n\r\nFrom sender Mon Jan  2 03:04:05 2023\r\n"], id="a quoted From line"),
        pytest.param((LINE + b"a\n\n" + LINE + b"b\n\n").replace(b"\n", b"\r\n"),
            [b"a\r\n", b"b\r\n"], id="CRLF"),
        pytest.param(b"From nobody\na\n\n" + LINE + b"b\n", [b"a\r\n", b"b\r\n"],
            id="a first From line without a time"),
    ],
)  # fmt: skip
def test_messages_begin_behind_from_lines(
    tmp_path: Path, data: bytes, messages: list[bytes]
) -> None:
    client = visit(write(tmp_path, data))
    assert client.messages() == messages
    client.vanish()


@given(st.integers(65536 - 1200, 65536 + 40), st.sampled_from([b"\n", b"\r\n"]))
def test_a_from_line_is_found_where_the_pieces_meet(size: int, end: bytes) -> None:
    first = b"x" * size + end
    data = LINE + first + end + LINE.replace(b"\n", end) + b"b" + end
    with TemporaryDirectory() as folder:
        client = visit(write(Path(folder), data))
        assert client.sizes() == [size + 2, 3]
        client.vanish()


@pytest.mark.parametrize("gone", [(1,), (2,), (3,), (1, 2), (2, 3), (1, 3), (1, 2, 3)])
def test_what_is_not_removed_keeps_every_octet(tmp_path: Path, gone: tuple[int, ...]) -> None:
    parts = [
        LINE + b"Subject: \xff\r\nStatus: RO\n\nmixed\r\n.\nbare\rCR\0\n>From x\n\n",
        b"From  odd   -0700 1:02  \n\n\n\n\n",
        LINE + b"Subject: last, without an end",
    ]
    path = write(tmp_path, b"".join(parts))
    path.chmod(0o640)
    client = visit(path)
    for number in gone:
        client.send(b"DELE %d" % number)
    assert client.quit().startswith(b"+OK")

    kept = [part for number, part in enumerate(parts, start=1) if number not in gone]
    assert path.read_bytes() == b"".join(kept)
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["mbox"]


def test_what_was_appended_meanwhile_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path, LINE + b"a\n\n" + LINE + b"b\n\n")
    client = visit(path)
    with path.open("ab") as mbox:
        mbox.write(LINE + b"late\n\n")
    client.send(b"DELE 1")
    assert client.quit().startswith(b"+OK")
    assert path.read_bytes() == LINE + b"b\n\n" + LINE + b"late\n\n"


@pytest.mark.parametrize("replaced", [True, False], ids=["replaced", "cut short"])
def test_a_file_that_another_program_changed_is_left_alone(tmp_path: Path, replaced: bool) -> None:  # noqa: FBT001
    path = write(tmp_path, LINE + b"a\n\n" + LINE + b"b\n\n")
    client = visit(path)
    if replaced:
        path.rename(tmp_path / "old")
    path.write_bytes(LINE + b"c\n")
    client.send(b"DELE 1")
    assert client.quit().startswith(b"-ERR [SYS/TEMP] some deleted messages not removed")
    assert path.read_bytes() == LINE + b"c\n"
    assert not list(tmp_path.glob(".pop3spy*"))


def test_a_message_cut_short_ends_without_a_terminator(tmp_path: Path) -> None:
    path = write(tmp_path, LINE + b"Subject: x\n\n" + b"y" * 200_000)
    client = visit(path)
    os.truncate(path, 100_000)
    body = client.responder.answer(parse_command(b"RETR 1")).body
    assert body is not None
    with pytest.raises(MaildropError):
        list(body)
    client.vanish()


def test_a_body_read_after_the_session_is_an_error_not_a_crash(tmp_path: Path) -> None:
    client = visit(write(tmp_path, LINE + b"a\n"))
    body = client.responder.answer(parse_command(b"RETR 1")).body
    assert body is not None
    client.vanish()
    with pytest.raises(MaildropError):
        list(body)


def test_copies_delivered_at_other_times_keep_their_ids_when_the_first_goes(tmp_path: Path) -> None:
    path = write(tmp_path, LINE + b"copy\n\n" + LINE.replace(b"05", b"06") + b"copy\n\n")
    client = visit(path)
    ids = client.unique_ids()
    client.send(b"DELE 1")
    client.quit()
    client = visit(path)
    assert client.unique_ids() == ids[1:]
    client.vanish()


def test_a_mail_program_that_marks_a_message_as_read_does_not_change_its_id(tmp_path: Path) -> None:
    path = write(tmp_path, LINE + b"Subject: x\nTo: y\n\nStatus: stays\n")
    client = visit(path)
    before = client.unique_ids()
    client.vanish()
    path.write_bytes(
        LINE
        + b"Subject: x\nStatus: RO\nX-Keywords: a\n b\nTo: y\nContent-Length: 14\n\nStatus: stays\n"
    )
    client = visit(path)
    assert client.unique_ids() == before
    client.vanish()


def test_a_lock_file_of_another_program_means_in_use(tmp_path: Path) -> None:
    path = write(tmp_path, LINE + b"a\n")
    (tmp_path / "mbox.lock").touch()
    client = Client(office_over(path).session())
    client.send(b"USER demo")
    assert client.send(b"PASS demo").startswith(b"-ERR [IN-USE] ")
    (tmp_path / "mbox.lock").unlink()
    client.login().vanish()
    assert [each.name for each in tmp_path.iterdir()] == ["mbox"]


def gone() -> int:
    """Return the number of a process that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


@pytest.mark.parametrize("process", [gone, os.getpid], ids=["is no more", "had our number"])
def test_a_lock_file_whose_process_is_gone_is_taken_over(
    tmp_path: Path, process: Callable[[], int]
) -> None:
    path = write(tmp_path, LINE + b"a\n")
    lock = tmp_path / "mbox.lock"
    lock.write_text(f"{process()}\n")
    client = visit(path)
    assert client.messages() == [b"a\r\n"]
    assert lock.read_text() == f"{os.getpid()}\n"
    client.vanish()
    assert not lock.exists()


@pytest.mark.parametrize("holds", [f"{os.getppid()}\n", "", "0", "-1", "9" * 30, "host:1"])
def test_a_lock_file_that_somebody_may_have_means_in_use(tmp_path: Path, holds: str) -> None:
    path = write(tmp_path, LINE + b"a\n")
    lock = tmp_path / "mbox.lock"
    lock.write_text(holds)
    client = Client(office_over(path).session())
    client.send(b"USER demo")
    assert client.send(b"PASS demo").startswith(b"-ERR [IN-USE] ")
    assert lock.read_text() == holds


def test_the_fcntl_lock_is_held_while_messages_are_read(tmp_path: Path) -> None:
    """To close any descriptor of a file drops the process's locks on it."""
    path = write(tmp_path, LINE + b"a\n")
    client = visit(path)
    client.messages()
    attempt = f"""
import fcntl
with open({str(path)!r}, "r+b") as file:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
"""
    done = subprocess.run([sys.executable, "-c", attempt], capture_output=True, check=False)
    assert b"BlockingIOError" in done.stderr
    client.vanish()
    subprocess.run([sys.executable, "-c", attempt], check=True)


def test_a_file_that_may_only_be_read_is_served_without_a_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests run as root, who may write everywhere: the system's refusal is played."""

    def refuse(*_: object) -> None:
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr(fcntl, "lockf", refuse)
    client = visit(write(tmp_path, LINE + b"a\n"))
    assert client.messages() == [b"a\r\n"]
    monkeypatch.undo()
    client.vanish()


def test_messages_are_only_told_under_the_lock(tmp_path: Path) -> None:
    with pytest.raises(MaildropError, match="not locked"):
        MboxMaildrop(write(tmp_path, LINE)).messages()


def test_a_message_larger_than_a_piece_is_read_in_pieces(tmp_path: Path) -> None:
    path = write(tmp_path, LINE + b"Subject: x\n\n" + b"line\n" * 100_000 + b"\n")
    client = visit(path)
    body = client.responder.answer(parse_command(b"RETR 1")).body
    assert body is not None
    assert max(len(piece) for piece in body) <= 2 * 65536
    client.vanish()
