"""Differences as a table for people.

exchange     what          recorded       now
─────────────────────────────────────────────────────
3  CAPA      STLS          listed         nothing
             SASL          PLAIN          LOGIN PLAIN
7  RETR 2    size          612 octets     618 octets

3 differences in 2 of 9 exchanges
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pop3spy.protocol.text import count
from pop3spy.replay.compare import Compared
from pop3spy.replay.difference import Difference, Value
from pop3spy.replay.play_options import Played
from pop3spy.replay.verdict import Place, verdict_of

NOTHING: Final = "nothing"
WIDEST: Final = 40
"""Characters up to which a column grows; what is longer stands out."""
_DIGEST: Final = 12
MOST_ALIKE: Final = 5
"""Rows of the same kind that are shown; of more, the last stands for the rest."""
_NUMBER: Final = re.compile(r"\d+")


def table(
    differences: Sequence[Difference],
    exchanges: int,
    names: tuple[str, str] = ("recorded", "now"),
) -> str:
    """Return *differences* in a number of *exchanges* as text, each line with its end.

    *names* say who was expected and who was seen.
    """
    if not differences:
        return _total(differences, exchanges)
    rows = [("exchange", "what", *names)]
    last: tuple[int, str] | None = None
    width = len(str(max(each.exchange for each in differences)))
    folded = Counter(map(_alike, differences))
    told: Counter[tuple[str, str]] = Counter()
    for each in differences:
        kind = _alike(each)
        told[kind] += 1
        if folded[kind] > MOST_ALIKE and told[kind] >= MOST_ALIKE:
            if told[kind] == MOST_ALIKE:
                rows.append(("", f"and {folded[kind] - MOST_ALIKE + 1:,} more", "", ""))
                last = None
            continue
        head = (each.exchange, each.command)
        shown = "" if head == last else f"{each.exchange:>{width}}  {each.command}"
        rows.append((shown, each.what, _shown(each, each.expected), _shown(each, each.got)))
        last = head
    lines = _aligned(rows)
    rule = "─" * max(map(len, lines))
    return "\n".join([lines[0], rule, *lines[1:], "", _total(differences, exchanges)])


def verdicts(compared: Sequence[Compared], places: Sequence[Mapping[int, Place]]) -> Iterator[str]:
    """Yield what differences of messages mean, for each session that has some.

    *places* are where the changed messages of each session differ first.
    """
    for each, where in zip(compared, places, strict=True):
        if each.pairing is None or not each.differences:
            continue
        lines = list(verdict_of(each.pairing).lines(where))
        head = [f"{_heading(each)}:"] if len(compared) > 1 else []
        yield "\n".join([*head, *lines, "", ""])


def tables(compared: Sequence[Compared], names: tuple[str, str]) -> str:
    """Return how sessions differ as text, each line with its end; *names* are as in ``table``."""
    if len(compared) == 1:
        return table(compared[0].differences, compared[0].exchanges, names)
    parts = [
        f"{_heading(each)}\n\n{table(each.differences, each.exchanges, names)}\n"
        for each in compared
        if each.differences
    ]
    return "".join([*parts, total(compared)])


def total(compared: Sequence[Compared]) -> str:
    """Return how many differences there are in all, as a line with its end."""
    if len(compared) == 1:
        return _total(compared[0].differences, compared[0].exchanges)
    sessions = count(len(compared), "session")
    differing = [each for each in compared if each.differences]
    if not differing:
        exchanges = sum(each.exchanges for each in compared)
        return f"no differences in {count(exchanges, 'exchange')} of {sessions}\n"
    found = count(sum(len(each.differences) for each in differing), "difference")
    return f"{found} in {len(differing)} of {sessions}\n"


def _total(differences: Sequence[Difference], exchanges: int) -> str:
    if not differences:
        return f"no differences in {count(exchanges, 'exchange')}\n"
    touched = len({(each.exchange, each.command) for each in differences})
    found = count(len(differences), "difference")
    return f"{found} in {touched} of {count(exchanges, 'exchange')}\n"


def _heading(compared: Compared) -> str:
    if None in (compared.expected, compared.got) or compared.expected == compared.got:
        return f"session {compared.session}"
    return f"session {compared.expected}, and {compared.got} beside it"


def _alike(difference: Difference) -> tuple[str, str]:
    """Return what differences have in common that are the same but for a number."""
    verb = difference.command.partition(" ")[0]
    return verb, _NUMBER.sub("N", difference.what)


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
        return count(value, "octet")
    return str(value)


def told(played: Played) -> str:
    """Return what playing a client came to, as text."""
    left_out = [
        f"left out: {each.exchange}  {each.command}: {each.why}\n" for each in played.left_out
    ]
    return table(played.differences, played.exchanges) + "".join(left_out)
