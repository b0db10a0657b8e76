"""Every verb that reads a recording reads packet captures and Dovecot's raw logs as well."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from capture.packets.talk import Talk
from capture.packets.wire import COOKED_2, RAW, enhanced, interface, pcap, section, simple, timed
from cli.program import COMMAND, PATIENCE, Ended, client, environment, run, run_here, running
from pop3spy.export import EXPORTERS

MAIL = b"Subject: hello\r\n\r\n..a line with a dot\r\n"
LOGIN = [
    ("S", b"+OK ready\r\n"),
    ("C", b"USER bob\r\n"),
    ("S", b"+OK\r\n"),
    ("C", b"PASS sesame123\r\n"),
]
SAID = [
    ("S", b"+OK Logged in.\r\n"),
    ("C", b"STAT\r\n"),
    ("S", b"+OK 1 40\r\n"),
    ("C", b"RETR 1\r\n"),
    ("S", b"+OK 40 octets\r\n" + MAIL + b".\r\n"),
    ("C", b"QUIT\r\n"),
    ("S", b"+OK Logging out.\r\n"),
]


def packets() -> list[bytes]:
    talk = Talk(to=8110).open()
    for side, data in LOGIN + SAID:
        talk.client(data) if side == "C" else talk.server(data)
    return talk.close().packets


def cooked(packet: bytes) -> bytes:
    return b"\x08\0" + bytes(18) + packet


def as_pcap(folder: Path) -> Path:
    path = folder / "session.pcap"
    path.write_bytes(pcap(timed(packets()), RAW))
    return path


def as_pcapng(folder: Path) -> Path:
    """Interfaces of two kinds, and packets in two kinds of block."""
    path = folder / "session.pcapng"
    both = interface(RAW, ">", 2000) + interface(COOKED_2, ">")
    path.write_bytes(section(">") + both + b"".join(
        simple(packet, ">") if number % 3 == 1
        else enhanced(packet, ">") if number % 3
        else enhanced(type(packet)(cooked(packet.data), packet.time), ">", 1)
        for number, packet in enumerate(timed(packets()))
    ))  # fmt: skip
    return path


def as_rawlog(folder: Path) -> Path:
    halves = {"C": b"", "S": b""}
    for number, (side, data) in enumerate(SAID):
        for line in data.splitlines(keepends=True):
            halves[side] += b"1795423780.%06d " % (number * 1000) + line
    (folder / "session.in").write_bytes(halves["C"])
    (folder / "session.out").write_bytes(halves["S"])
    return folder / "session.out"


@pytest.fixture(params=[as_pcap, as_pcapng, as_rawlog], ids=["pcap", "pcapng", "rawlog"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    make: Callable[[Path], Path] = request.param
    return make(tmp_path)


def well(ended: Ended) -> str:
    assert ended.status == 0, ended.err
    return ended.out


def test_it_is_shown(source: Path) -> None:
    shown = well(run_here("show", str(source)))
    assert "C: RETR 1" in shown
    assert "“hello”" in shown
    assert "not allowed" not in shown
    assert "sesame" not in shown
    assert ("PASS ████████" in shown) == (source.suffix != ".out")


FOLDERS = {"eml", "parquet"}


@pytest.mark.parametrize("form", sorted(EXPORTERS.keys() - FOLDERS))
def test_it_is_exported(source: Path, form: str, tmp_path: Path) -> None:
    out = tmp_path / "exported"
    well(run_here("export", str(source), "--to", form, "-o", str(out)))
    data = out.read_bytes()
    assert b"sesame" not in data
    assert (b"a line with a dot" in data) == (form not in {"jsonl", "rows"})
    if form == "mbox":
        assert b"\n.a line with a dot\r\n" in data


def test_it_is_scrubbed(source: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.yaml"
    well(run_here("scrub", str(source), "-o", str(copy)))
    text = copy.read_text(encoding="utf-8")
    assert "RETR 1" in text
    assert "a line with a dot" not in text
    assert well(run_here("compare", str(source), str(copy))).startswith("no differences")


def test_it_is_compared(source: Path, tmp_path: Path) -> None:
    assert well(run_here("compare", str(source), str(source))).startswith("no differences")
    other = Talk().open().server(b"+OK\r\n").client(b"STAT\r\n").server(b"-ERR no\r\n").close()
    path = tmp_path / "other.pcap"
    path.write_bytes(pcap(timed(other.packets), RAW))
    assert run_here("compare", str(source), str(path)).status == 1


def test_it_is_played_again_as_the_server_and_as_the_client(source: Path) -> None:
    with running("replay", "server", source, "--listen", ":0", "--quiet") as server:
        port = server.port()
        pop = client(port)
        pop.user("bob")
        pop.pass_("another")
        assert pop.stat() == (1, 40)
        assert pop.retr(1)[1] == [b"Subject: hello", b"", b".a line with a dot"]
        pop.quit()
        if source.suffix == ".out":
            return  # whose client has no login to play
        args = ("--to", f"127.0.0.1:{port}", "--password-env", "SECRET", "--json")
        told = json.loads(well(run("replay", "client", str(source), *args, SECRET="another")))
        assert told["differences"] == []


def test_standard_input_may_be_a_packet_capture(tmp_path: Path) -> None:
    with as_pcap(tmp_path).open("rb") as stdin:
        done = subprocess.run(
            [*COMMAND, "show", "-"],
            stdin=stdin,
            capture_output=True,
            timeout=PATIENCE,
            env=environment(),
            check=True,
        )
    assert "C: RETR 1" in done.stdout.decode()


def test_a_capture_that_grows_is_followed(tmp_path: Path) -> None:
    path = as_pcap(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:600])
    with running("show", "--follow", path, env={"PYTHONUNBUFFERED": "1"}) as following:
        stdout = following.process.stdout
        assert stdout
        shown = iter(lambda: stdout.readline().decode(), "")
        assert next(line for line in shown if "USER bob" in line)
        with path.open("ab") as file:
            file.write(whole[600:])
        assert next(line for line in shown if "QUIT" in line)
        following.stopped(signal.SIGINT)


@pytest.mark.parametrize("make", [as_pcap, as_pcapng], ids=["pcap", "pcapng"])
def test_a_session_that_said_quit_ends_as_it_does_live(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    assert "ended by QUIT" in well(run_here("show", str(make(tmp_path)))).splitlines()[-1]


def test_a_port_that_is_named_is_the_only_one(tmp_path: Path) -> None:
    path = str(as_pcap(tmp_path))
    assert "C: RETR 1" in well(run_here("show", "--port", "8110", path))
    other = run_here("show", "--port", "110", path)
    assert well(other) == ""
    assert "no POP3 session of port 110" in other.err


# -- the halves of a raw log --------------------------------------------------------------------


def test_both_halves_are_one_log_whichever_are_named(tmp_path: Path) -> None:
    out = as_rawlog(tmp_path)
    came_in = out.with_suffix(".in")
    one = well(run_here("show", str(came_in)))
    assert one == well(run_here("show", str(out)))
    for both in ((came_in, out), (out, came_in)):
        shown = well(run_here("show", *map(str, both)))
        assert shown.splitlines()[1:] == one.splitlines()


def test_a_log_cannot_be_followed_and_that_is_told(tmp_path: Path) -> None:
    ended = run_here("show", "--follow", str(as_rawlog(tmp_path)))
    assert ended.status == 3
    assert ended.err.endswith("a rawlog is read as it is; it cannot be followed\n")


def test_half_a_log_is_told(tmp_path: Path) -> None:
    out = as_rawlog(tmp_path)
    out.with_suffix(".in").unlink()
    ended = run_here("show", str(out))
    assert ended.status == 3
    assert ended.err.endswith("a rawlog has two halves, and session.in is not there\n")


def test_other_recordings_may_be_called_like_a_log(tmp_path: Path) -> None:
    packets, capture = tmp_path / "packets.in", tmp_path / "capture.out"
    packets.write_bytes(as_pcap(tmp_path).read_bytes())
    capture.write_text("pop3spy: 1\nrecords:\n- S: +OK\n- C: QUIT\n")
    assert "C: RETR 1" in well(run_here("show", str(packets)))
    assert "C: QUIT" in well(run_here("show", str(capture)))


# -- what is damaged ----------------------------------------------------------------------------


def test_a_torn_file_is_read_to_its_end_and_told(tmp_path: Path) -> None:
    path = as_pcap(tmp_path)
    path.write_bytes(path.read_bytes()[:-60])
    ended = run_here("show", str(path))
    assert "C: QUIT" in well(ended)
    assert "the file ends in the middle of a packet, at offset" in ended.err


def test_a_damaged_file_is_read_to_its_damage_and_told(tmp_path: Path) -> None:
    path = as_pcap(tmp_path)
    path.write_bytes(path.read_bytes() + b"\xff" * 16)
    ended = run_here("show", str(path))
    assert ended.status == 3
    assert "C: QUIT" in ended.out
    assert "a packet of 4294967295 octets" in ended.err
    assert len(ended.err.splitlines()) == 1
