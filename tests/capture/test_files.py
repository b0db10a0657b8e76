"""Where captures go, who may read them, and what happens when that goes wrong."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pop3spy.capture.files import Captures, Keeping
from pop3spy.capture.reader import CaptureReader
from pop3spy.errors import ConfigError
from pop3spy.logs import reader_failed
from pop3spy.protocol.frames import Side
from pop3spy.protocol.states import State
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.events import Answered, Ended, Event
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.playback import play_back
from pop3spy.session.reading import Reading

TALK = [
    (Side.SERVER, b"+OK ready\r\n"),
    (Side.CLIENT, b"USER bob\r\n"),
    (Side.SERVER, b"+OK\r\n"),
    (Side.CLIENT, b"QUIT\r\n"),
    (Side.SERVER, b"+OK bye\r\n"),
]


def raise_it(_: object, error: Exception) -> None:
    raise error


def record(path: str, *sessions: int, keeping: Keeping | None = None, host: str = "::1") -> None:
    """Record sessions with these numbers, one after the other, at *path*."""
    clock = Clock()
    captures = Captures(path, keeping or Keeping("test"), clock)
    bus = Bus(raise_it)
    bus.subscribe(captures)
    for number in sessions:
        reading = Reading(number, Peer(host, 5), Peer("mail", 110), clock.now(), bus.publish)
        for side, data in TALK:
            reading.append(Chunk(side, data, clock.now()))
            reading.read_all()
        reading.end(clock.now(), Ending(How.QUIT))
    captures.close()


@pytest.mark.parametrize("instead", ["nothing", "a file"])
def test_a_folder_that_is_no_more_is_named_and_recorded_to_once_it_is_again(
    instead: str, tmp_path: Path
) -> None:
    folder, clock = tmp_path / "all", Clock()
    captures = Captures(f"{folder}/", Keeping("test"), clock)
    told: list[str] = []
    bus = Bus(
        lambda reader, error: told.append(str(reader_failed(reader, error, 0).facts["error"]))
    )
    bus.subscribe(captures)

    def session(number: int) -> None:
        reading = Reading(number, Peer("::1", 5), Peer("mail", 110), clock.now(), bus.publish)
        reading.end(clock.now(), Ending(How.CLIENT_CLOSED))

    folder.rmdir()
    if instead == "a file":
        folder.touch()
    session(1)
    assert told == [f"{folder} is no folder any more; make it again to record later sessions"]
    folder.unlink(missing_ok=True)
    folder.mkdir()
    session(2)
    captures.close()
    (recorded,) = folder.iterdir()
    assert "-s0002-" in recorded.name


def read(path: Path) -> list[Event]:
    return read_with_notes(path)[0]


def read_with_notes(path: Path) -> tuple[list[Event], list[str]]:
    events: list[Event] = []
    with path.open(encoding="utf-8", newline="\n") as stream:
        tape = CaptureReader(stream, path.name)
        play_back(tape, lambda _: events.append)
    return events, tape.notes


def verbs(path: Path) -> list[str]:
    return [e.exchange.command.verb for e in read(path) if isinstance(e, Answered)]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """Keep the mask of new files from helping."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_file_gets_every_session(tmp_path: Path) -> None:
    record(str(tmp_path / "all.yaml"), 1, 2)

    assert verbs(tmp_path / "all.yaml") == ["USER", "QUIT"] * 2
    assert mode(tmp_path / "all.yaml") == 0o600


def test_a_folder_gets_a_file_for_each_session(tmp_path: Path) -> None:
    record(f"{tmp_path}/new/", 1, 2)

    files = sorted((tmp_path / "new").iterdir())
    assert [verbs(file) for file in files] == [["USER", "QUIT"]] * 2
    assert [mode(file) for file in files] == [0o600] * 2
    assert mode(tmp_path / "new") == 0o700


@pytest.mark.parametrize("host", ["../../x", "a\0b", "x" * 300, "CON", "fe80::1%eth0", "\x1b[1m"])
def test_a_name_is_safe_whatever_the_peer_is_called(tmp_path: Path, host: str) -> None:
    record(f"{tmp_path}/", 1, host=host)

    (file,) = tmp_path.iterdir()
    assert set(file.name) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-")
    assert len(file.name) < 120


def test_strict_names_hold_no_peer(tmp_path: Path) -> None:
    record(f"{tmp_path}/", 1, host="192.0.2.7", keeping=Keeping("test", "strict"))

    (file,) = tmp_path.iterdir()
    assert "192" not in file.name.split("s0001")[1]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "there.yaml").write_text("mine")

    with pytest.raises(ConfigError, match="exists"):
        record(str(tmp_path / "there.yaml"), 1)
    assert (tmp_path / "there.yaml").read_text() == "mine"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link.yaml").symlink_to(tmp_path / "elsewhere.yaml")

    with pytest.raises(ConfigError):
        record(str(tmp_path / "link.yaml"), 1)
    assert not (tmp_path / "elsewhere.yaml").exists()


