"""What a session said as ``C:`` and ``S:`` lines, in the order in which it was said.

What neither client nor server said stands behind ``#``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pop3spy.protocol.text import count
from pop3spy.report.collected import CollectedSession
from pop3spy.report.ladder import ladder_of
from pop3spy.report.ladder_row import LadderRow, Reach, RowKind
from pop3spy.report.limits import TICKET_FIRST, TICKET_LAST
from pop3spy.report.words import clock, cut


@dataclass(frozen=True, slots=True)
class DialoguePart:
    """The lines of a row of the ladder; ``matters`` is whether they are never left out."""

    lines: Sequence[str]
    matters: bool


def dialogue_of(collected: CollectedSession) -> Iterator[str]:
    """Yield the lines of a session; of too many the first, the last, and those that matter."""
    when = f"{collected.date:%Y-%m-%d %H:%M:%SZ}"
    yield f"# session {collected.label}: {collected.peers}, {when}"
    parts = [_part(collected, row) for row in ladder_of(collected, whole=True)]
    total = sum(len(part.lines) for part in parts)
    at, left_out = 0, 0
    for part in parts:
        at += len(part.lines)
        if part.matters or at <= TICKET_FIRST or at > total - TICKET_LAST:
            if left_out:
                yield _left_out(left_out)
                left_out = 0
            yield from part.lines
        else:
            left_out += len(part.lines)
    if left_out:
        yield _left_out(left_out)
    yield f"# {collected.how}"


def _left_out(number: int) -> str:
    return f"# … {count(number, 'more line')}, not in this ticket"


def _part(collected: CollectedSession, row: LadderRow) -> DialoguePart:
    matters = bool(row.findings or row.own or row.broken)
    return DialoguePart([*_lines(collected, row)], matters)


def _lines(collected: CollectedSession, row: LadderRow) -> Iterator[str]:
    match row.kind:
        case RowKind.CLIENT | RowKind.SERVER:
            yield from _said(row)
        case RowKind.WAIT:
            yield f"# {row.text}"
        case RowKind.ASIDE if row.text:
            yield f"# {clock(row.at - collected.opened_at)} s: {cut(row.text, 400)}"
    yield from (f"# ◆ {cut(text)}" for text in row.own)
    yield from (f"# {finding.id}: {cut(finding.text, 400)}" for finding in row.findings)


def _said(row: LadderRow) -> Iterator[str]:
    side = "C" if row.kind is RowKind.CLIENT else "S"
    if row.reach is Reach.FROM_POP3SPY:
        yield f"# {side}» {cut(row.text)}"
    elif row.text:
        yield f"{side}: {cut(row.text)}"
    if row.reach is Reach.TO_POP3SPY:
        yield "# which went no further than pop3spy"
    yield from (f"S: {cut(text)}".rstrip() for text in row.lines)
    if row.more:
        yield f"# {row.more}"
