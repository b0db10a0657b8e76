"""A span a session, an event an exchange, a log record a finding."""

import pytest
from opentelemetry.trace import StatusCode

from dialogue import said
from otlp.collected import Kept
from pop3spy.findings import Findings, own_rules
from pop3spy.logs.fields import EVENTS
from pop3spy.otlp.attributes import AT_THE_END, CONVENTIONAL, ERRORS
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.session.bus import Bus, NoteReader, Subscriber
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading

SESSION = """
    S: +OK ready
    C: CAPA
    S: +OK
    S: TOP
    S: UIDL
    S: .
    C: USER bob
    S: +OK
    C: PASS sesame123
    S: +OK in
    C: STAT
    S: -ERR [SYS/TEMP] not now
    C: QUIT
    S: +OK
"""


def told(
    script: str = SESSION, how: How = How.QUIT, why: str = "", *, strict: bool = False
) -> tuple[Kept, Clock]:
    """Return what is told of a session whose chunks come a second apart."""
    clock = Clock()
    kept, bus = Kept(clock), Bus(_fails)
    bus.subscribe(Findings(bus.publish, own_rules(), _rule_fails))
    bus.subscribe(kept.subscriber)
    client, server = Peer("192.0.2.77", 50312), Peer("pop.example.org", 110)
    names = Pseudonyms() if strict else None
    reading, at = Reading(1, client, server, 0.0, bus.publish, names=names), 0.0
    for side, data in said(script):
        at += 1.0
        if data is not None:
            reading.hear(Chunk(side, data, at))
    reading.end(at, Ending(how, why))
    return kept, clock


def _fails(reader: Subscriber | NoteReader, error: Exception) -> None:
    raise AssertionError(f"{reader} failed") from error


def _rule_fails(rule: object, error: Exception) -> None:
    raise AssertionError(f"{rule} failed") from error


def test_a_session_is_a_span() -> None:
    kept, clock = told()
    (span,) = kept.spans
    attributes = span.attributes or {}
    assert span.name == "pop3 session"
    assert attributes["client.address"] == "192.0.2.77"
    assert attributes["client.port"] == 50312
    assert attributes["server.address"] == "pop.example.org"
    assert attributes["user.name"] == attributes["pop3.user"] == "bob"
    assert attributes["pop3.how"] == "quit"
    assert attributes["pop3.commands"] == 5
    assert attributes["pop3.capabilities.AUTHORIZATION"] == ("TOP", "UIDL")
    assert "cleartext-password" in str(attributes["pop3.findings"])
    assert span.start_time == int(clock.started.timestamp() * 1e9)
    assert span.end_time == span.start_time + 14 * 10**9
    assert span.status.status_code is StatusCode.UNSET
    assert "error.type" not in attributes


def test_an_exchange_is_an_event_of_it() -> None:
    kept, clock = told()
    events = [each for each in kept.spans[0].events if each.name == "command_answered"]
    assert [(each.attributes or {})["pop3.verb"] for each in events] == [
        *("CAPA", "USER", "PASS", "STAT", "QUIT")
    ]
    stat = events[3]
    attributes = stat.attributes or {}
    assert attributes["pop3.ok"] is False
    assert attributes["pop3.code"] == "SYS/TEMP"
    assert attributes["pop3.latency"] == 1.0
    assert attributes["pop3.line"] == "STAT"
    assert stat.timestamp == int(clock.started.timestamp() * 1e9) + 12 * 10**9
    assert "sesame123" not in kept.texts()


def test_a_finding_is_a_log_record_of_its_span() -> None:
    kept, _ = told()
    (span,) = kept.spans
    record = next(
        each for each in kept.records if each.attributes["pop3.id"] == "cleartext-password"
    )
    context = span.get_span_context()
    assert context is not None
    assert record.trace_id == context.trace_id
    assert record.span_id == context.span_id
    assert record.severity_text == "error"
    assert record.event_name == "finding_raised"
    assert str(record.body).startswith("The password crossed the network without TLS")
    assert record.attributes["pop3.fault"] == ("config",)
    assert record.attributes["pop3.remedy"]


@pytest.mark.parametrize("how", How)
def test_an_end_that_is_an_error_is_one_of_the_span(how: How) -> None:
    kept, _ = told(how=how, why="nobody knows")
    (span,) = kept.spans
    error = how.value in ERRORS
    assert (span.status.status_code is StatusCode.ERROR) is error
    assert ((span.attributes or {}).get("error.type") == how.value) is error
    assert span.status.description == ("nobody knows" if error else None)


def test_a_long_session_keeps_its_last_exchanges_and_counts_the_others() -> None:
    kept, _ = told("S: +OK\n" + "C: NOOP\nS: +OK\n" * 300)
    (span,) = kept.spans
    assert len(span.events) < 200
    assert len(span.events) + span.dropped_events == 300
    assert (span.events[-1].attributes or {})["pop3.number"] == 300


def test_with_strict_no_name_is_told() -> None:
    kept, _ = told(strict=True)
    for name in ("bob", "192.0.2.77", "50312", "pop.example.org", "sesame123"):
        assert name not in kept.texts()
    assert (kept.spans[0].attributes or {})["user.name"] == "user-1"


def test_every_attribute_is_one_of_the_docs() -> None:
    known = {*CONVENTIONAL, *AT_THE_END}
    known |= {f"pop3.{field}" for event in EVENTS.values() for field in event.fields}
    kept, _ = told()
    (span,) = kept.spans
    names = {*(span.attributes or {})}
    names |= {name for event in span.events for name in event.attributes or {}}
    names |= {name for record in kept.records for name in record.attributes}
    assert {
        name for name in names if name not in known and name.rpartition(".")[0] not in known
    } == set()
