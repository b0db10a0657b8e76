"""Wireshark's decoder reads an exported session and sees every command and every reply."""

import base64
import subprocess
from pathlib import Path

import pytest

from export.playing import LOGGED_IN, exported, session, stream_exporter, told_to
from export.test_dialogue import WHOLE_SESSION
from lab.processes import need
from pop3spy.capture.reader import CaptureReader
from pop3spy.export import EXPORTERS, ExportSource, StreamFormat
from pop3spy.protocol.frames import CommandLine, Opaque, SaslLine, Side, StatusLine
from pop3spy.protocol.why import Why
from pop3spy.session.events import Event, Heard
from pop3spy.session.how import Closing, How
from pop3spy.session.playback import play_back

pytestmark = pytest.mark.lab

MANY = WHOLE_SESSION.replace(
    "    C: QUIT",
    "".join(
        f"    C: RETR {number}\n    S: +OK {size} octets\n    Subject: x\n    {'x' * 70}\n"
        f"    {'y' * 2000}\n    .\n    C: DELE {number}\n    S: -ERR [IN-USE] no\n"
        for number, size in enumerate((1, 2086, 99999), start=2)
    )
    + "    C: QUIT",
)


def tshark(path: Path, *fields: str, only: str = "") -> list[list[str]]:
    """Return *fields* of the packets that a display filter lets through."""
    command = [need("tshark"), "-n", "-r", str(path), "-T", "fields"]
    command += ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
    command += [word for field in fields for word in ("-e", field)]
    command += ["-Y", only] if only else []
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return [line.split("\t") for line in done.stdout.splitlines()]


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    path = tmp_path / "session.pcapng"
    path.write_bytes(exported("pcapng", MANY))
    return path


def test_it_sees_every_command_and_every_reply(capture: Path) -> None:
    commands = tshark(
        capture, "pop.request.command", "pop.request.parameter", only="pop.request.command"
    )
    replies = tshark(
        capture, "pop.response.indicator", "pop.response.description", only="pop.response.indicator"
    )
    gone = [(f"{number}", "[IN-USE] no") for number in (2, 3, 4)]
    assert commands == [
        ["USER", "bob"],
        ["PASS", "********"],
        ["UIDL", ""],
        ["RETR", "1"],
        *(pair for number, _ in gone for pair in (["RETR", number], ["DELE", number])),
        ["QUIT", ""],
    ]
    assert replies == [
        ["+OK", "POP3 ready"],
        *[["+OK", ""]] * 3,
        ["+OK", "83 octets"],
        *(
            pair
            for size, (_, text) in zip((1, 2086, 99999), gone, strict=True)
            for pair in (["+OK", f"{size} octets"], ["-ERR", text])
        ),
        ["+OK", "bye"],
    ]


def test_it_finds_nothing_wrong_with_the_packets(capture: Path) -> None:
    wrong = 'tcp.analysis.flags or tcp.checksum.status == "Bad" or ip.checksum.status == "Bad"'
    assert tshark(capture, "frame.number", only=f"{wrong} or _ws.malformed") == []


def test_it_shows_the_comments(capture: Path) -> None:
    comments = [row[0] for row in tshark(capture, "frame.comment", only="frame.comment")]
    assert comments[0] == "session 1: 127.0.0.1:50312 → mail.example.org:110"
    assert "exchange 2: reply after 0.001200 s, USER_GIVEN → TRANSACTION" in comments


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


