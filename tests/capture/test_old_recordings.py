"""Recordings of the version before: their frames are the same, whatever is read otherwise today."""

import json
from dataclasses import replace

import pytest

from capture.test_round_trip import read
from dialogue import lines, told
from pop3spy.protocol.frames import Frame, Opaque
from pop3spy.session.events import Answered, Event, Heard, Unanswered

HEAD = """pop3spy: 1
started: "2026-11-23T10:00:00.000000Z"
program: "pop3spy 0.1.0"
redaction: secrets
bodies: keep
records:
- [0.500000000, 1, "open", {"client": "192.0.2.1:50312", "server": "mail.example.org:110"}]
"""
END = '- [1.500000000, 1, "close", {"how": "quit", "why": ""}]\n'

OLD = {
    "a whole session": (
        r"""
        - [0.501, 1, "S", "+OK ready\r\n"]
        - [0.502, 1, "C", "USER bob\r\n"]
        - [0.503, 1, "S", "+OK\r\n"]
        - [0.504, 1, "C", "PASS ████████\r\n"]
        - [0.505, 1, "S", "+OK\r\n"]
        - [0.506, 1, "C", "RETR 1\r\n"]
        - [0.507, 1, "S", "+OK 7 octets\r\n"]
        - [0.507, 1, "S", "hello\r\n"]
        - [0.507, 1, "S", ".\r\n"]
        """,
        r"""
        S - +OK ready
        C 1 USER bob
        S 1 +OK
        C 2 PASS ********
        S 2 +OK
        C 3 RETR 1
        S 3 +OK 7 octets (body)
        S 3 | hello\r\n
        S 3 . (end)
        """,
        "1 2 3",
    ),
    "an odd line, behind which the rest of the read was not read": (
        r"""
        - [0.501, 1, "S", "+OK ready\r\n"]
        - [0.502, 1, "C", "STAT\r\n"]
        - [0.503, 1, "S", "what?\r\n"]
        - [0.503, 1, "opaque", {"side": "S", "why": "out_of_step", "octets": 11}]
        - [0.504, 1, "C", "NOOP\r\n"]
        - [0.505, 1, "S", "+OK\r\n"]
        - [0.506, 1, "C", "QUIT\r\n"]
        - [0.507, 1, "S", "+OK\r\n"]
        """,
        """
        S - +OK ready
        C 1 STAT
        S 1 what? (line without a status where a reply is due)
        S - 11 octets (commands and replies are out of step)
        C 2 NOOP
        S 2 +OK
        C 3 QUIT
        S 3 +OK
        """,
        "1 2 3",
    ),
    "a client that spoke ahead, of which nothing more was read": (
        r"""
        - [0.501, 1, "S", "+OK ready\r\n"]
        - [0.502, 1, "C", "STAT\r\n"]
        - [0.502, 1, "C", "NOOP\r\n"]
        - [0.503, 1, "S", "what?\r\n"]
        - [0.503, 1, "opaque", {"side": "S", "why": "out_of_step", "octets": 11}]
        - [0.504, 1, "opaque", {"side": "C", "why": "out_of_step", "octets": null}]
        - [0.505, 1, "opaque", {"side": "S", "why": "out_of_step", "octets": 5}]
        - [0.506, 1, "opaque", {"side": "C", "why": "out_of_step", "octets": null}]
        """,
        """
        S - +OK ready
        C 1 STAT
        C 2 NOOP (pipelined)
        S 1 what? (line without a status where a reply is due)
        S - 11 octets (commands and replies are out of step)
        C - 0 octets (commands and replies are out of step)
        S - 5 octets (commands and replies are out of step)
        C - 0 octets (commands and replies are out of step)
        """,
        "1 no 2",
    ),
    "clear text behind STLS, and TLS": (
        r"""
        - [0.501, 1, "S", "+OK ready\r\n"]
        - [0.502, 1, "C", "STLS\r\n"]
        - [0.503, 1, "S", "+OK\r\n"]
        - [0.502, 1, "opaque", {"side": "C", "why": "behind_stls", "octets": null}]
        - [0.504, 1, "opaque", {"side": "C", "why": "tls", "octets": 60}]
        - [0.505, 1, "opaque", {"side": "S", "why": "tls", "octets": 70000}]
        """,
        """
        S - +OK ready
        C 1 STLS
        S 1 +OK
        C - 0 octets (clear text behind STLS)
        C - 60 octets (TLS)
        S - 70000 octets (TLS)
        """,
        "1",
    ),
    "the header of a TLS record, taken for TLS": (
        r"""
        - [0.501, 1, "S", "+OK ready\r\n"]
        - [0.502, 1, "C", "NOOP\r\n"]
        - [0.503, 1, "opaque", {"side": "S", "why": "tls", "octets": 10}]
        - [0.504, 1, "C", "QUIT\r\n"]
        - [0.505, 1, "opaque", {"side": "S", "why": "tls", "octets": 5}]
        """,
        """
        S - +OK ready
        C 1 NOOP
        S - 10 octets (TLS)
        C 2 QUIT (pipelined)
        S - 5 octets (TLS)
        """,
        "no 1 no 2",
    ),
    "a banner, and a message that was dropped": (
        r"""
        - [0.501, 1, "S", "welcome\r\n"]
        - [0.502, 1, "S", "+OK ready\r\n"]
        - [0.503, 1, "C", "TOP 1 0\r\n"]
        - [0.504, 1, "S", "+OK\r\n"]
        - [0.504, 1, "omitted", {"side": "S", "octets": 12, "lines": 2, "stuffed": 1}]
        - [0.505, 1, "S", ".\r\n"]
        """,
        r"""
        S - welcome (line before the greeting)
        S - +OK ready
        C 1 TOP 1 0
        S 1 +OK (body)
        S 1 | ..\r\nxxxxxx\r\n
        S 1 . (end)
        """,
        "1",
    ),
}


@pytest.mark.parametrize(("records", "frames", "exchanges"), OLD.values(), ids=OLD)
def test_a_recording_of_the_version_before_has_its_frames(
    records: str, frames: str, exchanges: str
) -> None:
    events = read(f"{HEAD}{lines(records)}\n{END}")

    assert _frames(events) == lines(frames)
    assert " ".join(map(_outcome, _ends(events))) == exchanges


def test_any_octet_is_what_it_was_in_the_version_before() -> None:
    """There octet n was character n, and from 0x7f to 0x9f an escape."""
    line = b"+OK " + bytes({*range(256)} - {*b"\r\n"}) + b"\r\n"
    written = json.dumps(line.decode("latin-1"), ensure_ascii=False)
    for code in range(0x7F, 0xA0):
        written = written.replace(chr(code), f"\\u{code:04x}")
    events = read(f'{HEAD}- [0.6, 1, "S", {written}]\n{END}')
    assert [event.frame.raw for event in events if isinstance(event, Heard)] == [line]


def _frames(events: list[Event]) -> str:
    """Return the frames as text, with as many octets of what was not read as may be known."""
    return told(_counted(event.frame) for event in events if isinstance(event, Heard))


def _counted(frame: Frame) -> Frame:
    return replace(frame, raw=bytes(frame.counted or 0)) if isinstance(frame, Opaque) else frame


def _ends(events: list[Event]) -> list[Answered | Unanswered]:
    return [event for event in events if isinstance(event, Answered | Unanswered)]


def _outcome(event: Answered | Unanswered) -> str:
    return f"{'no ' * isinstance(event, Unanswered)}{event.exchange.number}"
