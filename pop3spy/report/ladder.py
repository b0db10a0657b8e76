"""The ladder of a session: who said what in which state, and who kept whom waiting.

It has one row for each arrow, each wait and each thing beside; what is alike is told once.
"""

from collections.abc import Iterable, Iterator

from pop3spy.protocol.frames import Side
from pop3spy.protocol.states import BEFORE_LOGIN, State
from pop3spy.protocol.text import count
from pop3spy.report.collected import Aside, AsideKind, CollectedExchange, CollectedSession
from pop3spy.report.ladder_row import LadderRow, Reach, RowKind
from pop3spy.report.ladder_runs import Item, shortened
from pop3spy.report.ladder_waits import LEAST, with_waits
from pop3spy.report.words import took
from pop3spy.session.finding import Finding
from pop3spy.session.how import How
from pop3spy.session.lines import line_text


def ladder_of(collected: CollectedSession, *, whole: bool = False) -> list[LadderRow]:
    """Return the rows of a session, each with the time that passed before it.

    *whole*: nothing is told once that was said several times, and nothing is left out.
    """
    items = collected.items if whole else shortened(collected.items)
    rows = [*_rows(collected, items), _end(collected)]
    if not collected.leapt:
        rows.sort(key=lambda row: row.at)
    return list(with_waits(collected, rows))


def _rows(collected: CollectedSession, items: Iterable[Item]) -> Iterator[LadderRow]:
    if collected.greeted_at is not None:
        yield LadderRow(
            RowKind.SERVER,
            collected.greeted_at,
            collected.greeting,
            state=State.GREETING.value,
            took=took(collected.greeted_at - collected.opened_at),
            refused=collected.session.refused,
        )
    for item in items:
        match item:
            case CollectedExchange():
                yield from _exchange(item)
            case Aside():
                yield _aside(item)
            case LadderRow():
                yield item


def _aside(item: Aside) -> LadderRow:
    own = item.kind is AsideKind.OWN
    secures = item.kind is AsideKind.TLS and item.side is not None
    return LadderRow(
        RowKind.ASIDE,
        item.at,
        "" if own else item.text,
        side=item.side,
        own=[item.text] if own else (),
        secured=frozenset({item.side} if secures and item.side else ()),
        broken=item.kind.look == "odd",
    )


def _exchange(item: CollectedExchange) -> Iterator[LadderRow]:
    yield _command(item)
    yield from _substitutes(item, Side.CLIENT)
    for line in item.inner:
        kind = RowKind.CLIENT if line.side is Side.CLIENT else RowKind.SERVER
        yield LadderRow(kind, line.at, line.text, exchange=item.number, broken=line.stray)
    if item.more_inner:
        text = count(item.more_inner, "more line")
        yield LadderRow(RowKind.ASIDE, item.inner[-1].at, text, exchange=item.number)
    if item.exchange.kept:
        return
    if item.exchange.status is not None:
        yield from _reply(item)
        yield from _substitutes(item, Side.SERVER)
        return
    yield LadderRow(
        RowKind.ASIDE,
        item.ended_at,
        item.unanswered,
        side=Side.SERVER,
        exchange=item.number,
        broken=not item.due,
        findings=_first_seen(item),
    )


def _command(item: CollectedExchange) -> LadderRow:
    exchange = item.exchange
    reach = Reach.WHOLE
    if exchange.injected:
        reach = Reach.FROM_POP3SPY
    elif any(deed.stopped for deed in item.deeds_of(Side.CLIENT)):
        reach = Reach.TO_POP3SPY
    return LadderRow(
        RowKind.CLIENT,
        item.at,
        line_text(exchange.said),
        state=exchange.state_before.value,
        took="pipelined" if exchange.line.pipelined else "",
        exchange=item.number,
        reach=reach,
        own=_told_of(item, Side.CLIENT),
        logged_in=exchange.state_before not in BEFORE_LOGIN,
        findings=_first_seen(item) if exchange.kept else (),
    )


def _told_of(item: CollectedExchange, side: Side) -> list[str]:
    """Return what a gate did about what a side said."""
    told = [deed.text for deed in item.deeds_of(side)]
    if item.more_deeds and side is Side.CLIENT:
        told.append(f"and {count(item.more_deeds, 'more deed')}")
    return told


def _substitutes(item: CollectedExchange, of: Side) -> Iterator[LadderRow]:
    """Yield what went on in place of what a side said: arrows that begin at pop3spy."""
    if item.exchange.injected:
        return
    for deed in item.deeds_of(of):
        for side, text in deed.substitutes:
            kind = RowKind.CLIENT if side is Side.CLIENT else RowKind.SERVER
            yield LadderRow(kind, deed.at, text, exchange=item.number, reach=Reach.FROM_POP3SPY)


def _reply(item: CollectedExchange) -> Iterator[LadderRow]:
    """Yield the status line, and a row for a body that was long in coming."""
    exchange = item.exchange
    assert exchange.status is not None
    at = item.at if exchange.answered_at is None else exchange.answered_at
    wait = exchange.latency
    asked = [line.at for line in item.inner if not line.stray]
    if asked:  # the reply began with the first challenge, and its status comes last
        at = max(at, asked[-1], exchange.ended_at or at)
        wait = at - asked[-1]
    elif item.inner:
        at = max(at, item.inner[-1].at)
    split = item.transfer is not None and item.transfer >= LEAST
    found = _first_seen(item)
    deeds = item.deeds_of(Side.SERVER)
    # The reply to a command that the client never said is not for the client.
    stopped = exchange.injected or any(one.stopped and not one.about_body for one in deeds)
    yield LadderRow(
        RowKind.SERVER,
        at,
        line_text(exchange.status),
        "" if split else _body_words(item),
        took=took(wait),
        exchange=item.number,
        reach=Reach.TO_POP3SPY if stopped else Reach.WHOLE,
        refused=not exchange.status.ok,
        broken=(item.broken or item.curtailed) and not split,
        logged_in=exchange.state_after not in BEFORE_LOGIN,
        own=_told_of(item, Side.SERVER),
        findings=() if split and item.broken else found,
        lines=() if split else item.lines,
    )
    if split:
        yield LadderRow(
            RowKind.SERVER,
            item.ended_at,
            "",
            _body_words(item),
            took=took(item.transfer),
            exchange=item.number,
            broken=item.broken or item.curtailed,
            findings=found if item.broken else (),
            lines=item.lines,
        )


def _first_seen(item: CollectedExchange) -> list[Finding]:
    """Return what was found there first: a ladder says it once."""
    return [finding for finding in item.findings if finding.exchange == item.number]


def _body_words(item: CollectedExchange) -> str:
    body = item.exchange.body
    if body is None:
        return ""
    words = f"+ {count(body.size, 'octet')}{', broken off' if item.broken else ''}"
    return f"{words}, of which not all went on" if item.curtailed else words


def _end(collected: CollectedSession) -> LadderRow:
    how = collected.session.how
    return LadderRow(
        RowKind.END,
        collected.ended_at,
        collected.end_words,
        collected.why,
        state="" if collected.running else "end",
        took=took(collected.duration),
        broken=how is not How.QUIT and not collected.running,
        side=how.by or Side.CLIENT,
        findings=collected.at_its_end,
    )
