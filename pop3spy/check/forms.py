"""The forms in which an audit is written for machines, as one table."""

import json
import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any, Final
from xml.etree import ElementTree as ET

from pop3spy import __version__
from pop3spy.check.html import page
from pop3spy.check.registry import Check, CheckOutcome, Level
from pop3spy.check.results import AuditReport, AuditStatus, Result
from pop3spy.lint.forms import sarif_message

SCHEMA: Final = "pop3spy-check/1"
_SARIF: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS: Final = {Level.MUST: "error", Level.SHOULD: "warning", Level.PRACTICE: "note"}
_WORST: Final = 5
"""Failures that a line for a monitor names."""


def as_json(report: AuditReport) -> str:
    """Return one object, which the schema describes that comes with the program."""
    target = report.target
    told = {
        "schema": SCHEMA,
        "tool": "pop3spy",
        "version": __version__,
        "started": report.started,
        "seconds": report.seconds,
        "target": {
            "url": str(target.url),
            "address": target.address,
            "doors": [
                {
                    "door": door.value,
                    "port": seen.port,
                    "open": seen.is_open,
                    "tls": seen.tls.version if seen.tls is not None else "",
                    "error": seen.error,
                }
                for door, seen in target.doors.items()
            ],
        },
        "options": report.options,
        "plan": {"logins": report.plan.logins, "connections": report.plan.connections},
        "used": {
            "logins": report.used.logins,
            "connections": report.used.connections,
            "octets": report.used.octets,
        },
        "greeting": report.greeting,
        "capabilities": report.capabilities,
        "results": [_result(result) for result in report.results],
        "findings": [
            {"check": result.check.id, **finding.facts()} for result, finding in report.findings
        ],
        "counts": {outcome.value: many for outcome, many in report.counts.items()},
        "stopped": report.stopped,
        "exit": int(report.status),
    }
    return json.dumps(told, indent=2) + "\n"


def _result(result: Result) -> dict[str, Any]:
    check = result.check
    return {
        "id": check.id,
        "group": check.group,
        "title": check.title,
        "level": check.level.value,
        "outcome": result.outcome.value,
        "before": result.before,
        "note": result.judgement.note,
        "harm": check.harm,
        "reference": check.reference.split("; "),
        "door": result.door,
        "seconds": result.seconds,
        "facts": dict(result.judgement.facts),
        "transcript": [
            {
                "t": line.at,
                "who": line.who,
                "text": line.text,
                "eol": line.eol,
                "truncated": line.truncated,
            }
            for line in result.transcript
            if result.outcome is not CheckOutcome.PASS  # of what passed nobody asks, and it is much
        ],
    }


def as_sarif(report: AuditReport) -> str:
    """Return a log of SARIF 2.1.0, which code hosts and editors read."""
    told = [
        result
        for result in report.told
        if result.outcome in (CheckOutcome.FAIL, CheckOutcome.NON_STRICT)
    ]
    driver = {
        "name": "pop3spy",
        "version": __version__,
        "rules": [_sarif_rule(result.check) for result in told],
    }
    results = [_sarif_result(report, result, at) for at, result in enumerate(told)]
    invocation = {
        "executionSuccessful": not report.unfinished,
        "exitCode": int(report.status),
        "startTimeUtc": report.started,
    }
    run = {"tool": {"driver": driver}, "invocations": [invocation], "results": results}
    return json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _sarif_rule(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": check.harm},
        "help": {"text": check.details},
        "defaultConfiguration": {"level": _LEVELS[check.level]},
        "properties": {"level": check.level.value, "rfc": check.reference.split("; ")},
    }


def _sarif_result(report: AuditReport, result: Result, at: int) -> dict[str, Any]:
    strict = result.outcome is CheckOutcome.FAIL
    place = f"{report.target.url}#{result.door or 'clear'}"
    return {
        "ruleId": result.check.id,
        "ruleIndex": at,
        "kind": "fail" if strict else "informational",
        "level": _LEVELS[result.check.level] if strict else "none",
        "message": sarif_message(result.sentence),
        "locations": [{"logicalLocations": [{"fullyQualifiedName": place}]}],
        "properties": {"transcript": [str(line) for line in result.transcript]},
    }


def as_junit(report: AuditReport) -> str:
    """Return test suites, a group each, as build servers read them."""
    suites = ET.Element("testsuites", name=f"pop3spy check {report.target.url}")
    groups: dict[str, list[Result]] = {}
    for result in report.told:
        groups.setdefault(result.check.group, []).append(result)
    for group, results in groups.items():
        outcomes = [result.outcome for result in results]
        unused = (CheckOutcome.MISSING, CheckOutcome.SKIPPED)
        suite = ET.SubElement(
            suites,
            "testsuite",
            name=group,
            tests=str(len(results)),
            failures=str(outcomes.count(CheckOutcome.FAIL)),
            errors=str(outcomes.count(CheckOutcome.ERROR)),
            skipped=str(sum(outcome in unused for outcome in outcomes)),
            time=f"{sum(result.seconds for result in results):.3f}",
        )
        for result in results:
            _junit_case(suite, result)
    ET.indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(suites, encoding="unicode")}\n'


