"""The ladder of a session: who said what in which state, and who kept whom waiting.

It has one row for each arrow, each wait and each thing beside; what is alike is told once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from math import log
from typing import Final

from pop3spy.protocol.frames import Side
from pop3spy.protocol.states import BEFORE_LOGIN, State
from pop3spy.protocol.text import count, escape
from pop3spy.report.bars import is_slow
from pop3spy.report.collected import Aside, AsideKind, CollectedExchange, CollectedSession
from pop3spy.report.limits import LADDER
from pop3spy.report.words import ending_words, took
from pop3spy.session.finding import Finding
from pop3spy.session.how import How
from pop3spy.session.lines import line_text

_WAIT: Final = 0.03
"""Seconds from which on a wait has a row."""
_STEPS: Final = 7
_GROWTH: Final = 3.0
"""A row of a wait has one of so many heights; each stands for so many times the time."""
_RUN: Final = 3
"""Exchanges in a row that are alike, from which on only the first is told."""


class RowKind(Enum):
    """What a row shows; the value is its class in the style sheet."""

    CLIENT = "says client"
    SERVER = "says server"
    WAIT = "gap"
    RUN = "run"
    ASIDE = "beside"
    END = "end"


class Waiter(Enum):
    """Who was waited for, or that octets were coming; OWN is pop3spy.  The value is its class."""

    SERVER = "server"
    CLIENT = "client"
    TRANSFER = "xfer"
    OWN = "own"


@dataclass(slots=True)
class LadderRow:
    """A row: what is ``said`` or told in ``text``, and how its arrow looks.

    ``more`` stands behind the text in another ink.  An arrow is ``half`` if it stops at pop3spy,
    and ``broken`` if it never came to its end.  ``exchange`` is the number that it links to.  A
    wait has one of seven heights; a run hides so many exchanges.
    """

    kind: RowKind
    at: float
    text: str = ""
    more: str = ""
    state: str = ""
    took: str = ""
    exchange: int | None = None
    half: bool = False
    broken: bool = False
    refused: bool = False
    side: Side | None = None
    waiter: Waiter | None = None
    slow: bool = False
    height: int = 0
    hidden: int = 0
    logged_in: bool = False
    tls: bool = False
    own: list[str] | None = None
    findings: Sequence[Finding] = ()

    @property
    def side_word(self) -> str:
        """At which end it stands: ``client`` or ``server``, empty for neither."""
        return "" if self.side is None else self.side.name.lower()


def ladder_of(kept: CollectedSession) -> list[LadderRow]:
    """Return the rows of a session, each with the time that passed before it."""
    rows = sorted(_rows(kept), key=lambda row: row.at)
    rows.append(_end(kept))
    return list(_with_waits(kept, rows))


def _rows(kept: CollectedSession) -> Iterator[LadderRow]:
    if kept.greeted_at is not None:
        yield LadderRow(
            RowKind.SERVER,
            kept.greeted_at,
            kept.greeting,
            state=State.GREETING.value,
            took=took(kept.greeted_at - kept.opened_at),
            refused=kept.session.refused,
        )
    for item in _shortened(kept.items):
        match item:
            case CollectedExchange():
                yield from _exchange(item)
            case Aside(kind=kind, at=at, text=text, side=side):
                own = [text] if kind is AsideKind.OWN else None
                yield LadderRow(
                    RowKind.ASIDE,
                    at,
                    "" if own else text,
                    side=side,
                    own=own,
                    tls=kind is AsideKind.TLS,
                    broken=kind in (AsideKind.PROBLEM, AsideKind.STRAY),
                )
            case LadderRow():
                yield item


def _shortened(
    items: Iterable[CollectedExchange | Aside],
) -> Iterator[CollectedExchange | Aside | LadderRow]:
    """Yield what is told: of exchanges that are alike the first, and of too many the ends."""
    told: list[CollectedExchange | Aside | LadderRow] = []
    for alike, group in groupby(items, key=_likeness):
        same = list(group)
        told.append(same[0])
        rest = [one for one in same[1:] if isinstance(one, CollectedExchange)]
        if alike is not None and len(rest) + 1 >= _RUN:
            told.append(_run(rest, "more like that"))
        else:
            told += same[1:]
    if len(told) <= LADDER:
        yield from told
        return
    head, tail = LADDER * 2 // 3, LADDER - LADDER * 2 // 3
    middle = told[head:-tail]
    yield from told[:head]
    left = [one for one in middle if isinstance(one, CollectedExchange)]
    beside = sum(isinstance(one, Aside) for one in middle)
    words = "exchanges that stand in the transcript alone"
    hidden = sum(one.hidden for one in middle if isinstance(one, LadderRow))
    if left:
        row = _run(left, words, hidden=hidden)
        row.more = f"and {count(beside, 'line')} beside them" if beside else ""
        yield row
    else:
        yield LadderRow(RowKind.RUN, _time(middle[0]), f"{count(beside + hidden, 'more line')}")
    yield from told[-tail:]


def _likeness(item: CollectedExchange | Aside) -> object:
    """Return what exchanges have in common that are alike; None for what is told each time."""
    if isinstance(item, Aside) or not item.plain or item.steps or item.exchange.line.pipelined:
        return id(item)
    spec = item.exchange.command.spec
    return None if spec is None else (spec.name, item.exchange.state_before)


def _run(left: Sequence[CollectedExchange], words: str, *, hidden: int = 0) -> LadderRow:
    first, last = left[0], left[-1]
    span = f"no. {first.number}" if first is last else f"no. {first.number} to {last.number}"
    longest = max((one.exchange.latency or 0.0 for one in left), default=0.0)
    return LadderRow(
        RowKind.RUN,
        first.asked_at,
        f"{len(left) + hidden:,} {words}, {span}",
        took=f"≤ {took(longest)}",
        exchange=first.number,
        hidden=len(left),
        logged_in=first.exchange.state_before not in BEFORE_LOGIN,
    )


def _time(item: CollectedExchange | Aside | LadderRow) -> float:
    return item.asked_at if isinstance(item, CollectedExchange) else item.at


def _exchange(item: CollectedExchange) -> Iterator[LadderRow]:
    told, number = item.exchange, item.number
    inside = told.state_before not in BEFORE_LOGIN
    yield LadderRow(
        RowKind.CLIENT,
        told.asked_at,
        line_text(told.said),
        state=told.state_before.value,
        took="pipelined" if told.line.pipelined else "",
        exchange=number,
        half=told.kept,
        own=[text for gate in item.gates for text in _deed_lines(gate.text, gate.went_on)] or None,
        logged_in=inside,
    )
    for step in item.steps:
        kind = RowKind.CLIENT if step.side is Side.CLIENT else RowKind.SERVER
        yield LadderRow(kind, step.at, step.text, exchange=number, broken=step.stray)
    split = item.transfer is not None and item.transfer >= _WAIT
    if told.status is None:
        yield from _no_reply(item)
        return
    at = told.asked_at if told.answered_at is None else told.answered_at
    wait = told.latency
    if item.steps:  # the reply began with the first challenge, and its status comes last
        spoken = item.steps[-1].at
        at = max(at, spoken, told.ended_at or spoken)
        wait = at - spoken
    body = _body_words(item)
    yield LadderRow(
        RowKind.SERVER,
        at,
        line_text(told.status),
        "" if split else body,
        took=took(wait),
        exchange=number,
        half=told.kept,
        refused=not told.status.ok,
        broken=item.broken and not split,
        logged_in=told.state_after not in BEFORE_LOGIN,
        findings=[] if split and item.broken else _first_seen(item),
    )
    if split:
        yield LadderRow(
            RowKind.SERVER,
            item.ended_at,
            "",
            body,
            took=took(item.transfer),
            exchange=number,
            broken=item.broken,
            logged_in=inside,
            findings=_first_seen(item) if item.broken else [],
        )


def _first_seen(item: CollectedExchange) -> list[Finding]:
    """Return what was found there first: a ladder says it once."""
    return [finding for finding in item.findings if finding.exchange == item.number]


def _deed_lines(text: str, went_on: Iterable[tuple[Side, str]]) -> list[str]:
    return [text, *(f"{side.value}» {line}" for side, line in went_on)]


def _no_reply(item: CollectedExchange) -> Iterator[LadderRow]:
    """Yield that nothing came where a reply was due."""
    if item.exchange.kept:
        return
    odd = item.exchange.odd is not None
    yield LadderRow(
        RowKind.ASIDE,
        item.ended_at,
        "taken for the reply" if odd else "no reply",
        side=Side.SERVER,
        exchange=item.number,
        broken=True,
        findings=_first_seen(item),
    )


def _body_words(item: CollectedExchange) -> str:
    body = item.exchange.body
    if body is None:
        return ""
    return f"+ {count(body.octets, 'octet')}{', broken off' if item.broken else ''}"


def _end(kept: CollectedSession) -> LadderRow:
    ending = kept.session.ending
    text = ending_words(kept.session)
    why = escape(ending.why) if ending else ""
    side = None if ending is None else ending.how.by
    bad = ending is None or ending.how is not How.QUIT
    return LadderRow(
        RowKind.END,
        kept.ended_at,
        text,
        why,
        state="end",
        took=took(kept.duration),
        broken=bad,
        side=side or Side.CLIENT,
        findings=kept.at_its_end,
    )


def _with_waits(kept: CollectedSession, rows: Iterable[LadderRow]) -> Iterator[LadderRow]:
    """Yield *rows* with those of waits between them, and with states told where they change."""
    before = kept.opened_at
    by_number = {item.number: item for item in kept.exchanges}
    state, logged_in, legs = "", False, set()
    last: LadderRow | None = None
    for row in rows:
        logged_in = row.logged_in or logged_in
        row.logged_in = logged_in
        if row.kind is RowKind.ASIDE and row.tls and row.side is not None:
            legs.add(row.side)
        row.tls = bool(legs)
        gap = row.at - before
        if gap >= _WAIT and row.kind is not RowKind.RUN and _is_a_wait_behind(last):
            yield _gap(row, last, gap, by_number)
        if row.state == state:
            row.state = ""
        state = row.state or state
        before = max(before, row.at)
        last = row
        yield row


def _is_a_wait_behind(last: LadderRow | None) -> bool:
    """Return whether time behind *last* is a wait: in a run, others have spoken meanwhile."""
    return last is None or last.kind is not RowKind.RUN


def _gap(
    row: LadderRow,
    last: LadderRow | None,
    gap: float,
    by_number: dict[int, CollectedExchange],
) -> LadderRow:
    """Return the row of a wait of *gap* seconds before *row*, behind *last*."""
    item = by_number.get(row.exchange or 0)
    waiter = _waiter(row, last, item)
    behind = by_number.get(last.exchange or 0) if last else None
    if waiter is not Waiter.TRANSFER and any(one and _waits(one) for one in (item, behind)):
        waiter = Waiter.OWN
    return LadderRow(
        RowKind.WAIT,
        row.at - gap,
        {
            Waiter.SERVER: f"waited {took(gap)} for the server",
            Waiter.CLIENT: f"waited {took(gap)} for the client",
            Waiter.TRANSFER: f"{took(gap)} of transfer",
            Waiter.OWN: f"{took(gap)} at pop3spy",
        }[waiter],
        waiter=waiter,
        slow=item is not None and is_slow(item) and waiter in (Waiter.SERVER, Waiter.TRANSFER),
        height=min(_STEPS, 1 + int(log(gap / _WAIT, _GROWTH))),
        logged_in=row.logged_in,
        tls=row.tls,
    )


def _waiter(row: LadderRow, last: LadderRow | None, item: CollectedExchange | None) -> Waiter:
    """Return who was waited for before *row*, of the exchange *item*, and behind *last*."""
    if row.kind is RowKind.SERVER or (row.kind is RowKind.ASIDE and row.exchange is not None):
        body = item is not None and row.at > (item.exchange.answered_at or row.at)
        return Waiter.TRANSFER if body else Waiter.SERVER
    if row.kind is RowKind.END and last is not None and last.kind is RowKind.CLIENT:
        return Waiter.SERVER
    return Waiter.CLIENT


def _waits(item: CollectedExchange) -> bool:
    return any(gate.waits for gate in item.gates)
