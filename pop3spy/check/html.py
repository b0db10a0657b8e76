"""An audit as one HTML file that loads nothing, with the look of a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

from pop3spy.check.doors import OpenDoor
from pop3spy.check.ladder import ladder_of
from pop3spy.check.order import GROUPS, by_group
from pop3spy.check.registry import CheckOutcome
from pop3spy.check.results import AuditReport, Result
from pop3spy.check.text import CELLS, MARKS
from pop3spy.protocol.certificate import Certificate, few, read_certificate
from pop3spy.protocol.text import escape_rest
from pop3spy.report.assets import assets_of
from pop3spy.report.ladder_row import LadderRow
from pop3spy.report.limits import CHARACTERS
from pop3spy.report.pages import Templates, environment, page_of
from pop3spy.report.words import wire

BAD: Final = (CheckOutcome.FAIL, CheckOutcome.ERROR, CheckOutcome.NON_STRICT)
"""Outcomes that have a part of the page for each, in this order."""
_ALLOWING: Final = (
    *("select", "ignore", "insecure", "clear_login", "wrong_login", "auth", "probe_user"),
    *("allow_dele", "retr", "stress", "slow", "probe_login_delay", "ignore_login_delay"),
    *("max_logins", "sample", "dns", "aia"),
)
"""Options that allow something, or leave something out."""
_USUAL: Final = ("no", "first", "some")
"""What they are without being given."""


@dataclass(frozen=True, slots=True)
class GroupView:
    """The results of a group, in the order in which people read them."""

    name: str
    about: str
    results: list[Result]


@dataclass(frozen=True, slots=True)
class ListedCapability:
    """A line of CAPA, and behind which doors, or after the login, it was listed."""

    text: str
    listed: list[bool]


def page(report: AuditReport) -> str:
    """Return the page of an audit."""
    results = {result.check.id: result for result in report.results}
    ordered = [results[check.id] for check in by_group(one.check for one in report.results)]
    bad = [result for result in report.told if result.outcome in BAD]
    return page_of(
        templates(),
        "audit.html",
        [style()],
        report=report,
        groups=_groups(ordered),
        bad=sorted(bad, key=lambda one: (BAD.index(one.outcome), one.rank)),
        started=datetime.fromisoformat(report.started),
        capabilities=_capabilities(report),
        allowed=_allowed(report),
    )


def _groups(results: Sequence[Result]) -> list[GroupView]:
    return [
        GroupView(name, about, of_group)
        for name, about in GROUPS.items()
        if (of_group := [result for result in results if result.check.group == name])
    ]


def _capabilities(report: AuditReport) -> list[ListedCapability]:
    lists = [lines or [] for lines in report.capabilities.values()]
    every = dict.fromkeys(text for lines in lists for text in lines)
    return [ListedCapability(text, [text in lines for lines in lists]) for text in every]


def _allowed(report: AuditReport) -> list[str]:
    """Return the options that allowed something, or left something out, as people write them."""
    given = {name: report.options.get(name) for name in _ALLOWING}
    return [
        f"--{name.replace('_', '-')}" + ("" if value is True else f" {value}")
        for name, value in given.items()
        if value and value not in _USUAL
    ]


def _certificate(door: OpenDoor) -> Certificate | None:
    chain = door.tls.chain if door.tls is not None else ()
    return read_certificate(chain[0]) if chain else None


def _told(text: str, most: int = CHARACTERS) -> str:
    """Return a text as markup, of which those who wrote it may have left things to escape."""
    return wire(escape_rest(text), most)


def _rows(result: Result) -> list[LadderRow]:
    return ladder_of(result.transcript)


def style() -> str:
    """Return the style sheet of audits, which goes beyond that of reports."""
    return assets_of("pop3spy.check.assets")["check.css"]


@cache
def templates() -> Templates:
    """Return what finds the templates of audits."""
    made = environment("pop3spy.check")
    made.filters.update(
        rows=_rows, certificate=_certificate, few=few, plain=escape_rest, told=_told
    )
    made.globals.update(
        outcomes={outcome.value: MARKS[outcome] for outcome in CheckOutcome},
        cells=CELLS,
    )
    return made
