"""A report as one HTML file that loads nothing, and says what it hides."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from pop3spy.protocol.frames import Side
from pop3spy.report import limits
from pop3spy.report.bars import Drawing, Phase, bar
from pop3spy.report.collected import CollectedExchange, CollectedSession
from pop3spy.report.facts import (
    LATENCY_AXIS,
    LATENCY_GRID,
    capabilities_of,
    commands_of,
    tls_of,
)
from pop3spy.report.ladder import ladder_of
from pop3spy.report.ladder_row import LadderRow
from pop3spy.report.links import Links
from pop3spy.report.pages import Templates, environment, page_of
from pop3spy.report.report import Report, findings_of
from pop3spy.report.timeline import Timeline
from pop3spy.report.transcript import RowBudget, TranscriptPart, parts_of, session_time
from pop3spy.session.finding import Severity

_STRIP, _BAR = 16, 10
"""Units that the picture of a session is high, and that of an exchange."""


@dataclass(slots=True)
class SessionView:
    """A session as the page shows it; without a ladder it is folded.

    ``timeline`` is that of its transcript; ``strip`` is its picture on the time of all sessions,
    where it lasts from the first of ``life`` to the second.
    """

    collected: CollectedSession
    timeline: Timeline
    parts: list[TranscriptPart]
    ladder: list[LadderRow] | None
    strip: Drawing
    life: tuple[float, ...]

    @property
    def user(self) -> str:
        """The user who logged in, or was named last."""
        return self.collected.session.user or ""

    @property
    def octets(self) -> int:
        """Octets that both sides sent."""
        return sum(self.collected.session.totals.octets.values())

    @property
    def in_table(self) -> set[int]:
        """The exchanges that have a row in the transcript, to link to."""
        rows = (row for part in self.parts if not part.counted for row in part.rows)
        return {row.number for row in rows if isinstance(row, CollectedExchange)}

    def bar(self, exchanges: Sequence[CollectedExchange]) -> Drawing:
        """Return the picture of some exchanges."""
        return bar(exchanges, self.timeline, _BAR)


def page(report: Report) -> str:
    """Return the whole page."""
    shown, found = report.shown(), findings_of(report.sessions)
    views, overview = _views(shown)
    return page_of(
        _environment(),
        "page.html",
        report=report,
        views=views,
        overview=overview,
        views_told=_told(views),
        findings=found[: limits.FINDINGS],
        more_findings=found[limits.FINDINGS :],
        left_out=len(report.sessions) - len(shown),
        commands=commands_of(report.stats),
        tls=tls_of(shown),
        capabilities=capabilities_of(shown),
        servers=list(dict.fromkeys(collected.server for collected in shown)),
        links=Links(
            {view.collected.key: view.in_table for view in views},
            found[: limits.FINDINGS],
        ),
        first_date=f"{shown[0].date:%H:%M:%S}" if shown else "",
    )


def _views(shown: Sequence[CollectedSession]) -> tuple[list[SessionView], Timeline]:
    """Return the sessions that are *shown*, and the line of time that all of them are on."""
    spans = [(_shift(one) + one.opened_at, _shift(one) + one.ended_at) for one in shown]
    start = min((since for since, _ in spans), default=0.0)
    overview = Timeline(start, max((until for _, until in spans), default=0.0), spans)
    budget, ladders = RowBudget(), _with_ladder(shown)
    views: dict[str, SessionView] = {}
    # Those with findings come first, so that they have the room that there is.
    for collected in sorted(shown, key=lambda one: not one.findings):
        shift = _shift(collected)
        views[collected.key] = SessionView(
            collected,
            session_time(collected),
            parts_of(collected, budget),
            ladder_of(collected) if collected.key in ladders else None,
            bar(collected.exchanges, overview, _STRIP, shift=shift),
            tuple(overview.place(shift + at) for at in (collected.opened_at, collected.ended_at)),
        )
    return [views[collected.key] for collected in shown], overview


def _with_ladder(shown: Sequence[CollectedSession]) -> set[str]:
    """Return the sessions that have a ladder: of many, only such in which something was found."""
    few = len(shown) <= limits.LADDERS
    wanted = [collected.key for collected in shown if few or collected.findings]
    return set(wanted[: limits.LADDERS])


def _shift(collected: CollectedSession) -> float:
    """Return what makes dates of a session's times, in seconds: several recordings share a line."""
    return collected.date.timestamp() - collected.opened_at


def _told(views: Sequence[SessionView]) -> list[SessionView]:
    """Return the sessions whose verdicts stand at the top: of many, those that went wrong."""
    if len(views) <= limits.VERDICTS:
        return list(views)
    return [view for view in views if view.collected.worst not in (None, Severity.INFO)]


@cache
def _environment() -> Templates:
    made = environment()
    made.tests["exchange"] = lambda row: isinstance(row, CollectedExchange)
    made.globals.update(
        client=Side.CLIENT,
        server=Side.SERVER,
        limits=limits,
        phases=Phase,
        latency_axis=LATENCY_AXIS,
        latency_grid=LATENCY_GRID,
    )
    return made
