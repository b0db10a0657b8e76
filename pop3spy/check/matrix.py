"""Several audits side by side: a row for each check, a column for each audit."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from pop3spy.check.earlier import EarlierAudit
from pop3spy.check.html import BAD, style, templates
from pop3spy.check.loading import all_checks
from pop3spy.check.order import GROUPS, by_group
from pop3spy.check.registry import Check, CheckOutcome
from pop3spy.check.text import CELLS
from pop3spy.report.pages import page_of
from pop3spy.wrapping import columns


def matrix_page(audits: Sequence[EarlierAudit]) -> str:
    """Return the page of several audits, side by side."""
    checks = [
        check
        for check in by_group(all_checks().values())
        if any(check.id in audit.results for audit in audits)
    ]
    return page_of(
        templates(),
        "matrix.html",
        [style()],
        audits=audits,
        groups=[
            (name, about, of_group)
            for name, about in GROUPS.items()
            if (of_group := [check for check in checks if check.group == name])
        ],
        odd=[check for check in checks if _is_odd(check, audits)],
    )


def _is_odd(check: Check, audits: Sequence[EarlierAudit]) -> bool:
    bad = {outcome.value for outcome in BAD}
    return any(audit.outcomes.get(check.id) in bad for audit in audits)


def as_markdown(audits: Sequence[EarlierAudit]) -> str:
    """Return the table for a page that is kept in a repository."""
    lines = [
        f"| check | level | {' | '.join(_bar(each.name) for each in audits)} | title |",
        f"|---|---|{':-:|' * len(audits)}---|",
    ]
    for id_, level, cells, title in _rows(audits):
        bold = [f"**{cell}**" if cell == "F" else cell for cell in cells]
        lines.append(f"| {id_} | {level} | {' | '.join(bold)} | {_bar(title)} |")
    return "\n".join(lines) + "\n"


def as_text(audits: Sequence[EarlierAudit]) -> str:
    """Return the table for a terminal."""
    widths = [max(columns(each.name), 1) for each in audits]
    names = "  ".join(f"{each.name:<{width}}" for each, width in zip(audits, widths, strict=True))
    lines = [f"{'check':<12}{'level':<10}{names}  title"]
    for id_, level, cells, title in _rows(audits):
        shown = "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
        lines.append(f"{id_:<12}{level:<10}{shown}  {title}")
    return "\n".join(lines) + "\n"


def _rows(audits: Sequence[EarlierAudit]) -> Iterator[tuple[str, str, list[str], str]]:
    for check in by_group(all_checks().values()):
        cells = [CELLS[audit.outcomes.get(check.id, "")] for audit in audits]
        if any(cell.strip() for cell in cells):
            yield check.id, check.level.value, cells, check.title
    yield from _totals(audits)


def _totals(audits: Sequence[EarlierAudit]) -> Iterator[tuple[str, str, list[str], str]]:
    for outcome in CheckOutcome:
        counts = [audit.count(outcome.value) for audit in audits]
        if any(counts):
            words = f"{outcome.value} ({CELLS[outcome.value]})"
            yield "", "", [str(many) for many in counts], words


def _bar(text: str) -> str:
    return text.replace("|", "\\|")


MATRIX_FORMS: Final[dict[str, Callable[[Sequence[EarlierAudit]], str]]] = {
    "text": as_text,
    "markdown": as_markdown,
    "html": matrix_page,
}
"""Each form of a table by its name."""
