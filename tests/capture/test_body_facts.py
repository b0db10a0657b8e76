"""A recording tells of a message that it does not keep what may be told: numbers, and no letter."""

import io
from functools import partial

import pytest
from hypothesis import given

from capture.test_round_trip import live, read
from capture.test_short_form import by_hand
from dialogue import said
from pop3spy.capture.header import Header
from pop3spy.capture.reader import CaptureReader
from pop3spy.capture.recorder import Recorder
from pop3spy.protocol.facts import Facts
from pop3spy.protocol.frames import BodyEnd
from pop3spy.session.body_facts import BODY_FACTS, accepted_of_body, facts_of_body, scan_told
from pop3spy.session.body_scan import ALL, BodyScan
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Event, Heard
from pop3spy.session.playback import play_back
from session.body_reader import facts_of_scan
from session.test_body_scan import bodies

MAIL = "Subject: caf\\xe9\\r\\n\\r\\n..dot\\na\\rb\\x00\\r\\n.\\r\\n"
TALK = f"""
S: +OK
C: RETR 1
S< +OK\\r\\n{MAIL}
C: RETR 2
S< +OK\\r\\nSubject: x\\r\\n\\r\\n.\\r\\n
C: RETR 1
S< +OK\\r\\n{MAIL}
C: LIST
S< +OK\\r\\n1 10\\r\\n.\\r\\n
"""
KEPT_NOT = pytest.mark.parametrize("kept", ["mask", "drop"])


def told(events: list[Event]) -> list[Facts]:
    """Return the facts about the bodies that are heard, those without any left out."""
    frames = [event.frame for event in events if isinstance(event, Heard)]
    return [frame.facts for frame in frames if isinstance(frame, BodyEnd) and frame.facts]


def recorded_again(capture: str, kept: str) -> str:
    out = io.BytesIO(Header(Clock().started, bodies=kept).lines().encode())
    out.seek(0, io.SEEK_END)
    again = partial(Recorder, bodies=kept, write=out.write)
    play_back(CaptureReader(io.StringIO(capture), "test"), again)
    return out.getvalue().decode()


def but_message_id(scan: BodyScan) -> dict[str, object]:
    facts = facts_of_scan(scan)
    header = facts["header"]
    return {**facts, "header": header[:-1] if isinstance(header, tuple) else header}


@given(bodies)
def test_who_reads_the_facts_knows_what_their_teller_knew(body: bytes) -> None:
    for exact in (ALL, 1 << 16):
        scan = BodyScan(exact=exact)
        scan.add(body)
        scan.end()
        read_again = scan_told(accepted_of_body(facts_of_body(scan)))
        assert read_again is not None
        assert but_message_id(read_again) == but_message_id(scan)


@KEPT_NOT
def test_the_facts_of_a_message_stand_before_its_lone_dot(kept: str) -> None:
    _, capture = live(said(TALK), kept)
    first, other, again = told(read(capture))
    assert first == {
        "body_octets": 29,
        "body_lines": 4,
        "body_bare_lf": 1,
        "body_bare_cr": 1,
        "body_stuffed": 1,
        "body_over_stuffed": 1,
        "body_unstuffed": 0,
        "body_lone_dots": 0,
        "body_nul": 1,
        "body_nul_at": 26,
        "body_longest_line": 998,
        "body_blank_line": True,
        "header_octets": 15,
        "header_lines": 1,
        "header_eight_bit": 1,
        "header_utf8": False,
        "same_body": 1,
        "same_stable": 1,
        "same_header": 1,
    }
    assert (other["same_body"], other["header_eight_bit"]) == (2, 0)
    assert again == first


def test_a_message_that_is_kept_needs_none() -> None:
    _, capture = live(said(TALK))
    assert told(read(capture)) == []


@KEPT_NOT
@pytest.mark.parametrize("again", ["keep", "mask", "drop"])
def test_the_facts_outlive_a_recording_of_the_recording(kept: str, again: str) -> None:
    _, capture = live(said(TALK), kept)
    facts = told(read(capture))
    assert told(read(recorded_again(capture, again))) == facts
    assert told(read(by_hand(capture))) == facts


def test_of_masked_letters_nothing_is_told() -> None:
    _, capture = live(said(TALK), "mask")
    older = "\n".join(line for line in capture.split("\n") if '"facts"' not in line)
    for facts in told(read(recorded_again(older, "drop"))):
        assert facts.keys() < BODY_FACTS.keys()
        assert not facts.keys() & {"header_eight_bit", "header_utf8", "same_body", "same_stable"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"body_octets": "hunter2"},
        {"body_octets": -1},
        {"body_octets": True},
        {"body_octets": 1 << 60},
        {"body_lines": 1.5},
        {"body_blank_line": 1},
        {"subject": 7},
    ],
)
def test_what_is_no_such_fact_is_left_out(wrong: dict[str, object]) -> None:
    assert accepted_of_body(wrong) == {}