def _junit_case(suite: ET.Element, result: Result) -> None:
    check, note = result.check, result.judgement.note
    case = ET.SubElement(
        suite,
        "testcase",
        classname=f"pop3spy.check.{check.group}",
        name=f"{check.id} {check.title}",
        time=f"{result.seconds:.3f}",
    )
    said = _xml_text("\n".join([result.sentence, *map(str, result.transcript)]))
    match result.outcome:
        case CheckOutcome.FAIL:
            failure = ET.SubElement(
                case, "failure", type=check.level.value, message=_xml_text(note)
            )
            failure.text = said
        case CheckOutcome.ERROR:
            ET.SubElement(case, "error", message=_xml_text(note)).text = said
        case CheckOutcome.MISSING | CheckOutcome.SKIPPED:
            ET.SubElement(case, "skipped", message=_xml_text(note))
        case _ if note:
            ET.SubElement(case, "system-out").text = said


def _xml_text(text: str) -> str:
    """Return *text* without the characters that XML has no way to write."""
    return "".join(char if char in "\t\n" or char.isprintable() else "\ufffd" for char in text)


# -- monitors -----------------------------------------------------------------------------------


def as_nagios(report: AuditReport) -> str:
    """Return one line with performance data, as plugins of monitors print it."""
    word = ("OK", "WARNING", "CRITICAL", "UNKNOWN")[nagios_status(report)]
    failed = [result.check.id for result in report.told if result.outcome is CheckOutcome.FAIL]
    text = f"{len(failed)} failed: {' '.join(failed[:_WORST])}" if failed else "nothing failed"
    if report.unfinished:
        text = f"not finished: {report.unfinished}"
    figures = [
        f"fails={len(failed)};;{0 if report.fail_on == 'never' else 1}",
        f"nonstrict={report.counts[CheckOutcome.NON_STRICT]}",
        f"greeting={report.greeting_seconds:.3f}s",
    ]
    if report.login_seconds is not None:
        figures.append(f"login={report.login_seconds:.3f}s")
    if report.certificate_days is not None:
        figures.append(f"cert={report.certificate_days:.0f};{report.cert_days}:;7:")
    clean = re.sub(r"[|\r\n]", " ", text)
    return f"POP3 {word} - {clean} | {' '.join(figures)}\n"


def nagios_status(report: AuditReport) -> int:
    """Return 0 OK, 1 WARNING, 2 CRITICAL or 3 UNKNOWN."""
    if report.status is AuditStatus.UNFINISHED:
        return 3
    if report.status is AuditStatus.FOUND:
        return 2
    days = report.certificate_days
    soon = days is not None and days < report.cert_days
    below = any(result.outcome is CheckOutcome.FAIL for result in report.told)
    return 1 if soon or below else 0


def as_prometheus(report: AuditReport) -> str:
    """Return metrics in the text format of Prometheus, for its textfile collector."""
    url = _label(str(report.target.url))
    lines = _metric("pop3spy_check_outcome", "How each check of the last audit ended.")
    for result in report.results:
        labels = f'id="{result.check.id}",level="{result.check.level.value}"'
        outcome = f'outcome="{result.outcome.value}"'
        lines.append(f'pop3spy_check_outcome{{target="{url}",{labels},{outcome}}} 1')
    lines += _metric("pop3spy_check_results", "How many checks of the last audit ended so.")
    for kind, many in report.counts.items():
        lines.append(f'pop3spy_check_results{{target="{url}",outcome="{kind.value}"}} {many}')
    figures = (
        ("cert_not_after_seconds", "When the certificate ends.", report.certificate_until),
        ("greeting_seconds", "How long the greeting took.", report.greeting_seconds),
        ("login_seconds", "How long a login took, the median.", report.login_seconds),
        ("last_run_timestamp_seconds", "When the last audit ended.", report.ended_at),
        ("exit", "The exit status of the last audit.", int(report.status)),
    )
    for name, words, value in figures:
        if value is not None:
            lines += _metric(f"pop3spy_check_{name}", words)
            lines.append(f'pop3spy_check_{name}{{target="{url}"}} {value:.3f}')
    return "\n".join(lines) + "\n"


def _metric(name: str, words: str) -> list[str]:
    return [f"# HELP {name} {words}", f"# TYPE {name} gauge"]


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


FORMS: Final[dict[str, Callable[[AuditReport], str]]] = {
    "json": as_json,
    "html": page,
    "junit": as_junit,
    "sarif": as_sarif,
    "nagios": as_nagios,
    "prometheus": as_prometheus,
}
"""Each form by its name; the one for people is in ``check.text``."""


def unreached(why: str) -> str:
    """Return what a monitor is told of a server that nobody reached."""
    clean = re.sub(r"[|\r\n]", " ", why)
    return f"POP3 CRITICAL - no connection: {clean}\n"


def schema() -> str:
    """Return the JSON schema of an audit as JSON (draft 2020-12)."""
    return (files("pop3spy.check") / "check-1.schema.json").read_text(encoding="utf-8")
