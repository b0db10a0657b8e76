"""The ladder of a session: who said what in which state, and who kept whom waiting.

It has one row for each arrow, each wait and each thing beside; what is alike is told once.
"""

from collections.abc import Iterator

from pop3spy.protocol.frames import Side
from pop3spy.protocol.states import BEFORE_LOGIN, State
from pop3spy.protocol.text import count
from pop3spy.report.collected import Aside, AsideKind, CollectedExchange, CollectedSession
from pop3spy.report.ladder_row import LadderRow, RowKind
from pop3spy.report.ladder_runs import shortened
from pop3spy.report.ladder_waits import LEAST, with_waits
from pop3spy.report.words import took
from pop3spy.session.finding import Finding
from pop3spy.session.how import How
from pop3spy.session.lines import line_text


def ladder_of(collected: CollectedSession) -> list[LadderRow]:
    """Return the rows of a session, each with the time that passed before it."""
    rows = sorted(_rows(collected), key=lambda row: row.at)
    return list(with_waits(collected, [*rows, _end(collected)]))


def _rows(collected: CollectedSession) -> Iterator[LadderRow]:
    if collected.greeted_at is not None:
        yield LadderRow(
            RowKind.SERVER,
            collected.greeted_at,
            collected.greeting,
            state=State.GREETING.value,
            took=took(collected.greeted_at - collected.opened_at),
            refused=collected.session.refused,
        )
    for item in shortened(collected.items):
        match item:
            case CollectedExchange():
                yield from _exchange(item)
            case Aside():
                yield _aside(item)
            case LadderRow():
                yield item


def _aside(item: Aside) -> LadderRow:
    own = item.kind is AsideKind.OWN
    return LadderRow(
        RowKind.ASIDE,
        item.at,
        "" if own else item.text,
        side=item.side,
        own=[item.text] if own else (),
        tls=item.kind is AsideKind.TLS,
        broken=item.kind.look == "odd",
    )


def _exchange(item: CollectedExchange) -> Iterator[LadderRow]:
    yield _command(item)
    for line in item.inner:
        kind = RowKind.CLIENT if line.side is Side.CLIENT else RowKind.SERVER
        yield LadderRow(kind, line.at, line.text, exchange=item.number, broken=line.stray)
    if item.exchange.status is not None:
        yield from _reply(item)
    elif not item.exchange.kept:
        yield LadderRow(
            RowKind.ASIDE,
            item.ended_at,
            "taken for the reply" if item.exchange.odd else "no reply",
            side=Side.SERVER,
            exchange=item.number,
            broken=True,
            findings=_first_seen(item),
        )


def _command(item: CollectedExchange) -> LadderRow:
    exchange = item.exchange
    return LadderRow(
        RowKind.CLIENT,
        item.at,
        line_text(exchange.said),
        state=exchange.state_before.value,
        took="pipelined" if exchange.line.pipelined else "",
        exchange=item.number,
        half=exchange.kept,
        own=[line for deed in item.deeds for line in deed.lines],
        logged_in=exchange.state_before not in BEFORE_LOGIN,
    )


def _reply(item: CollectedExchange) -> Iterator[LadderRow]:
    """Yield the status line, and a row for a body that was long in coming."""
    exchange = item.exchange
    assert exchange.status is not None
    at = item.at if exchange.answered_at is None else exchange.answered_at
    wait = exchange.latency
    if item.inner:  # the reply began with the first challenge, and its status comes last
        spoken = item.inner[-1].at
        at = max(at, spoken, exchange.ended_at or spoken)
        wait = at - spoken
    split = item.transfer is not None and item.transfer >= LEAST
    found = _first_seen(item)
    yield LadderRow(
        RowKind.SERVER,
        at,
        line_text(exchange.status),
        "" if split else _body_words(item),
        took=took(wait),
        exchange=item.number,
        half=exchange.kept,
        refused=not exchange.status.ok,
        broken=item.broken and not split,
        logged_in=exchange.state_after not in BEFORE_LOGIN,
        findings=() if split and item.broken else found,
    )
    if split:
        yield LadderRow(
            RowKind.SERVER,
            item.ended_at,
            "",
            _body_words(item),
            took=took(item.transfer),
            exchange=item.number,
            broken=item.broken,
            findings=found if item.broken else (),
        )


def _first_seen(item: CollectedExchange) -> list[Finding]:
    """Return what was found there first: a ladder says it once."""
    return [finding for finding in item.findings if finding.exchange == item.number]


def _body_words(item: CollectedExchange) -> str:
    body = item.exchange.body
    if body is None:
        return ""
    return f"+ {count(body.size, 'octet')}{', broken off' if item.broken else ''}"


def _end(collected: CollectedSession) -> LadderRow:
    how = collected.session.how
    return LadderRow(
        RowKind.END,
        collected.ended_at,
        how.logged,
        collected.why,
        state="end",
        took=took(collected.duration),
        broken=how is not How.QUIT,
        side=how.by or Side.CLIENT,
        findings=collected.at_its_end,
    )
