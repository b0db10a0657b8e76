"""Notes are sentences, one line each, and a failure is told without what it was about."""

import errno
import io
from datetime import UTC, datetime

import pytest

from logs.dialogue import CLIENT, SERVER, Stage
from pop3spy.logs import Notes, Transcript, reader_failed
from pop3spy.logs.notes import NOTES
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted, Opened
from pop3spy.session.failure import describe
from pop3spy.session.model import Session


def told(event: Noted, *, colour: bool = False, clock: Clock | None = None) -> str:
    stream = io.StringIO()
    Notes(stream, clock, colour=colour)(event)
    return stream.getvalue()


def test_the_address_in_use_is_told() -> None:
    assert (
        told(Noted("listening", 0.0, {"url": "pop3://127.0.0.1:1110"}))
        == "pop3spy: listening on pop3://127.0.0.1:1110\n"
    )


def test_a_sentence_says_more_when_more_is_known() -> None:
    facts = {"url": "pop3://127.0.0.1:1110", "upstream": "pop3://mail.example.org:110"}
    facts["tls"] = "STLS passes unread"
    assert (
        told(Noted("listening", 0.0, facts)) == "pop3spy: listening on pop3://127.0.0.1:1110,"
        " relaying to pop3://mail.example.org:110 (STLS passes unread)\n"
    )


def test_facts_without_a_place_in_the_sentence_follow_it() -> None:
    facts = {"url": "pop3://127.0.0.1:1110", "moon": "full"}
    assert (
        told(Noted("listening", 0.0, facts))
        == "pop3spy: listening on pop3://127.0.0.1:1110 moon=full\n"
    )


@pytest.mark.parametrize("name", NOTES)
def test_a_note_without_its_facts_is_still_a_line(name: str) -> None:
    assert told(Noted(name, 0.0)).count("\n") == 1


def test_a_note_that_nobody_knows_is_told_by_its_name() -> None:
    assert told(Noted("moon_rose", 0.0, {"phase": "full"})) == "pop3spy: moon_rose phase=full\n"


def test_what_failed_is_an_error() -> None:
    assert told(Noted("x_failed", 0.0)) == "pop3spy: error: x_failed\n"
    assert told(Noted("x_failed", 0.0), colour=True) == "pop3spy: \x1b[31merror: x_failed\x1b[0m\n"


def test_a_fact_cannot_break_the_line() -> None:
    line = told(Noted("listening", 0.0, {"url": "a\r\n\x1b[2J\u2028\u202e{x}%s", "x\n": 1}))
    assert line == "pop3spy: listening on a\\r\\n\\x1b[2J\\u2028\\u202e{x}%s x\\n=1\n"


def test_in_a_file_a_note_has_its_date() -> None:
    clock = Clock(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
    assert told(Noted("ended", 61.0), clock=clock) == "2026-11-23 10:01:01Z pop3spy: ended\n"


def _fail(secret: str) -> None:
    raise ValueError(secret)


def test_a_failure_is_described_by_its_places_only() -> None:
    try:
        _fail("hunter2")
    except ValueError as error:
        text = describe(error)
    assert "hunter2" not in text
    assert text.startswith("ValueError at logs/test_notes.py:")
    assert "in _fail, from logs/test_notes.py:" in text


def test_a_log_that_fails_is_told_once_and_its_reason_holds_no_secret() -> None:
    class Failing(io.StringIO):
        def write(self, text: str, /) -> int:
            raise ValueError(text)

    stream = io.StringIO()
    bus = Bus(lambda reader, error: bus.publish(reader_failed(reader, error, 0.0)))
    bus.subscribe(Transcript(Failing()))
    bus.subscribe_to_notes(Notes(stream))
    session = Session(1, CLIENT, SERVER, 0.0)
    for _ in range(3):
        bus.publish(Opened(session, 0.0))
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().startswith(
        "pop3spy: error: Transcript failed, traffic goes on: ValueError at "
    )
    assert "mail.example.org" not in stream.getvalue()


def test_why_a_log_could_not_be_written_is_told() -> None:
    note = reader_failed(lambda _: None, OSError(errno.ENOSPC, "x", "/some/file"), 0.0)
    assert "No space left on device; OSError" in told(note)
    assert "/some/file" not in told(note)


def test_a_failing_log_does_not_stop_the_others() -> None:
    stage = Stage()
    failing = _closed()
    bus = Bus(lambda _reader, _error: None)
    bus.subscribe(Transcript(failing))
    bus.subscribe(stage.transcript)
    bus.publish(Opened(Session(1, CLIENT, SERVER, 0.0), 0.0))
    assert len(stage.rows) == 1


def _closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream
