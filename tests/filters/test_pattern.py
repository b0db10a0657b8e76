"""Globs and regular expressions take little time, whatever they are tried on."""

import fnmatch
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.filters.pattern import LinePattern, RegularExpression, glob

WORST = [
    ".*.*x",
    "(a+)+$",
    "(a|aa)+b",
    "(.*)(.*)(.*)(.*)x",
    "(a?){40}a{40}b",
    "(?:a{1,20}){1,9}b",
    "([a-z]+ ?)+!",
    r"(\w+\s?)+$",
    "(x|y|é)*.{20}z",
]


@pytest.mark.parametrize("text", WORST)
def test_no_regular_expression_takes_long(text: str) -> None:
    found = RegularExpression(text)
    for line in ("a" * 16384, "ab" * 8192, "é" * 16384, "a" * 16383 + "!"):
        times = []
        for _ in range(3):
            started = time.process_time()
            found(line)
            times.append(time.process_time() - started)
        assert min(times) < 0.02  # a tenth of that, on a machine with nothing else to do


@pytest.mark.parametrize("text", ["(?:a{1,100}){1,10}b", "(.{50}){10}", "a{999}b{999}"])
def test_what_would_be_too_large_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="too large to be judged quickly"):
        RegularExpression(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [("(a", "missing )"), (r"(a)\1", "invalid escape"), ("a**", "**"), ("(?=a)", "?="), ("[", "]")],
)
def test_what_is_no_expression_is_told(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match="this is no regular expression of RE2: ") as raised:
        RegularExpression(text)
    assert problem in str(raised.value)


def test_a_whole_line_is_looked_at() -> None:
    assert RegularExpression("x$")("a" * 16383 + "x")


@pytest.mark.parametrize("text", ["*a" * 100 + "*", "*" * 500 + "b", "?*" * 100 + "b"])
def test_no_glob_takes_long(text: str) -> None:
    matches = glob(text)
    started = time.process_time()
    matches("a" * 16384)
    assert time.process_time() - started < 3


@given(st.text("ab*?.", max_size=12), st.text("ab.", max_size=20))
def test_a_glob_is_what_it_is_elsewhere(text: str, line: str) -> None:
    assert bool(glob(text)(line)) == fnmatch.fnmatchcase(line, text)


@given(st.text("ab|()?.^$", max_size=12), st.text("ab", max_size=12))
def test_a_regular_expression_is_what_it_is_elsewhere(text: str, line: str) -> None:
    try:
        found = RegularExpression(text)
    except ValueError:
        return
    try:
        known = re.compile(text)
    except re.error:  # such as a||, which both take, and ?+, which only one does
        return
    assert bool(found(line)) == bool(known.search(line))


TEXT = "+OK ready\r\nSubject: hello\r\n\r\nbye"


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("^subject", "Subject: hello"),
        ("hello$", "Subject: hello"),
        ("^bye$", "bye"),
        ("ready", "+OK ready"),
        ("^$", ""),
        ("ready.*hello", None),
        ("^hello", None),
    ],
)
def test_a_pattern_is_looked_for_in_each_line_on_its_own(pattern: str, line: str | None) -> None:
    assert LinePattern(pattern).line_in(TEXT) == line


def test_a_pattern_that_is_none_is_told_as_it_was_written() -> None:
    with pytest.raises(ValueError, match="this is no regular expression of RE2"):
        LinePattern("a)(?i:b")
