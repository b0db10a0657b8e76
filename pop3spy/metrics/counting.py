"""Counts what is on the bus.

Rule: of what peers say, only words of a table become labels; ``families`` has the tables.
"""

from collections.abc import Callable
from typing import Any, Final

from pop3spy.findings.logins import LOGINS, lists_mechanisms, way_of
from pop3spy.metrics.tally import Tallies
from pop3spy.protocol.frames import Side
from pop3spy.session.bus import Reader
from pop3spy.session.events import (
    Answered,
    Blinded,
    Ended,
    Event,
    Glimpsed,
    Heard,
    Intervened,
    Noted,
    Raised,
    Secured,
    Unanswered,
)
from pop3spy.session.model import Exchange, Session

_HELLO: Final = ("server", "hello")


class Counting:
    """A subscriber that counts in *tallies* what happens in sessions; ``note`` counts notes."""

    def __init__(self, tallies: Tallies) -> None:
        self._tallies = tallies
        self.exchanges = tallies["pop3spy_exchanges_total"]
        self.latencies = tallies["pop3spy_exchange_latency_seconds"]
        self.durations = tallies["pop3spy_exchange_duration_seconds"]
        said = tallies["pop3spy_said_bytes_total"]
        self.said = {side: said.rows[side.name.lower(),] for side in Side}

    def __call__(self, session: Session) -> Reader:
        """Return what counts what happens in *session*."""
        self._tallies["pop3spy_sessions_total"].add()
        self._tallies["pop3spy_sessions_open"].add()
        return _CountedSession(self, session)

    def note(self, event: Noted) -> None:
        """Count a note."""
        self.count("pop3spy_notes_total", event.what)

    def count(self, name: str, *series: str) -> None:
        """Count one more of the metric *name*."""
        self._tallies[name].add(*series)

    def ended(self, event: Ended) -> None:
        """Count a session that is over."""
        self._tallies["pop3spy_sessions_open"].add(by=-1)
        self.count("pop3spy_sessions_ended_total", event.ending.how.value)
        lasted = max(0.0, event.at - event.session.opened_at)
        self._tallies["pop3spy_session_duration_seconds"].observe(lasted)


class _CountedSession:
    """A reader of one session."""

    def __init__(self, counting: Counting, session: Session) -> None:
        self._counting = counting
        self._octets = session.totals.octets
        self._counted = dict.fromkeys(Side, 0)

    def __call__(self, event: Event) -> None:
        if (count := _COUNTED.get(type(event))) is not None:
            count(self, event)

    def heard(self, event: Heard) -> None:
        side = event.frame.side
        octets = self._octets[side]
        self._counting.said[side][0] += octets - self._counted[side]
        self._counted[side] = octets

    def answered(self, event: Answered | Unanswered) -> None:
        exchange, counting = event.exchange, self._counting
        command = exchange.said.command
        verb = command.verb if command.spec else ""
        status = _status(exchange)
        counting.exchanges.add(verb, status)
        if exchange.latency is not None:
            counting.latencies.observe(exchange.latency, verb)
        if exchange.duration is not None and exchange.complete:
            counting.durations.observe(exchange.duration, verb)
        if verb in LOGINS and not lists_mechanisms(exchange):
            inside = "yes" if "client" in event.session.legs else "no"
            counting.count("pop3spy_logins_total", way_of(exchange), status, inside)

    def secured(self, event: Secured) -> None:
        tls = event.tls
        self._counting.count("pop3spy_tls_handshakes_total", tls.side, tls.version)

    def glimpsed(self, event: Glimpsed) -> None:
        glimpse = event.glimpse
        if (glimpse.side, glimpse.kind) == _HELLO:
            version = glimpse.versions[0] if glimpse.versions else ""
            self._counting.count("pop3spy_tls_handshakes_total", "unread", _agreed(version))

    def raised(self, event: Raised) -> None:
        finding = event.finding
        self._counting.count("pop3spy_findings_total", finding.id, finding.severity.word)

    def intervened(self, event: Intervened) -> None:
        self._counting.count("pop3spy_interventions_total", event.did.deed.code)

    def blinded(self, _: Blinded) -> None:
        self._counting.count("pop3spy_sessions_blind_total")

    def ended(self, event: Ended) -> None:
        self._counting.ended(event)


def _status(exchange: Exchange) -> str:
    return "none" if exchange.ok is None else "ok" if exchange.ok else "err"


def _agreed(version: str) -> str:
    """Return the name that OpenSSL has for a version as a hello has it: ``TLS 1.2``."""
    return version.replace("TLS ", "TLSv").replace("SSL ", "SSLv").removesuffix(".0")


_COUNTED: Final[dict[type[Event], Callable[[_CountedSession, Any], None]]] = {
    Heard: _CountedSession.heard,
    Answered: _CountedSession.answered,
    Unanswered: _CountedSession.answered,
    Secured: _CountedSession.secured,
    Glimpsed: _CountedSession.glimpsed,
    Raised: _CountedSession.raised,
    Intervened: _CountedSession.intervened,
    Blinded: _CountedSession.blinded,
    Ended: _CountedSession.ended,
}
"""What is counted of each event."""
