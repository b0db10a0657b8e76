"""A packet capture tells the same facts as a live session, at the time of its packets."""

import io
from datetime import UTC, datetime
from functools import partial

import pytest

from capture.packets.talk import Talk
from capture.packets.wire import RAW, pcap, timed
from capture.test_recorded_facts import TALKS, told
from capture.test_round_trip import live, read
from dialogue import said
from pop3spy.capture.header import Header
from pop3spy.capture.packets import read_packets
from pop3spy.capture.recorder import Recorder
from pop3spy.protocol.frames import Side
from pop3spy.redaction.secret_memory import SecretMemory
from pop3spy.session.events import Event
from pop3spy.session.playback import play_back
from redaction.facts_told import jwt, xoauth2

SECOND = 10**18 // 10**9
"""When the first packet comes, in seconds since 1970."""
SESSION = "S: +OK\nC: USER bob\nS: +OK\nC: PASS sesame123\nS: {}\nC: QUIT\nS: +OK"


def packets(*scripts: str) -> bytes:
    """Return a capture of sessions, one behind the other."""
    found = []
    for number, script in enumerate(scripts):
        talk = Talk(port=50000 + number).open()
        for side, data in said(script):
            if data:
                (talk.client if side is Side.CLIENT else talk.server)(data)
        found += talk.close().packets
    return pcap(timed(found), RAW)


def events_of(capture: bytes) -> tuple[list[Event], str]:
    """Return what a packet capture tells, and a recording of it."""
    events: list[Event] = []
    tape = read_packets(io.BytesIO(capture), "test")
    assert tape.started is not None
    out = io.BytesIO(Header(tape.started).lines().encode())
    out.seek(0, io.SEEK_END)
    recorder = partial(Recorder, bodies="keep", write=out.write)
    play_back(tape, lambda _: events.append, recorder, memory=SecretMemory(tape.started))
    return events, out.getvalue().decode()


@pytest.mark.parametrize("script", TALKS)
def test_packets_tell_the_facts_that_are_told_live(script: str) -> None:
    found = told(events_of(packets(script))[0])
    for _, facts in found:
        facts.pop("token_time", None)  # here nobody knows the date
    assert found == told(live(said(script))[0])


def test_a_secret_is_known_again_in_the_next_session_of_a_capture() -> None:
    events, recording = events_of(packets(SESSION.format("-ERR no"), SESSION.format("+OK")))
    same = [facts["same_secret"] for _, facts in told(events) if "same_secret" in facts]
    assert same == ["new", "1:2 refused"]
    assert told(read(recording)) == told(events)


def test_a_token_has_run_out_when_its_packet_came_or_not() -> None:
    for expires, time in ((SECOND - 61, "expired 1 min"), (SECOND + 1, "valid")):
        script = f"S: +OK\nC: AUTH XOAUTH2\nS: + \nC: {xoauth2(jwt({'exp': expires}))}\nS: -ERR"
        events, recording = events_of(packets(script))
        for heard in (events, read(recording)):
            assert [facts["token_time"] for _, facts in told(heard) if "token_time" in facts] == [
                time
            ]


def test_the_first_packet_came_then() -> None:
    tape = read_packets(io.BytesIO(packets("S: +OK")), "test")
    assert tape.started == datetime.fromtimestamp(SECOND, UTC)


def test_the_filler_in_exported_packets_is_taken_for_no_secret() -> None:
    filler = "********"
    script = f"S: +OK\nC: USER bob\nS: +OK\nC: PASS {filler}\nS: -ERR not {filler}\n"
    script += f"C: AUTH PLAIN\nS: + \nC: {filler}\nS: -ERR\nC: {filler}\nS: -ERR"
    assert told(events_of(packets(script, script))[0]) == []
