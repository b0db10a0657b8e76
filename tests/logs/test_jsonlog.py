"""The JSON log has one object a line, with the documented fields."""

import io
import json
from datetime import UTC, datetime

import pytest

from logs.dialogue import Stage
from pop3spy.logs import JsonLog
from pop3spy.logs.fields import EVENTS
from pop3spy.protocol.frames import Junk, Side
from pop3spy.protocol.why import Why
from pop3spy.session.chunk import Clock
from pop3spy.session.deeds import in_words
from pop3spy.session.events import Blinded, Intervened, Noted, Raised
from pop3spy.session.finding import AtFault, Finding, Severity
from pop3spy.session.glimpse import Glimpse
from pop3spy.session.how import Closing, How
from pop3spy.session.tls import Tls

LOGGED_IN = """
    S: +OK ready
    C: USER bob
    S: +OK
    C: PASS sesame123
    S: +OK
"""


def test_an_exchange_is_one_object() -> None:
    stage = Stage()
    stage.session().play(LOGGED_IN + "C: LIST\nS: +OK [IN-USE] \\x1b[2J\n1 120\n.")
    assert stage.events("command_answered")[-1] == {
        "time": "2026-11-23T10:00:00.008400Z",
        "event": "command_answered",
        "level": "info",
        "session": 1,
        "client": "127.0.0.1:50312",
        "server": "mail.example.org:110",
        "number": 3,
        "verb": "LIST",
        "line": "LIST",
        "sent": None,
        "injected": False,
        "state_before": "TRANSACTION",
        "state_after": "TRANSACTION",
        "ok": True,
        "code": "IN-USE",
        "text": "[IN-USE] \\x1b[2J",
        "odd": None,
        "latency": 0.0012,
        "duration": 0.0012,
        "octets": 7,
        "size": 7,
        "lines": 1,
        "wrong_shape": False,
        "error_inside": None,
        "complete": True,
        "pipelined": False,
        "misplaced": False,
        "steps": 0,
        "user": None,
    }


def test_a_banner_before_the_greeting_is_no_parting_line() -> None:
    stage = Stage()
    stage.session().play("S: hello\nS: +OK").end(How.CLIENT_CLOSED)
    assert stage.events("session_ended")[0]["parting"] is None


SECURED = Tls(
    "TLSv1.3",
    "AES",
    subject="mail\x1b[2J",
    issuer="CA",
    until="2027",
    names=("mail.example", "pop.example"),
    sha256="ab",
    chain=("mail", "CA"),
)


def test_tls_is_told_with_all_that_is_known_of_it() -> None:
    stage = Stage()
    stage.session().reading.secured(SECURED, 0.001)
    (told,) = stage.events("session_secured")
    assert list(told) == list(EVENTS["session_secured"].fields)
    facts = SECURED.facts() | {"names": "mail.example, pop.example", "chain": "mail < CA"}
    assert told["subject"] == "mail\\x1b[2J"
    assert {name: told[name] for name in facts} == facts | {"subject": "mail\\x1b[2J"}
    assert " · TLSv1.3, AES, certificate of mail\\x1b[2J" in stage.text.getvalue()


def test_an_unverified_certificate_is_told_as_such() -> None:
    stage = Stage()
    stage.session().reading.secured(Tls("TLSv1.2", "AES", verified=False, sha256="ab" * 32), 0.001)
    (told,) = stage.events("session_secured")
    assert (told["verified"], told["subject"], told["sha256"]) == (False, "", "ab" * 32)
    assert "certificate NOT verified" in stage.text.getvalue()


ASKED = Glimpse("client", "hello", ("TLS 1.3", "TLS 1.2"), "mail\x1b[2J", ("pop3",))


def test_what_is_seen_of_tls_that_passes_is_told_in_one_line_of_each_log() -> None:
    stage = Stage()
    stage.session().reading.glimpsed(ASKED, 0.001)
    (told,) = stage.events("tls_glimpsed")
    assert list(told) == list(EVENTS["tls_glimpsed"].fields)
    assert (told["side"], told["kind"], told["name"]) == ("client", "hello", "mail\\x1b[2J")
    assert (told["version"], told["protocol"]) == ("TLS 1.3, TLS 1.2", "pop3")
    assert (
        " · TLS passes unread: the client asks for mail\\x1b[2J, TLS 1.3, TLS 1.2, ALPN pop3\n"
        in stage.text.getvalue()
    )


def test_a_login_has_its_user_and_no_password() -> None:
    stage = Stage()
    stage.session().play(LOGGED_IN)
    login = stage.events("command_answered")[-1]
    assert (login["line"], login["user"], login["state_after"]) == (
        f"PASS {'█' * 8}",
        "bob",
        "TRANSACTION",
    )


def test_a_command_that_nobody_knows_has_no_verb() -> None:
    stage = Stage()
    stage.session().play(LOGGED_IN + "C: sesame\nS: -ERR sesame?")
    answered = stage.events("command_answered")[-1]
    assert (answered["verb"], answered["line"], answered["text"]) == (
        None,
        "█" * 8,
        f"{'█' * 8}?",
    )


