"""Differences as a table for people.

exchange     what          recorded       now
─────────────────────────────────────────────────────
3  CAPA      STLS          listed         nothing
             SASL          PLAIN          LOGIN PLAIN
7  RETR 2    size          612 octets     618 octets

3 differences in 2 of 9 exchanges
"""

from collections.abc import Sequence
from typing import Final

from pop3spy.replay.compare import Difference, Value
from pop3spy.replay.manner import Played

NOTHING: Final = "nothing"
WIDEST: Final = 40
"""Characters up to which a column grows; what is longer stands out."""
_DIGEST: Final = 12


def table(
    differences: Sequence[Difference],
    exchanges: int,
    names: tuple[str, str] = ("recorded", "now"),
) -> str:
    """Return *differences* in a number of *exchanges* as text, each line with its end.

    *names* say who was expected and who was seen.
    """
    if not differences:
        return f"no differences in {_count(exchanges, 'exchange')}\n"
    rows = [("exchange", "what", *names)]
    last: tuple[int, str] | None = None
    width = len(str(max(each.exchange for each in differences)))
    for each in differences:
        head = (each.exchange, each.command)
        shown = "" if head == last else f"{each.exchange:>{width}}  {each.command}"
        rows.append((shown, each.what, _shown(each, each.expected), _shown(each, each.got)))
        last = head
    lines = _aligned(rows)
    rule = "─" * max(map(len, lines))
    touched = len({(each.exchange, each.command) for each in differences})
    total = (
        f"{_count(len(differences), 'difference')} in {touched} of {_count(exchanges, 'exchange')}"
    )
    return "\n".join([lines[0], rule, *lines[1:], "", total, ""])


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [min(WIDEST, max(map(len, column))) for column in zip(*rows, strict=True)]
    return [
        "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _shown(difference: Difference, value: Value) -> str:
    if value is None:
        return NOTHING
    if difference.what == "content":
        return f"sha256 {str(value)[:_DIGEST]}…"
    if isinstance(value, int) and difference.what.startswith("size"):
        return f"{value:,} octets" if value != 1 else "1 octet"
    return str(value)


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def told(played: Played) -> str:
    """Return what playing a client came to, as text."""
    left_out = [
        f"left out: {each.exchange}  {each.command}: {each.why}\n" for each in played.left_out
    ]
    return table(played.differences, played.exchanges) + "".join(left_out)