PLAIN = encoded("\0bob\0sesame")
GREETING = "S: +OK ready <1896.697170952@dbc.mtview.ca.us>\n"
END = "C: QUIT\nS: +OK bye\n"
SHAPES = {
    "APOP": f"{GREETING}C: APOP bob c4c9334bac560ecc979e58001b3e22fb\nS: +OK\n{END}",
    "AUTH with its first answer": f"{GREETING}C: AUTH PLAIN {PLAIN}\n"
    f"S: +OK in\nC: STAT\nS: +OK 0 0\n{END}",
    "AUTH with challenges": f"{GREETING}C: AUTH LOGIN\nS: + {encoded('Username:')}\n"
    f"C: {encoded('bob')}\nS: + {encoded('Password:')}\nC: {encoded('sesame')}\nS: +OK in\n{END}",
    "failed logins": f"{GREETING}C: USER bob\nS: +OK\nC: PASS sesame\nS: -ERR [AUTH] no\n"
    f"C: AUTH PLAIN\nS: +\nC: *\nS: -ERR cancelled\n{END}",
    "RETR that is cut off": f"{LOGGED_IN}C: RETR 1\nS: +OK 5000 octets\nSubject: x\n",
    "pipelining": LOGGED_IN + r"C: STAT\r\nLIST\r\nRETR 1\r\nRETR 2\r\nDELE 1\r\nNOOP" + "\n"
    r"S: +OK 2 20\r\n+OK\r\n1 10\r\n2 10\r\n.\r\n+OK 10 octets\r\n01234567\r\n.\r\n\c" + "\n"
    r"S: +OK 10 octets\r\n01234567\r\n.\r\n+OK gone\r\n+OK" + f"\n{END}",
    "a large RETR": f"{LOGGED_IN}C: RETR 1\nS: +OK 300000 octets\n"
    + f"{'x' * 998}\n" * 300
    + f".\nC: DELE 1\nS: +OK gone\n{END}",
    "8-bit": LOGGED_IN + r"C: RETR 1" + "\nS: +OK 30 octets\n"
    r"Subject: \xe4\xf6\xfc\xff" + "\n\n" + r"\x00\x01\x80\xfe" + "\n.\n"
    r"C: TOP 1 \xe4" + "\n" + r"S: -ERR \xe4" + f"\n{END}",
    "listings": f"{LOGGED_IN}C: CAPA\nS: +OK list\nTOP\nUIDL\n.\nC: LIST\nS: +OK\n.\n"
    f"C: TOP 1 0\nS: +OK\nSubject: x\n+OK is no reply here\n.\nC: TOP 2 0\nS: -ERR no\n{END}",
}
CAPTURES = sorted(Path(__file__).parents[2].glob("captures/*.yaml"))


