"""What people reported: it is found, and nobody who is innocent is accused."""

import pytest

from findings.cases import CASES, Case
from findings.doors import ids, in_a_recording, on_tape
from pop3spy.findings import Severity

each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def conversation(case: Case) -> str:
    return case.text.replace("; ", "\n")


@each_case
def test_what_was_reported_is_found_and_nothing_else(case: Case) -> None:
    assert sorted(ids(on_tape(conversation(case)))) == sorted(case.raises.split())


@each_case
def test_no_error_names_who_is_innocent(case: Case) -> None:
    errors = [one for _, one in on_tape(conversation(case)) if one.severity is Severity.ERROR]
    assert [one.text for one in errors if case.innocent.intersection(one.fault)] == []


@each_case
def test_it_is_found_in_a_recording(case: Case) -> None:
    assert sorted(ids(in_a_recording(conversation(case)))) == sorted(case.raises.split())
