"""What a probe came to as one JSON object; ``docs/recipes.md`` has its fields."""

import json
from collections.abc import Mapping

from pop3spy.connect.expecting import Expecting
from pop3spy.connect.probe import Probe, ReachedStage
from pop3spy.protocol.text import escape
from pop3spy.protocol.url import Url
from pop3spy.session.chunk import Clock
from pop3spy.session.facts import facts_of, rounded
from pop3spy.session.model import Session


def probe_facts(
    probe: Probe, url: Url, clock: Clock, expecting: Expecting, status: int
) -> Mapping[str, object]:
    """Return what machines are told of *probe*, which ended with the exit *status*.

    Times are seconds, sizes octets; what is not known is None.
    """
    session = probe.session
    missed = next((stage for stage in probe.stages if not stage.reached), None)
    return {
        "url": str(url),
        "at": clock.date(probe.began).isoformat(),
        "exit_status": status,
        "last": probe.settings.last,
        "failed": missed.name if missed and status else None,
        "why": missed.why if missed and status and missed.why else None,
        "seconds": rounded(probe.seconds),
        "connection": {
            "connected": _since(probe, probe.connected_at),
            "secured": _since(probe, probe.secured_at),
            "greeted": _since(probe, probe.greeted_at),
        },
        "tls": session.tls.facts() if session and session.tls else None,
        "capabilities": _capabilities(session),
        "messages": session.maildrop.count if session else None,
        "octets": session.maildrop.octets if session else None,
        "stages": [_stage(stage) for stage in probe.stages],
        "retrieved": {
            "number": probe.retrieved.number,
            "octets": probe.retrieved.octets,
            "sha256": probe.retrieved.sha256,
        }
        if probe.retrieved
        else None,
        "quit": probe.farewell.ok if probe.farewell else None,
        "expected": [
            {"pattern": pattern.text, "line": escape(line) if line is not None else None}
            for place, pattern in enumerate(expecting.patterns)
            for line in [expecting.lines.get(place)]
        ],
        "findings": [found.facts() for found in session.findings] if session else [],
    }


def _stage(stage: ReachedStage) -> Mapping[str, object]:
    return {
        "stage": stage.name,
        "reached": stage.reached,
        "seconds": rounded(stage.seconds),
        "why": stage.why or None,
        "exchanges": [json.loads(f"{{{facts_of(each)}}}") for each in stage.exchanges],
    }


def _since(probe: Probe, at: float | None) -> float | None:
    return None if at is None else rounded(at - probe.began)


def _capabilities(session: Session | None) -> list[str] | None:
    """Return what the server said last that it can do."""
    if session is None or not session.capabilities:
        return None
    *_, last = session.capabilities.values()
    return [escape(" ".join((each.tag, *each.params))) for each in last]
