"""Wireshark's decoder reads an exported session and sees every command and every reply."""

import subprocess
from pathlib import Path

import pytest

from export.playing import exported
from export.test_dialogue import WHOLE_SESSION
from lab.processes import need
from pop3spy.session.model import How

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


def test_it_knows_a_gap_from_octets(tmp_path: Path) -> None:
    record = "\\x16\\x03\\x01\\x00\\x05abcde\\c"
    path = tmp_path / "tls.pcapng"
    script = f"S: +OK\nC: STLS\nS: +OK\nC: {record}\nS: {record}"
    path.write_bytes(exported("pcapng", script, end=How.CLIENT_CLOSED))
    lost = tshark(path, "frame.number", only="tcp.analysis.lost_segment")
    assert len(lost) == 2
