"""Audits that were written as JSON before."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pop3spy.check.forms import SCHEMA
from pop3spy.check.registry import CheckOutcome
from pop3spy.check.transcript import TranscriptLine
from pop3spy.errors import ConfigError, said_by_system
from pop3spy.protocol.text import escape, escape_rest


@dataclass(frozen=True, slots=True)
class EarlierResult:
    """How a check ended, why, and what was said, line by line."""

    outcome: str
    note: str
    transcript: tuple[TranscriptLine, ...]


@dataclass(frozen=True, slots=True)
class EarlierAudit:
    """What an audit in a file came to: the result of each check by its id."""

    name: str
    url: str
    started: str
    results: dict[str, EarlierResult]

    @property
    def outcomes(self) -> dict[str, str]:
        """How each check ended, by its id."""
        return {id_: result.outcome for id_, result in self.results.items()}

    def count(self, outcome: str) -> int:
        """Return how many checks ended so."""
        return sum(result.outcome == outcome for result in self.results.values())


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
        results = {str(each["id"]): _result(each) for each in told["results"]}
        url, started = str(told["target"]["url"]), str(told["started"])
        return EarlierAudit(escape(path.stem), escape_rest(url), escape_rest(started), results)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ConfigError(f"{shown} is an audit that was changed by hand, or cut off") from None


def _result(told: dict[str, Any]) -> EarlierResult:
    """Return what the file has of a check; whoever wrote that, it can be shown."""
    lines = (
        TranscriptLine(
            float(line["t"]),
            str(line["who"]),
            escape_rest(str(line["text"])),
            str(line["eol"]),
            bool(line["truncated"]),
        )
        for line in told["transcript"]
    )
    outcome = CheckOutcome(told["outcome"]).value
    return EarlierResult(outcome, escape_rest(str(told["note"])), tuple(lines))
