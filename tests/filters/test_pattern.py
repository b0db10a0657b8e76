"""Globs and regular expressions take little time, whatever they are tried on."""

import fnmatch
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.filters.pattern import LOOKED_AT, glob, regular_expression

WORST = [
    ".*.*x",
    "a+.*(b|c|d)",
    "a?.*.*x",
    "a{1,}a*x",
    "a?" * 11 + "x",
    "(a|aa)" * 8 + "x",
    "(a|aa).*a.*x",
]


@pytest.mark.parametrize("text", WORST)
@pytest.mark.parametrize("line", ["a" * 16384, "ab" * 8192, "é" * 16384])
def test_no_regular_expression_that_is_allowed_takes_long(text: str, line: str) -> None:
    found = regular_expression(text)
    started = time.process_time()
    found(line)
    assert (
        time.process_time() - started < 3
    )  # a tenth of that, on a machine with nothing else to do


def test_a_regular_expression_looks_at_the_beginning_of_a_line() -> None:
    found = regular_expression("x$")
    assert found("a" * (LOOKED_AT - 1) + "x")
    assert not found("a" * LOOKED_AT + "x")


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
        found = regular_expression(text)
    except ValueError:
        return
    assert bool(found(line)) == bool(re.search(text, line))
