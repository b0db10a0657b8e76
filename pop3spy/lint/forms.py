"""The forms in which findings are written for machines, as one table."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote
from xml.etree import ElementTree as ET

from pop3spy import __version__
from pop3spy.findings.rule import Rule
from pop3spy.findings.wording import plain
from pop3spy.lint.linted import Linted, LintedSession
from pop3spy.session.finding import Finding, Severity

Rules = Mapping[str, Rule]

_SARIF: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def place_of(finding: Finding) -> str:
    """Return where a finding was seen first: ``exchange 3``, or ``connection``."""
    return f"exchange {finding.exchange}" if finding.exchange else "connection"


def as_json(linted: Linted, _: Rules) -> str:
    """Return an object with a list of sessions, each with its findings and its verdict."""
    sessions = [
        {
            "file": session.file,
            "session": session.number,
            "client": session.client,
            "server": session.server,
            "verdict": session.verdict,
            "findings": [
                {
                    **finding.facts(),
                    "at": round(finding.at, 6),
                    "count": finding.count,
                    "places": [
                        {"exchange": place.exchange, "at": round(place.at, 6)}
                        for place in finding.places
                    ],
                }
                for finding in session.findings
            ],
        }
        for session in linted.sessions
    ]
    told = {
        "files": linted.files,
        "sessions_seen": linted.looked_at,
        "exchanges_seen": linted.exchanges,
        "sessions": sessions,
    }
    return json.dumps(told, indent=2) + "\n"


def as_sarif(linted: Linted, rules: Rules) -> str:
    """Return a log of SARIF 2.1.0, which code hosts and editors read."""
    used = sorted({finding.id for finding in linted.findings})
    driver = {
        "name": "pop3spy",
        "version": __version__,
        "rules": [_sarif_rule(rules[name]) for name in used if name in rules],
    }
    results = [
        _sarif_result(session, finding)
        for session in linted.sessions
        for finding in session.findings
    ]
    run = {"tool": {"driver": driver}, "results": results}
    return json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": plain(rule.meaning)},
        "fullDescription": {"text": plain(rule.details or rule.meaning)},
        "help": {"text": f"To do: {plain(rule.remedy)}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"fault": [fault.value for fault in rule.fault], "basis": rule.basis},
    }


def _sarif_result(session: LintedSession, finding: Finding) -> dict[str, Any]:
    place = f"session {session.number}, {place_of(finding)}"
    return {
        "ruleId": finding.id,
        "level": _LEVELS[finding.severity],
        "message": sarif_message(f"{finding.text} To do: {finding.remedy}"),
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": quote(session.file)}},
                "logicalLocations": [{"fullyQualifiedName": place}],
            }
        ],
        "occurrenceCount": finding.count,
        "properties": {"fault": [fault.value for fault in finding.fault]},
    }


def sarif_message(text: str) -> dict[str, str]:
    """Return *text* as a message in which no words of others are a link (SARIF, section 3.11.6)."""
    return {"text": text.replace("](", "] (")}


def as_junit(linted: Linted, _: Rules) -> str:
    """Return a report of test cases, a session each, as build servers read it."""
    failed = sum(any(_fails(one) for one in session.findings) for session in linted.sessions)
    suite = ET.Element(
        "testsuite",
        name="pop3spy lint",
        tests=str(linted.looked_at),
        failures=str(failed),
        errors="0",
    )
    for session in linted.sessions:
        case = ET.SubElement(
            suite, "testcase", classname=session.file, name=f"session {session.number}"
        )
        text = "\n".join(
            f"{finding.severity.word} {finding.id} ({place_of(finding)}): {finding.text}"
            for finding in session.findings
        )
        if any(_fails(one) for one in session.findings):
            failure = ET.SubElement(case, "failure", message=_xml_text(session.verdict))
            failure.text = _xml_text(text)
        else:
            ET.SubElement(case, "system-out").text = _xml_text(text)
    ET.indent(suite)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(suite, encoding="unicode")}\n'


def _fails(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR


def _xml_text(text: str) -> str:
    """Return *text* without the characters that XML has no way to write."""
    return "".join(char if char in "\t\n" or char.isprintable() else "\ufffd" for char in text)


def as_github(linted: Linted, _: Rules) -> str:
    """Return workflow commands: a line a finding, which become annotations."""
    return "".join(_github_lines(linted))


def _github_lines(linted: Linted) -> Iterator[str]:
    for session in linted.sessions:
        for finding in session.findings:
            title = f"{finding.id} (session {session.number}, {place_of(finding)})"
            properties = f"file={_property(session.file)},title={_property(title)}"
            message = _message(f"{finding.text} To do: {finding.remedy}")
            yield f"::{_COMMANDS[finding.severity]} {properties}::{message}\n"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


FORMS: Final[dict[str, Callable[[Linted, Rules], str]]] = {
    "json": as_json,
    "sarif": as_sarif,
    "junit": as_junit,
    "github": as_github,
}
"""Each form by its name; the one for people is in ``lint.text``."""
