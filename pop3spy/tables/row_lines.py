"""Rows as lines of JSON: each says first which table it is of.

Rule: ``columns`` says which members a row has, and in which order.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from pop3spy.findings.verdict import verdict_of
from pop3spy.protocol.text import escape
from pop3spy.session.bus import Reader
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Answered, Ended, Event, Unanswered
from pop3spy.session.facts import facts_of, facts_of_ending
from pop3spy.session.finding import Finding, Severity, worth_telling
from pop3spy.session.how import Ending, How
from pop3spy.session.json_text import json_text, members
from pop3spy.session.model import Peer, Session
from pop3spy.session.timestamps import Timestamps
from pop3spy.spool import Stream
from pop3spy.tables.columns import LARGEST, VERSION

_BEGINNING: Final = '{"table": "'


def table_of(line: str) -> str:
    """Return the table that *line* is a row of."""
    return line[len(_BEGINNING) : line.index('"', len(_BEGINNING))]


def gap_line(clock: Clock, rows: int) -> str:
    """Return the row that stands where so many *rows* could not be written in time."""
    return gap(clock, clock.run, "rate", rows)


def gap(clock: Clock, run: str, why: str, rows: int | None) -> str:
    """Return the row that tells that *rows* of *run* are missing, None if nobody knows how many."""
    time = Timestamps(clock).text(clock.now())
    return f"{_head('gaps', run, time)}, {members({'why': why, 'rows': rows})}}}\n"


class RowLog:
    """A subscriber that writes rows to *stream*, dated by *clock*.

    The exchanges of a session come when they are over, and the session with its findings when it
    is.
    """

    def __init__(self, stream: Stream, clock: Clock) -> None:
        self._stream = stream
        self._run = clock.run
        self._times = Timestamps(clock)
        self._earlier = Timestamps(clock)  # another: each keeps the second that it told last
        self._open: dict[int, _SessionRows] = {}

    def __call__(self, session: Session) -> Reader:
        """Return what writes the rows of *session*."""
        rows = self._open[session.id] = _SessionRows(self, session)
        return rows.read

    def close(self) -> None:
        """Write the rows of sessions whose end nobody saw."""
        for rows in list(self._open.values()):
            rows.end(Ending(How.CUT))

    def forget(self, session: Session) -> None:
        """Know that *session* is over."""
        self._open.pop(session.id, None)

    def earlier(self, at: float) -> str:
        """Return the date of *at*, which is before that of the row."""
        return self._earlier.text(at)

    def write(self, table: str, at: float, told: str) -> None:
        """Write a row of *table*, whose members behind those of every row are *told*."""
        self._stream.write(f"{_head(table, self._run, self._times.text(at))}, {told}}}\n")


def _head(table: str, run: str, time: str) -> str:
    return f'{_BEGINNING}{table}", "schema": {VERSION}, "run": "{run}", "time": "{time}"'


class _SessionRows:
    """A reader of events that writes the rows of one session to *log*."""

    def __init__(self, log: RowLog, session: Session) -> None:
        self._log = log
        self._session = session
        self._peers = members(
            {
                "session": session.id,
                **_peer("client", session.client),
                **_peer("server", session.server),
            }
        )
        self._last = session.opened_at

    def read(self, event: Event) -> None:
        """Write what *event* tells."""
        self._last = event.at
        if isinstance(event, Answered | Unanswered):
            asked_at = self._log.earlier(event.exchange.asked_at)
            told = f'{self._peers}, "asked_at": "{asked_at}", {facts_of(event.exchange)}'
            self._log.write("exchanges", event.at, told)
        elif isinstance(event, Ended):
            self.end(event.ending)

    def end(self, ending: Ending) -> None:
        """Write the session, and what was found in it.

        A stream that takes a row may raise what became of one before it; so the first failure is
        raised when all rows were written.
        """
        self._log.forget(self._session)
        failures = []
        for table, facts in self._rows_at_end(ending):
            try:
                self._log.write(table, self._last, f"{self._peers}, {members(facts)}")
            except Exception as error:  # noqa: BLE001 - it is raised below
                failures.append(error)
        if failures:
            raise failures[0]

    def _rows_at_end(self, ending: Ending) -> Iterator[tuple[str, Mapping[str, object]]]:
        session = self._session
        for finding in session.findings:
            yield "findings", self._found(finding)
        maildrop, worst = session.maildrop, worth_telling(session.findings, Severity.INFO)
        ended = facts_of_ending(session, ending, self._last)
        yield (
            "sessions",
            {
                "opened_at": self._log.earlier(session.opened_at),
                **ended,
                "capabilities": _capabilities(ended["capabilities"]),
                "client_tls": _tls(session, "client"),
                "server_tls": _tls(session, "server"),
                "messages": _held(maildrop.count),
                "maildrop_octets": _held(maildrop.octets),
                "findings": len(session.findings),
                "worst": worst[0].severity.word if worst else None,
                "verdict": verdict_of(session) if session.findings else None,
            },
        )

    def _found(self, finding: Finding) -> Mapping[str, object]:
        return {
            "id": finding.id,
            "severity": finding.severity.word,
            "fault": finding.whose,
            "exchange": finding.exchange,
            "raised_at": self._log.earlier(finding.at),
            "count": finding.count,
            "explained_by": finding.explained_by,
            "text": finding.text,
            "remedy": finding.remedy,
            "evidence": json_text(dict(finding.evidence)),
            "user": self._session.user,
        }


def _peer(side: str, peer: Peer) -> Mapping[str, object]:
    return {f"{side}_address": escape(peer.host), f"{side}_port": peer.port or None}


def _held(number: int | None) -> int | None:
    """Return *number*, or None for one that a server made up and no column holds."""
    return number if number is None or number <= LARGEST else None


def _tls(session: Session, side: str) -> str | None:
    tls = session.legs.get(side)
    return tls.version if tls else None


def _capabilities(listed: object) -> str | None:
    assert isinstance(listed, dict)
    return "; ".join(f"{state}: {', '.join(each)}" for state, each in listed.items()) or None