def test_a_recording_that_is_large_enough_is_followed_by_a_new_one(tmp_path: Path) -> None:
    record(str(tmp_path / "a.yaml"), 1, 2, 3, keeping=Keeping("test", rotate=1))

    names = sorted(file.name for file in tmp_path.iterdir())
    assert len(names) >= 2
    assert names[0] == "a.1.yaml"
    told = [verb for name in names for verb in verbs(tmp_path / name)]
    assert sorted(told) == ["QUIT"] * 3 + ["USER"] * 3


def test_a_running_session_goes_on_in_the_next_recording(tmp_path: Path) -> None:
    """Each file reads alone, and no exchange is in two of them."""
    clock = Clock()
    captures = Captures(str(tmp_path / "a.yaml"), Keeping("test", rotate=1), clock)
    bus = Bus(raise_it)
    bus.subscribe(captures)
    reading = Reading(1, Peer("c", 1), Peer("s", 110), clock.now(), bus.publish)
    talk = "S +OK ready|C USER bob|S +OK|C PASS tanstaafl|S +OK|C STAT|S +OK 1 9|C RETR 1"
    talk += "|S +OK|S hello|S .|C LIST|C UIDL 1|S +OK|S 1 9|S .|S +OK 1 a|C QUIT|S +OK bye"
    for line in talk.split("|"):
        side, text = line.split(" ", 1)
        reading.append(Chunk(Side(side), f"{text}\r\n".encode(), clock.now()))
        reading.read_all()
    reading.end(clock.now(), Ending(How.QUIT))
    captures.close()

    files = sorted(tmp_path.iterdir(), key=lambda file: (len(file.name), file.name))
    asked = []
    for file in files:
        events, notes = read_with_notes(file)
        assert notes == []
        told = [event for event in events if isinstance(event, Answered)]
        asked.append([event.exchange.command.verb for event in told])
        states = {event.exchange.state_before for event in told}
        assert "USER" in asked[-1] or states <= {State.TRANSACTION}
        assert {event.session.user for event in told} <= {"bob"}
        assert all(event.exchange.ok and event.exchange.complete for event in told)
    assert len(asked) > 2
    assert [verb for verbs in asked for verb in verbs] == [
        *("USER", "PASS", "STAT", "RETR", "LIST", "UIDL", "QUIT")
    ]


def test_a_session_whose_client_took_a_banner_for_the_greeting_stays_in_its_file(
    tmp_path: Path,
) -> None:
    clock = Clock()
    captures = Captures(str(tmp_path / "a.yaml"), Keeping("test", rotate=1), clock)
    bus = Bus(raise_it)
    bus.subscribe(captures)
    reading = Reading(1, Peer("c", 1), Peer("s", 110), clock.now(), bus.publish)
    talk = "S welcome|C USER bob|S +OK|C PASS tan|S +OK|C STAT|S +OK 1 9|C QUIT|S +OK"
    for line in talk.split("|"):
        side, text = line.split(" ", 1)
        reading.append(Chunk(Side(side), f"{text}\r\n".encode(), clock.now()))
        reading.read_all()
    reading.end(clock.now(), Ending(How.QUIT))
    captures.close()

    told = [verbs(file) for file in sorted(tmp_path.iterdir())]
    assert told == [["USER", "PASS", "STAT", "QUIT"], []]


KILLED = """
import os, signal, sys
from pop3spy.capture.files import *
from pop3spy.session.bus import *
from pop3spy.session.reading import *
from pop3spy.session.chunk import *
clock = Clock()
captures = Captures(sys.argv[1], Keeping("test"), clock)
bus = Bus(lambda *_: None)
bus.subscribe(captures)
reading = Reading(1, Peer("a", 1), Peer("b", 110), clock.now(), bus.publish)
said = [
    (Side.SERVER, b"+OK\\r\\n"),
    (Side.CLIENT, b"RETR 1\\r\\n"),
    (Side.SERVER, b"+OK\\r\\nhello\\r\\n"),
]
for side, data in said:
    reading.append(Chunk(side, data, clock.now()))
    reading.read_all()
print("said", flush=True)
sys.stdin.read()
"""


def test_a_capture_whose_writer_was_killed_tells_that_it_ends_there(tmp_path: Path) -> None:
    path = tmp_path / "killed.yaml"
    writer = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert writer.stdin
    assert writer.stdout
    with writer.stdin, writer.stdout:
        assert writer.stdout.readline() == b"said\n"
        while "hello" not in path.read_text(encoding="utf-8"):
            os.sched_yield()
        writer.send_signal(signal.SIGKILL)
        writer.wait()

    ended = read(path)[-1]
    assert isinstance(ended, Ended)
    assert ended.ending.how is How.CUT