class Conversation:
    """Hears what was said in a session, line by line."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.replies: list[str] = []

    def __call__(self, event: Event) -> None:
        match event:
            case Heard(frame=CommandLine() | SaslLine() as frame):
                self.commands.append(_text(frame.raw))
            case Heard(frame=StatusLine() as frame):
                self.replies.append(_text(frame.raw))

    def is_read_in(self, path: Path) -> None:
        asked = ("pop.request.command", "pop.request.parameter")
        answered = ("pop.response.indicator", "pop.response.description")
        for lines, fields in ((self.commands, asked), (self.replies, answered)):
            rows = tshark(path, *fields, only=fields[0])
            assert [" ".join(row).rstrip() for row in rows] == lines
        # A second session may have the ports of the first; its texts may be no numbers.
        wrong = "tcp.analysis.flags and not tcp.analysis.reused_ports"
        assert tshark(path, "frame.number", only=wrong) == []


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").rstrip()


@pytest.mark.parametrize("shape", SHAPES)
def test_it_reads_every_shape_of_session(shape: str, tmp_path: Path) -> None:
    script, said, path = SHAPES[shape], Conversation(), tmp_path / "session.pcapng"
    exporter, stream = stream_exporter("pcapng")
    end = How.QUIT if script.endswith(END) else How.SERVER_RESET
    session(told_to(lambda _: said, exporter), script, end=end)
    exporter.close()
    path.write_bytes(stream.getvalue())
    assert len(said.commands) > 1
    assert len(said.replies) > 1
    said.is_read_in(path)


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_it_reads_every_sample_capture(capture: Path, tmp_path: Path) -> None:
    said, path = Conversation(), tmp_path / "session.pcapng"
    with capture.open(encoding="utf-8", newline="\n") as stream:
        play_back(CaptureReader(stream, capture.name), lambda _: said)
    with capture.open(encoding="utf-8", newline="\n") as stream, path.open("wb") as out:
        reader = CaptureReader(stream, capture.name)
        form = EXPORTERS["pcapng"]
        assert isinstance(form, StreamFormat)
        exporter = form.open(out, ExportSource(reader.header.started))
        play_back(reader, exporter)
        exporter.close()
    assert said.commands
    said.is_read_in(path)


def written(path: Path, script: str) -> list[list[str]]:
    """Write *script* as packets; return the commands that are read of them."""
    path.write_bytes(exported("pcapng", script))
    return tshark(path, "pop.request.command", only="pop.request.command")


LINE = "x" * 20_000
UNREAD = {
    "a line of the server": f"C: NOOP\nS: +OK {LINE}\n",
    "a line of the client": f"C: NOOP {LINE}\nS: -ERR\n",
    "Telnet": "S: " + r"\xff\xfa\x18\0vt100\xff\xf0\c" + "\n",
    "the header of a TLS record": r"C: \x17\x03\x03\0\6NOOP" + "\nS: +OK\n",
    "odd lines": "C: NOOP\n" + "S: debug\n" * 130 + "S: +OK\n",
}


@pytest.mark.parametrize("unread", UNREAD.values(), ids=UNREAD)
def test_it_reads_the_commands_behind_what_was_not_read(unread: str, tmp_path: Path) -> None:
    path = tmp_path / "unread.pcapng"
    behind = f"C: STAT\nS: +OK 2 300\nC: LIST 1\nS: +OK 1 120\n{END}"
    commands = written(path, LOGGED_IN + unread + behind)
    assert commands[:2] == [["USER"], ["PASS"]]
    assert commands[-3:] == [["STAT"], ["LIST"], ["QUIT"]]
    replies = tshark(path, "pop.response.description", only="pop.response.indicator")
    assert replies[-3:] == [["2 300"], ["1 120"], ["bye"]]
    assert tshark(path, "frame.number", only="tcp.analysis.flags") == []
    assert tshark(path, "frame.number", only='frame.comment contains "filler for"') != []


def test_tls_that_was_not_read_is_no_fault_of_tcp(tmp_path: Path) -> None:
    record = "\\x16\\x03\\x01\\x00\\x05abcde\\c"
    path = tmp_path / "tls.pcapng"
    written(path, f"S: +OK\nC: STLS\nS: +OK\nC: {record}\nS: {record}")
    assert tshark(path, "frame.number", only="tcp.analysis.flags") == []
    assert len(tshark(path, "frame.number", only='frame.comment contains "TLS: filler"')) == 2


def test_a_gap_is_nothing_but_a_gap(tmp_path: Path) -> None:
    """Much that was not read is missing: nothing is out of order, and what follows is read."""
    path, (exporter, stream) = tmp_path / "gap.pcapng", stream_exporter("pcapng")
    publish = told_to(exporter)
    play = session(publish, f"{LOGGED_IN}C: NOOP", end=None)
    unread = Opaque(Side.SERVER, b"", why=Why.TOO_LONG, counted=10_000_000_000)
    publish(Heard(play.reading.session, 2.0, unread, 2.0, play.reading.session.state))
    play.play("S: +OK\nC: STAT\nS: +OK 2 300")
    play.end(How.CLIENT_CLOSED)
    exporter.close()
    path.write_bytes(stream.getvalue())
    assert path.stat().st_size < 100_000
    wrong = "tcp.analysis.retransmission or tcp.analysis.out_of_order or tcp.analysis.keep_alive"
    assert tshark(path, "frame.number", only=wrong) == []
    assert tshark(path, "frame.number", only="tcp.analysis.lost_segment") != []
    commands = tshark(path, "pop.request.command", only="pop.request.command")
    assert commands == [["USER"], ["PASS"], ["NOOP"], ["STAT"]]
    replies = tshark(path, "pop.response.description", only="pop.response.indicator")
    assert replies[-1] == ["2 300"]


def test_it_reads_each_fin_and_reset_at_its_time(tmp_path: Path) -> None:
    exporter, stream = stream_exporter("pcapng")
    play = session(told_to(exporter), "S: +OK\nC: NOO\\c", end=None)
    play.reading.side_closed(Closing(Side.SERVER, 5.0, reset=False))
    play.reading.side_closed(Closing(Side.CLIENT, 9.0, reset=False))
    play.at = 9.0
    play.end(How.SERVER_CLOSED)
    exporter.close()
    path = tmp_path / "closed.pcapng"
    path.write_bytes(stream.getvalue())
    fins = tshark(path, "tcp.srcport", "frame.time_relative", only="tcp.flags.fin == 1")
    assert [(port, round(float(at))) for port, at in fins] == [("110", 4), ("50312", 8)]
    assert tshark(path, "frame.number", only="tcp.analysis.out_of_order") == []
