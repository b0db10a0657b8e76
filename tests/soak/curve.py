"""How resident memory went on, as bars of a terminal."""

from collections.abc import Iterator, Sequence
from math import ceil

from soak.verdict import Row

_BARS = 15
"""At most; of more minutes some are left out, evenly, and never the last."""
_WIDTH = 50


def curves(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the curve of each program, a bar for a minute, from 0 to the most that it had."""
    step = ceil(len(rows) / _BARS)
    shown = [
        row for number, row in enumerate(rows) if not number or not (len(rows) - 1 - number) % step
    ]
    for program in rows[-1].sizes:
        yield f"{program}, resident memory in MiB by minute:"
        most = max(row.sizes[program].resident for row in rows)
        for row in shown:
            has = row.sizes[program].resident
            yield f"{row.minute:>7.1f} {has:>7.1f} {'#' * round(has / most * _WIDTH)}"
