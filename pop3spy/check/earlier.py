"""Audits that were written as JSON before: to compare with one, or to make a table of several."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pop3spy.check.forms import SCHEMA
from pop3spy.check.loading import all_checks
from pop3spy.check.order import by_group
from pop3spy.check.registry import CheckOutcome
from pop3spy.errors import ConfigError, said_by_system
from pop3spy.protocol.text import escape
from pop3spy.wrapping import columns

CELLS: Final = {
    "pass": ".",
    "non-strict": "~",
    "fail": "F",
    "info": "i",
    "missing": "-",
    "skipped": "s",
    "error": "!",
    "": " ",
}
"""How an outcome stands in a cell of a table."""


@dataclass(frozen=True, slots=True)
class EarlierAudit:
    """What an audit in a file came to: the outcome of each check by its id."""

    name: str
    url: str
    outcomes: dict[str, str]


def read_audit(path: Path) -> EarlierAudit:
    """Return the audit in the file *path*; raise ConfigError if there is none."""
    shown = escape(str(path))
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{shown}: {said_by_system(error)}") from None
    except ValueError:
        raise ConfigError(f"{shown} is no JSON; write one with --format json") from None
    if not isinstance(told, dict) or told.get("schema") != SCHEMA:
        raise ConfigError(f"{shown} is no audit of pop3spy check; write one with --format json")
    try:
        outcomes = {
            str(each["id"]): CheckOutcome(each["outcome"]).value for each in told["results"]
        }
        return EarlierAudit(path.stem, str(told["target"]["url"]), outcomes)
    except (KeyError, TypeError, ValueError):
        raise ConfigError(f"{shown} is an audit that was changed by hand, or cut off") from None


def matrix(audits: Sequence[EarlierAudit], form: str) -> Iterator[str]:
    """Yield the lines of a table: a row a check, a column an audit; *form* text or markdown."""
    rows = list(_rows(audits))
    if form == "markdown":
        yield f"| check | level | {' | '.join(_bar(each.name) for each in audits)} | title |"
        yield f"|---|---|{':-:|' * len(audits)}---|"
        for id_, level, cells, title in rows:
            bold = [f"**{cell}**" if cell == "F" else cell for cell in cells]
            yield f"| {id_} | {level} | {' | '.join(bold)} | {_bar(title)} |"
        return
    widths = [max(columns(each.name), 1) for each in audits]
    names = "  ".join(f"{each.name:<{width}}" for each, width in zip(audits, widths, strict=True))
    yield f"{'check':<12}{'level':<10}{names}  title"
    for id_, level, cells, title in rows:
        shown = "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
        yield f"{id_:<12}{level:<10}{shown}  {title}"


def _rows(audits: Sequence[EarlierAudit]) -> Iterator[tuple[str, str, list[str], str]]:
    for check in by_group(all_checks().values()):
        cells = [CELLS[audit.outcomes.get(check.id, "")] for audit in audits]
        if any(cell.strip() for cell in cells):
            yield check.id, check.level.value, cells, check.title
    yield from _totals(audits)


def _totals(audits: Sequence[EarlierAudit]) -> Iterator[tuple[str, str, list[str], str]]:
    for outcome in CheckOutcome:
        counts = [list(audit.outcomes.values()).count(outcome.value) for audit in audits]
        if any(counts):
            words = f"{outcome.value} ({CELLS[outcome.value]})"
            yield "", "", [str(many) for many in counts], words


def _bar(text: str) -> str:
    return text.replace("|", "\\|")
