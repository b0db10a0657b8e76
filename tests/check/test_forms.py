"""What is written for machines can be read by them, whatever a server says."""

import json
import re
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from prometheus_client.parser import text_string_to_metric_families

from check.made import EVERY, report_with
from pop3spy.check.forms import FORMS, nagios_status, schema
from pop3spy.check.registry import CheckOutcome
from pop3spy.check.results import AuditStatus
from pop3spy.protocol.url import Url


def test_the_json_is_as_its_schema_says() -> None:
    described = json.loads(schema())
    jsonschema.Draft202012Validator.check_schema(described)
    for report in (report_with(*EVERY), report_with(), report_with(EVERY[0])):
        jsonschema.validate(json.loads(FORMS["json"](report)), described)


def test_the_schema_knows_a_wrong_one() -> None:
    told = json.loads(FORMS["json"](report_with(*EVERY)))
    told["results"][0]["outcome"] = "perhaps"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, json.loads(schema()))


SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {"items": {
            "required": ["tool", "results"],
            "properties": {
                "tool": {"properties": {"driver": {"required": ["name"]}}},
                "invocations": {"items": {
                    "required": ["executionSuccessful"],
                    "properties": {"startTimeUtc": {"pattern": r"^\d{4}-\d\d-\d\dT.*Z$"}},
                }},
                "results": {"items": {
                    "required": ["message", "ruleId", "ruleIndex"],
                    "properties": {
                        "kind": {"enum": ["fail", "informational"]},
                        "level": {"enum": ["none", "note", "warning", "error"]},
                        "message": {"required": ["text"]},
                        "locations": {"items": {"required": ["logicalLocations"]}},
                    },
                }},
            },
        }},
    },
}  # fmt: skip
"""The parts of the schema of SARIF 2.1.0 that are used."""


def test_what_a_server_says_is_no_link_in_sarif() -> None:
    report = report_with(CheckOutcome.FAIL, note="it said [here](javascript:x)")
    (result,) = json.loads(FORMS["sarif"](report))["runs"][0]["results"]
    assert "it said [here] (javascript:x)" in result["message"]["text"].replace("It", "it")


def test_sarif_has_what_failed_or_is_not_strict() -> None:
    log = json.loads(FORMS["sarif"](report_with(*EVERY)))
    jsonschema.validate(log, SARIF)
    (run,) = log["runs"]
    assert [result["level"] for result in run["results"]] == ["none", "error"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert (result["kind"] == "fail") == (result["level"] != "none")


def test_junit_counts_what_is_in_it() -> None:
    suites = ET.fromstring(FORMS["junit"](report_with(*EVERY)))
    for suite in suites.iter("testsuite"):
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases))
        for counted, element in (
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ):
            found = [case for case in cases if case.find(element) is not None]
            assert suite.get(counted) == str(len(found))
    failures = list(suites.iter("failure"))
    assert [failure.get("type") for failure in failures] == ["MUST"]
    assert "C: a " in (failures[0].text or "")


def test_prometheus_can_read_it() -> None:
    text = FORMS["prometheus"](report_with(*EVERY))
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert {family.type for family in families.values()} == {"gauge"}
    assert all(family.documentation for family in families.values())
    for name in ("pop3spy_check_outcome", "pop3spy_check_results"):
        assert len(families[name].samples) == len(EVERY)
    (ends,) = families["pop3spy_check_cert_not_after_seconds"].samples
    assert ends.value == 1.8e9
    assert ends.labels == {"target": "pop3://mail.example.org:110"}


def test_a_target_with_odd_characters_is_still_one_label() -> None:
    report = report_with(CheckOutcome.PASS)
    report.target.url = Url("pop3", 'a"b\\c', 110)
    (family, *_) = text_string_to_metric_families(FORMS["prometheus"](report))
    assert family.samples[0].labels["target"] == str(report.target.url)


_FIGURE = r"[a-z]+=-?[0-9.]+(?:s|)(?:;[0-9:]*;[0-9:]*)?"


@pytest.mark.parametrize(
    ("outcomes", "fail_on", "word", "status"),
    [
        ((CheckOutcome.PASS,), "must", "OK", 0),
        ((CheckOutcome.FAIL,), "never", "WARNING", 1),
        ((CheckOutcome.FAIL,), "must", "CRITICAL", 2),
        ((CheckOutcome.FAIL, CheckOutcome.ERROR), "must", "UNKNOWN", 3),
    ],
)
def test_a_monitor_gets_one_line(
    outcomes: tuple[CheckOutcome, ...], fail_on: str, word: str, status: int
) -> None:
    report = report_with(*outcomes, fail_on=fail_on)
    line = FORMS["nagios"](report)
    assert re.fullmatch(rf"POP3 {word} - [^|\n]+ \| {_FIGURE}(?: {_FIGURE})*\n", line), line
    assert nagios_status(report) == status


def test_a_certificate_that_ends_soon_is_a_warning() -> None:
    report = report_with(CheckOutcome.PASS)
    report.certificate_days = 3.0
    assert nagios_status(report) == 1


@pytest.mark.parametrize(
    ("outcome", "fail_on", "status"),
    [
        (CheckOutcome.FAIL, "must", AuditStatus.FOUND),
        (CheckOutcome.FAIL, "never", AuditStatus.CLEAN),
        (CheckOutcome.NON_STRICT, "practice", AuditStatus.CLEAN),
        (CheckOutcome.NON_STRICT, "non-strict", AuditStatus.FOUND),
        (CheckOutcome.ERROR, "never", AuditStatus.UNFINISHED),
        (CheckOutcome.MISSING, "non-strict", AuditStatus.CLEAN),
    ],
)
def test_the_exit_status_goes_by_the_level(
    outcome: CheckOutcome, fail_on: str, status: AuditStatus
) -> None:
    assert report_with(outcome, fail_on=fail_on).status is status