def test_a_session_is_summed_up_at_its_end() -> None:
    stage = Stage()
    play = stage.session().play(
        LOGGED_IN + "C: CAPA\nS: +OK\nTOP\nX-\\x1b[2J\n.\nC: DELE 1\nS: +OK\nC: QUIT\nS: +OK bye"
    )
    play.end()
    ended = stage.events("session_ended")[0]
    assert {name: ended[name] for name in ("how", "why", "state", "user", "login", "greeting")} == {
        "how": "quit",
        "why": None,
        "state": "UPDATE",
        "user": "bob",
        "login": "PASS",
        "greeting": "ready",
    }
    assert ended["capabilities"] == {"TRANSACTION": ["TOP", "X-\\x1b[2J"]}
    assert (ended["commands"], ended["deleted"], ended["blind"]) == (5, 1, False)


def test_a_server_that_does_not_answer_is_told() -> None:
    stage = Stage()
    stage.session().play(LOGGED_IN + "C: NOOP").end(How.SERVER_CLOSED, "gone\n")
    unanswered = stage.events("command_unanswered")[0]
    assert (unanswered["line"], unanswered["ok"], unanswered["latency"]) == ("NOOP", None, None)
    assert stage.events("session_ended")[0]["why"] == "gone\\n"


def test_a_stretch_is_one_object_however_many_pieces_it_came_in() -> None:
    stage = Stage()
    record = "\\x16\\x03\\x01\\x00\\x05abcde\\c"
    stage.session().play("S: +OK\nC: STLS\nS: +OK" + f"\nC: {record}" * 9).end(How.CLIENT_CLOSED)
    (stretch,) = stage.events("stretch_unread")
    assert (stretch["side"], stretch["why"], stretch["octets"]) == ("client", "tls", 90)
    assert stretch["duration"] == pytest.approx(8 * 0.0012)


def test_an_unasked_line_is_told() -> None:
    stage = Stage()
    stage.session().play("S: hello\nS: +OK\nS: * bye")
    assert [(found["why"], found["line"]) for found in stage.events("line_unpaired")] == [
        ("banner", "hello"),
        ("unasked", "* bye"),
    ]


def test_a_failure_of_reading_is_an_error() -> None:
    stage = Stage()
    play = stage.session()
    play.reading.secured(SECURED, 1.0)
    stage.bus.publish(Blinded(play.reading.session, 1.0, "ValueError at a.py:1 in f"))
    assert stage.events("session_blinded")[0]["level"] == "error"


def test_a_note_has_its_facts() -> None:
    stream, clock = io.StringIO(), Clock(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
    facts = {"url": "pop3://127.0.0.1:1110", "n": 1, "why": OSError("a\u2028b"), "x": float("nan")}
    JsonLog(stream, clock).note(Noted("listening", 1.5, {**facts, "event": "x", "time": "y"}))
    assert stream.getvalue().count("\n") == 1
    assert json.loads(stream.getvalue()) == {
        "time": "2026-11-23T10:00:01.500000Z",
        "event": "listening",
        "level": "info",
        "url": "pop3://127.0.0.1:1110",
        "n": 1,
        "why": "a\\u2028b",
        "x": "nan",
    }


def test_a_note_without_facts_is_whole() -> None:
    stream, clock = io.StringIO(), Clock(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
    JsonLog(stream, clock).note(Noted("dry_run", 1.5))
    assert stream.getvalue() == (
        '{"time": "2026-11-23T10:00:01.500000Z", "event": "dry_run", "level": "warning"}\n'
    )


FOUND = Finding(
    "odd",
    Severity.WARNING,
    (AtFault.SERVER, AtFault.NETWORK),
    "Something is odd\x1b[2J.",
    "look there.",
    0.5,
    2,
    {"octets": 3},
)


def every_event() -> Stage:
    """Return a stage on which every documented event has happened."""
    stage = Stage()
    play = stage.session().play(
        "S: banner\nS: \\xff\\xfb\\x01+OK\nC: NOOP\nS: -ERR\nC: LIST\nNOOP\nS: +OK\n."
    )
    noop = Junk(Side.CLIENT, b"NOOP\r\n", why=Why.UNASKED)
    stage.bus.publish(Intervened(play.reading.session, 1.0, noop, "drop", in_words("not sent")))
    play.reading.secured(SECURED, 1.0)
    play.reading.session.findings.append(FOUND)
    stage.bus.publish(Raised(play.reading.session, 1.0, FOUND))
    play.reading.glimpsed(Glimpse("client", "hello", ("TLS 1.3",), "mail\x1b[2J"), 1.0)
    stage.bus.publish(Blinded(play.reading.session, 1.0, "ValueError"))
    play.reading.side_closed(Closing(Side.CLIENT, 1.0, reset=False))
    play.end(How.CLIENT_CLOSED, "went away")
    return stage


def test_every_documented_event_and_field_is_written_and_no_other() -> None:
    stage = every_event()
    objects = stage.objects
    assert stage.json.getvalue() == "".join(f"{json.dumps(found)}\n" for found in objects)
    assert {found["event"] for found in objects} == set(EVENTS)
    for found in objects:
        assert list(found) == list(EVENTS[found["event"]].fields)


def test_every_how_and_why_is_documented() -> None:
    how = EVENTS["session_ended"].fields["how"]
    whys = EVENTS["stretch_unread"].fields["why"]
    assert all(f"`{value.value}`" in how for value in How)
    assert all(f"`{value.name.lower()}`" in whys for value in Why)
