"""What was said while a check ran, as the ladder that reports draw."""

from collections.abc import Sequence
from typing import Final

from pop3spy.check.transcript import NOBODY, TranscriptLine
from pop3spy.protocol.text import escape_rest
from pop3spy.report.collected import WaitedFor
from pop3spy.report.ladder_row import LadderRow, RowKind
from pop3spy.report.ladder_waits import LEAST, wait_row
from pop3spy.report.words import took

_STATUS: Final = ("+OK", "-ERR", "+ ")
"""How a line begins that is no part of a listing."""


def ladder_of(lines: Sequence[TranscriptLine]) -> list[LadderRow]:
    """Return an arrow for each line, what belongs to a listing below that, and waits for replies.

    A wait is told behind a command only: what was known before may stand in front of any line.
    """
    rows: list[LadderRow] = []
    before: TranscriptLine | None = None
    for line in lines:
        if before is not None and _goes_on(before, line):
            rows[-1].lines = (*rows[-1].lines, escape_rest(line.shown))
        else:
            rows.append(_row(line))
            if before is not None and before.who == "C" != line.who:
                _time(rows, line.at - before.at)
        before = line
    return rows


def _goes_on(before: TranscriptLine, line: TranscriptLine) -> bool:
    """Return whether *line* is of the listing that *before* is of, or stands for some of that."""
    if line.stands_for_lines:
        return before.who == "S"
    listed = line.who == "S" and not line.text.startswith(_STATUS)
    return listed and (before.who == "S" or before.stands_for_lines)


def _time(rows: list[LadderRow], waited: float) -> None:
    """Tell how long the last of *rows* was waited for, and show it if that is long."""
    last = rows[-1]
    if waited >= LEAST:
        rows.insert(-1, wait_row(last.at - waited, last.at, WaitedFor.SERVER))
    elif last.kind is RowKind.SERVER:
        last.took = took(waited)


def _row(line: TranscriptLine) -> LadderRow:
    if line.who == NOBODY:
        return LadderRow(RowKind.ASIDE, line.at, escape_rest(line.text))
    kind = RowKind.CLIENT if line.who == "C" else RowKind.SERVER
    refused = kind is RowKind.SERVER and line.text.startswith("-ERR")
    return LadderRow(kind, line.at, escape_rest(line.shown), line.remark, refused=refused)
