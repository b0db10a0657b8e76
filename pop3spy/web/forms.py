"""What the inspector shows, as JSON: ``openapi.yaml`` has the schemas.

Rules: 1. everything here may be shown, since it was masked before the bus, and is escaped; 2. an
exchange has the names that the JSON log gives it.
"""

from collections.abc import Iterable, Iterator
from heapq import nlargest
from itertools import islice
from operator import itemgetter
from typing import Any, Final

from pop3spy.findings.verdict import verdict_of
from pop3spy.logs.notes import sentence
from pop3spy.protocol.text import decode_text, escape, escape_lines
from pop3spy.session.events import Noted, Raised
from pop3spy.session.facts import facts_of, rounded
from pop3spy.session.finding import Finding, Severity
from pop3spy.session.json_text import TRUTH, json_text, seconds_or_null
from pop3spy.session.model import Exchange, Session
from pop3spy.web.kept_sessions import KeptSessions
from pop3spy.web.watched import Mark, WatchedDeed, WatchedSession

STRIP: Final = 40
"""Exchanges that the strip of a session draws: its last ones."""


def summary(watched: WatchedSession) -> dict[str, Any]:
    """Return a session in short: a row of the list of sessions."""
    session, ending = watched.session, watched.session.ending
    totals = session.totals
    worst = max((one.severity.value for one in _unexplained(session)), default=0)
    return {
        "session": session.id,
        "client": escape(str(session.client)),
        "server": escape(str(session.server)),
        "user": None if session.user is None else escape(session.user),
        "state": session.state.value,
        "opened_at": rounded(session.opened_at),
        "ended_at": rounded(watched.ended_at),
        "ending": ending.how.plain if ending else None,
        "why": escape(ending.why) if ending else "",
        "commands": totals.commands,
        "refused": totals.refused,
        "retrieved": totals.retrieved,
        "deleted": totals.deleted,
        "octets": sum(totals.octets.values()),
        "tls": sorted(session.legs),
        "blind": session.blind,
        "findings": len(session.findings),
        "worst": Severity(worst).word if worst else None,
        "strip": _strip(watched),
    }


def _unexplained(session: Session) -> Iterable[Finding]:
    return (one for one in session.findings if not one.explained_by)


def _strip(watched: WatchedSession) -> list[list[Any]]:
    """Return when each of the last exchanges was asked and answered and over, and how it went."""
    exchanges = watched.session.exchanges
    last = islice(exchanges, max(0, len(exchanges) - STRIP), None)
    return [[*_times(each), _went(watched, each)] for each in last]


def _times(exchange: Exchange) -> Iterator[float | None]:
    """Yield its times as fine as a strip can show them."""
    for at in (exchange.asked_at, exchange.answered_at, exchange.ended_at):
        yield None if at is None else round(at, 4)


def _went(watched: WatchedSession, exchange: Exchange) -> str:
    if exchange.injected or exchange.number in watched.deeds:
        return "own"
    return "refused" if exchange.ok is False else ""


def exchange_text(watched: WatchedSession, exchange: Exchange, *, body: bool) -> str:
    """Return an exchange as a JSON object; *body* says whether some of its body is kept."""
    found, deeds = exchange.findings, watched.deeds.get(exchange.number)
    found_text = json_text([_place(one) for one in found]) if found else "[]"
    deeds_text = json_text([_deed(one) for one in deeds]) if deeds else "[]"
    return (
        f'{{"session": {watched.session.id}, '
        f'"asked_at": {seconds_or_null(exchange.asked_at)}, '
        f'"answered_at": {seconds_or_null(exchange.answered_at)}, '
        f'"ended_at": {seconds_or_null(exchange.ended_at)}, '
        f'{facts_of(exchange)}, "findings": {found_text}, "deeds": {deeds_text}, '
        f'"body": {TRUTH[body]}, '
        f'"due": {TRUTH[exchange.number in watched.session.outstanding]}}}'
    )


def _deed(deed: WatchedDeed) -> dict[str, Any]:
    return {"text": deed.text, "lines": deed.lines}


def _place(finding: Finding) -> dict[str, str]:
    return {
        "id": finding.id,
        "severity": finding.severity.word,
        "text": escape(finding.text),
    }


def body(head: bytes, start: int) -> dict[str, Any]:
    """Return what is kept of a body, *head*, from octet *start* on."""
    piece = head[start:]
    return {
        "from": start,
        "octets": len(piece),
        "kept": len(head),
        "text": escape_lines(decode_text(piece.replace(b"\r\n", b"\n"))),
        "hex": piece.hex(),
    }


def mark(watched: WatchedSession, one: Mark) -> dict[str, Any]:
    """Return what happened between exchanges."""
    return {
        "session": watched.session.id,
        "number": one.number,
        "after": one.after,
        "at": rounded(one.at),
        "kind": one.kind,
        "side": one.side,
        "text": one.text,
    }


def finding(session: Session, one: Finding) -> dict[str, Any]:
    """Return what was found in *session*."""
    return {
        "session": session.id,
        "id": one.id,
        "severity": one.severity.word,
        "fault": [fault.value for fault in one.fault],
        "exchange": one.exchange,
        "at": rounded(one.at),
        "count": one.count,
        "explained_by": one.explained_by,
        "text": escape(one.text),
        "remedy": escape(one.remedy),
    }


def raised(event: Raised) -> dict[str, Any]:
    """Return what has just been found."""
    return finding(event.session, event.finding)


def findings(sessions: Iterable[Session], most: int) -> list[dict[str, Any]]:
    """Return the last *most* findings of *sessions*, the latest first."""
    found = ((one.at, session, one) for session in sessions for one in session.findings)
    latest = nlargest(most, found, key=itemgetter(0))
    return [finding(session, one) for _, session, one in latest]


def note(event: Noted) -> dict[str, Any]:
    """Return what concerns the program, in words."""
    return {"what": event.what, "at": rounded(event.at), "text": sentence(event)}


def verdict(session: Session) -> str | None:
    """Return the session in one paragraph, once it is over."""
    return escape(verdict_of(session)) if session.ending else None


def counts(sessions: KeptSessions) -> dict[str, int]:
    """Return how many sessions there are and were."""
    return {
        "open": len(sessions.open),
        "ended": sessions.ended,
        "forgotten": sessions.forgotten,
    }
