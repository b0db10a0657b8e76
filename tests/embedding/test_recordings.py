"""Recordings of every kind as objects."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from capture.packets.talk import Talk
from capture.packets.wire import RAW, pcap, timed
from pop3spy import (
    CaptureError,
    Event,
    Reader,
    Session,
    Severity,
    play_recording,
    read_recording,
    serve,
)
from pop3spy.findings import RULES, own_rules
from pop3spy.session.events import Answered

CAPTURES = Path(__file__).parents[2] / "captures"

SAID = [
    ("S", b"+OK ready\r\n"),
    ("C", b"USER bob\r\n"),
    ("S", b"+OK\r\n"),
    ("C", b"PASS sesame123\r\n"),
    ("S", b"+OK Logged in.\r\n"),
    ("C", b"QUIT\r\n"),
    ("S", b"+OK\r\n"),
]


def as_pcap(folder: Path) -> Path:
    talk = Talk(to=8110).open()
    for side, data in SAID:
        talk.client(data) if side == "C" else talk.server(data)
    file = folder / "talk.pcap"
    file.write_bytes(pcap(timed(talk.close().packets), RAW))
    return file


def as_rawlog(folder: Path) -> Path:
    for side, name in (("C", "talk.in"), ("S", "talk.out")):
        lines = [
            b"%d.000000 %s" % (1_600_000_000 + at, data)
            for at, (who, data) in enumerate(SAID)
            if who == side
        ]
        (folder / name).write_bytes(b"".join(lines))
    return folder / "talk.in"


@pytest.mark.parametrize("make", [as_pcap, as_rawlog], ids=["packets", "a rawlog"])
def test_every_kind_of_recording_has_sessions_and_exchanges(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    recording = read_recording(make(tmp_path))
    (session,) = recording.sessions
    assert session.user == "bob"
    assert [each.command.verb for each in recording.exchanges] == ["USER", "PASS", "QUIT"]
    assert "sesame" not in repr(recording)


def test_its_times_count_from_its_date() -> None:
    recording = read_recording(CAPTURES / "dovecot-user.yaml")
    first = recording.exchanges[0]
    assert recording.date(first.asked_at) > recording.started
    assert recording.started.tzinfo is not None


def test_findings_are_with_the_session_and_with_the_recording() -> None:
    recording = read_recording(CAPTURES / "dovecot-refused.yaml")
    assert list(recording.findings) == recording.sessions[0].findings
    assert max(one.severity.value for one in recording.findings) == Severity.ERROR.value


def test_every_exchange_of_a_long_session_is_there(tmp_path: Path) -> None:
    file = tmp_path / "long.yaml"
    with (
        serve(record=file) as server,
        socket.create_connection((server.host, server.port)) as peer,
    ):
        peer.sendall(b"NOOP\r\n" * 1200)
        server.wait_for_exchanges(1200, timeout=30)
    assert len(read_recording(file).exchanges) == 1200


def test_what_is_no_recording_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "mail.txt"
    file.write_text("Dear all\n")
    with pytest.raises(CaptureError) as raised:
        read_recording(file)
    assert str(file) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_rules_of_ones_own_are_asked(tmp_path: Path) -> None:
    before = set(own_rules())
    page = (CAPTURES.parent / "docs" / "extending.md").read_text()
    rule = page.partition("```python\n")[2].partition("```")[0].replace("10_000_000", "1")
    file = tmp_path / "ours.py"
    file.write_text(rule)
    try:
        recording = read_recording(CAPTURES / "postoffice-user.yaml", rules=[file])
    finally:
        for name in set(RULES) - before:
            del RULES[name]
    assert "ours-large-message" in [finding.id for finding in recording.findings]


def test_subscribers_have_every_event_and_may_want_no_session() -> None:
    seen: list[Event] = []

    def nothing(_: Session) -> None:
        return None

    def everything(_: Session) -> Reader:
        return seen.append

    play_recording(CAPTURES / "dovecot-user.yaml", nothing, everything)
    recording = read_recording(CAPTURES / "dovecot-user.yaml")
    assert sum(isinstance(event, Answered) for event in seen) == len(recording.exchanges)


def test_what_a_subscriber_raises_ends_it() -> None:
    def fail(_: Session) -> Reader:
        raise LookupError

    with pytest.raises(LookupError):
        play_recording(CAPTURES / "dovecot-user.yaml", fail)
