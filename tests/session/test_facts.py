"""What machines are told of an exchange is what ``json.dumps`` makes of it, to the octet."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given

from cases.conversation import steps
from cases.reading import live
from cases.test_cases import CASES
from pop3spy.logs.fields import EVENTS
from pop3spy.protocol.commands import line_of, parse_command
from pop3spy.protocol.frames import CommandLine, Side, StatusLine
from pop3spy.protocol.states import State
from pop3spy.protocol.text import MASK, show
from pop3spy.session.bus import Reader
from pop3spy.session.events import Answered, Event, Unanswered
from pop3spy.session.facts import facts_of
from pop3spy.session.lines import line_text, within
from pop3spy.session.model import Exchange, Session
from session.exchanges import exchanges

_OF_EVERY_EVENT = list(EVENTS["session_opened"].fields)


def facts(exchange: Exchange) -> Iterator[tuple[str, object]]:
    """Yield facts of *exchange* as values, put together with less haste."""
    said, status, body = exchange.said, exchange.status, exchange.body
    yield "number", said.number
    yield "verb", said.command.spec.name if said.command.spec else None
    yield "line", line_text(said)
    yield "sent", "" if exchange.kept else line_text(exchange.line) if exchange.changed else None
    for name in ("injected", "wrong_shape", "complete", "misplaced", "steps", "user"):
        yield name, getattr(exchange, name)
    yield "state_before", exchange.state_before.value
    yield "state_after", exchange.state_after.value
    for name in ("latency", "duration"):
        seconds = getattr(exchange, name)
        yield name, None if seconds is None else round(seconds, 6)
    for name in ("octets", "size", "lines"):
        yield name, getattr(body, name) if body else None
    error = body.error_inside if body else None
    yield "error_inside", None if error is None else show(error)
    yield "pipelined", said.pipelined
    yield "ok", status.ok if status else None
    yield "code", status.code if status else None
    yield "text", _text(status) if status else None
    yield "odd", line_text(exchange.odd) if exchange.odd and not status else None


def _text(status: StatusLine) -> str:
    end = len(line_of(status.raw))
    return show(status.text, within(status.masks, end - len(status.text), end))


def check(exchange: Exchange) -> None:
    text = f"{{{facts_of(exchange)}}}"
    told = json.loads(text)
    assert text == json.dumps(told)
    assert [*_OF_EVERY_EVENT, *told] == list(EVENTS["command_answered"].fields)
    known = dict(facts(exchange))
    assert json.dumps({name: told[name] for name in known}) == json.dumps(known)


@given(exchanges())
def test_an_exchange_of_any_kind_is_told_as_json_has_it(exchange: Exchange) -> None:
    check(exchange)


def test_a_secret_that_looks_like_what_is_always_said_is_hidden() -> None:
    command, status = b"NOOP\r\n", b"+OK NOOP\r\n"
    for line_masks, status_masks in (((), ()), (((0, 4),), ((4, 8),))):
        line = CommandLine(Side.CLIENT, command, 1, line_masks, command=parse_command(command))
        reply = StatusLine(Side.SERVER, status, 1, status_masks, ok=True)
        told = facts_of(Exchange(line, 0.0, State.TRANSACTION, State.TRANSACTION, reply))
        shown = json.dumps(MASK if line_masks else "NOOP")
        assert f'"line": {shown}, ' in told
        assert f'"text": {shown}, ' in told


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_exchange_seen_in_the_wild_is_told_as_json_has_it(case: str) -> None:
    checked: list[Exchange] = []

    def checks(_: Session) -> Reader:
        def read(event: Event) -> None:
            if isinstance(event, Answered | Unanswered):
                check(event.exchange)
                checked.append(event.exchange)

        return read

    live(steps(case), checks)
    assert checked or " C: " not in case
