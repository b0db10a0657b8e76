"""A report as one HTML file that loads nothing, and says what it hides."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from pop3spy import __version__
from pop3spy.protocol.text import escape
from pop3spy.report.bars import Drawing, bar
from pop3spy.report.collected import Aside, CollectedExchange, CollectedSession
from pop3spy.report.facts import LATENCY_AXIS, capabilities_of, commands_of, tls_of
from pop3spy.report.ladder import LadderRow, ladder_of
from pop3spy.report.limits import (
    EXCHANGES,
    EXCHANGES_OF_SESSION,
    LADDERS,
    LINES,
    PLACES,
    VERDICTS,
)
from pop3spy.report.look import asset
from pop3spy.report.report import Report, findings_of, worst_of
from pop3spy.report.timeline import Timeline
from pop3spy.report.transcript import Room, TranscriptPart, bar_of, parts_of, session_time
from pop3spy.report.words import FILTERS, ending_words, severity_word
from pop3spy.session.finding import Severity

_STRIP: Final = 16


@dataclass(slots=True)
class SessionView:
    """A session as the page shows it; one that is folded has no ladder."""

    kept: CollectedSession
    open: bool
    line: Timeline
    parts: list[TranscriptPart]
    ladder: list[LadderRow] | None
    strip: Drawing
    life: tuple[float, float]

    @property
    def worst(self) -> Severity | None:
        """How bad the worst is that was found in it."""
        return worst_of(self.kept)

    @property
    def how(self) -> str:
        """How it ended, in words."""
        return ending_words(self.kept.session)

    @property
    def client(self) -> str:
        """The client's address, escaped."""
        return escape(str(self.kept.session.client))

    @property
    def server(self) -> str:
        """The server's address, escaped."""
        return escape(str(self.kept.session.server))

    @property
    def user(self) -> str:
        """The user who logged in, or was named last, escaped."""
        return escape(self.kept.session.user or "")

    @property
    def octets(self) -> int:
        """Octets that both sides sent."""
        return sum(self.kept.session.totals.octets.values())

    @property
    def in_table(self) -> set[int]:
        """The exchanges that have a row in the transcript, to link to."""
        rows = (row for part in self.parts if not part.gone for row in part.rows)
        return {row.number for row in rows if isinstance(row, CollectedExchange)}

    def bar(self, exchange: CollectedExchange) -> Drawing:
        """Return the picture of one exchange."""
        return bar_of([exchange], self.line)

    def bars(self, part: TranscriptPart) -> Drawing:
        """Return the picture of those that are folded."""
        return bar_of(part.exchanges, self.line)

    def is_exchange(self, row: CollectedExchange | Aside) -> bool:
        """Return whether a row is an exchange."""
        return isinstance(row, CollectedExchange)


def page(report: Report) -> str:
    """Return the whole page."""
    style, script = asset("tokens.css") + asset("report.css"), asset("report.js")
    shown = report.shown()
    findings = findings_of(report.sessions)
    views, overview = _views(shown)
    return (
        _environment()
        .get_template("page.html")
        .render(
            report=report,
            version=__version__,
            style=style,
            script=script,
            style_hash=_hash(style),
            script_hash=_hash(script),
            views=views,
            overview=overview,
            told=_told(views),
            findings=findings[:PLACES],
            more_findings=findings[PLACES:],
            left_out=len(report.sessions) - len(shown),
            commands=commands_of(report.stats),
            latency_axis=LATENCY_AXIS,
            tls=tls_of(shown),
            capabilities=capabilities_of(shown),
            servers=_servers(views),
            links={view.kept.key: view.in_table for view in views},
            listed={(row.finding.id, row.finding.severity.word) for row in findings[:PLACES]},
            first_date=f"{shown[0].date:%H:%M:%S}" if shown else "",
        )
    )


def _views(shown: Sequence[CollectedSession]) -> tuple[list[SessionView], Timeline]:
    """Return the sessions that are *shown*, and the line of time that all of them are on."""
    spans = [(_shift(kept) + kept.opened_at, _shift(kept) + kept.ended_at) for kept in shown]
    start = min((since for since, _ in spans), default=0.0)
    overview = Timeline(start, max((until for _, until in spans), default=0.0), spans)
    room = Room()
    few = len(shown) <= LADDERS
    ladders = 0
    views: dict[str, SessionView] = {}
    # Those with findings come first, so that they have the room that there is.
    for kept in sorted(shown, key=lambda kept: not kept.findings):
        with_ladder = (few or bool(kept.findings)) and ladders < LADDERS
        ladders += with_ladder
        since, until = _shift(kept) + kept.opened_at, _shift(kept) + kept.ended_at
        views[kept.key] = SessionView(
            kept,
            with_ladder,
            session_time(kept),
            parts_of(kept, room),
            ladder_of(kept) if with_ladder else None,
            bar(kept.exchanges, overview, _STRIP, shift=_shift(kept)),
            (overview.place(since), overview.place(until)),
        )
    return [views[kept.key] for kept in shown], overview


def _shift(kept: CollectedSession) -> float:
    """Return what makes dates of a session's times, in seconds: several recordings share a line."""
    return kept.date.timestamp() - kept.opened_at


def _told(views: Sequence[SessionView]) -> list[SessionView]:
    """Return the sessions whose verdicts stand at the top: of many, those that went wrong."""
    if len(views) <= VERDICTS:
        return list(views)
    return [view for view in views if view.worst not in (None, Severity.INFO)]


def _servers(views: Sequence[SessionView]) -> list[str]:
    return list(dict.fromkeys(view.server for view in views))


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("pop3spy.report", "look"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS)
    made.globals.update(
        severity_word=severity_word,
        fold_from=EXCHANGES_OF_SESSION,
        most_exchanges=EXCHANGES,
        most_ladders=LADDERS,
        most_lines=LINES,
    )
    return made


def _hash(text: str) -> str:
    """Return what a content security policy calls *text* (CSP Level 3, section 2.3.1)."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
