"""Plain YAML: what it may hold, what it may not, and where that is told."""

from typing import Any

import pytest

from pop3spy.plainyaml import Flaw, PlainYamlError, load_located_yaml, load_plain_yaml

BOTH = pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])


@pytest.mark.parametrize(
    ("text", "typed", "untyped"),
    [
        ("a: 0123", {"a": 83}, {"a": "0123"}),
        ("a: [yes, 'no', ~]", {"a": [True, "no", None]}, {"a": ["yes", "no", "~"]}),
        ("- {a: 1}\n- |\n  b\n", [{"a": 1}, "b\n"], [{"a": "1"}, "b\n"]),
        ("1: a\n'1': b", {1: "a", "1": "b"}, Flaw.SYNTAX),
        ("a: 1:30", {"a": "1:30"}, {"a": "1:30"}),
        ("a: 1:30.5", {"a": "1:30.5"}, {"a": "1:30.5"}),
        (f"a: 9{':9' * 100_000}", {"a": f"9{':9' * 100_000}"}, {"a": f"9{':9' * 100_000}"}),
        ("", None, None),
    ],
)
def test_what_is_typed_and_what_is_not(text: str, typed: Any, untyped: Any) -> None:
    assert load_plain_yaml(text, typed=True, deepest=3) == typed
    if untyped is Flaw.SYNTAX:  # keys that are the same as text
        assert flaw(text, typed=False) == (untyped, 2)
    else:
        assert load_plain_yaml(text, typed=False, deepest=3) == untyped


def flaw(text: str, *, typed: bool, deepest: int = 3) -> tuple[Flaw, int | None]:
    with pytest.raises(PlainYamlError) as raised:
        load_plain_yaml(text, typed=typed, deepest=deepest)
    return raised.value.flaw, raised.value.line


@BOTH
@pytest.mark.parametrize(
    ("text", "wrong", "line"),
    [
        pytest.param("a: 1\nb: !!binary eA==\n", Flaw.REFERENCE, 2, id="a tag"),
        pytest.param("a: ! 1\n", Flaw.REFERENCE, 1, id="a tag that says nothing"),
        pytest.param("\na: &x 1\n", Flaw.REFERENCE, 2, id="an anchor"),
        pytest.param("&x a: 1\n", Flaw.REFERENCE, 1, id="an anchor at a key"),
        pytest.param("a: 1\nb: *a\n", Flaw.REFERENCE, 2, id="an alias of nothing"),
        pytest.param("a: &x [1]\nb: *x\nc: [", Flaw.REFERENCE, 1, id="the first of several"),
        pytest.param("a:\n- b:\n  - c:\n    - 1\n", Flaw.DEPTH, None, id="too deep in blocks"),
        pytest.param("- [[[1]]]\n", Flaw.DEPTH, None, id="too deep in brackets"),
        pytest.param("[" * 100_000, Flaw.DEPTH, None, id="a hundred thousand deep"),
        pytest.param("a: 1\nb: 2\na: 3\n", Flaw.SYNTAX, 3, id="a key twice"),
        pytest.param("- 1\n- {x: 1, x: 2}\n", Flaw.SYNTAX, 2, id="a key twice inside"),
        pytest.param("? [1]\n: 2\n", Flaw.SYNTAX, 1, id="a list as a key"),
        pytest.param("a: b: c\n", Flaw.SYNTAX, 1, id="no YAML"),
        pytest.param("a: \x01\n", Flaw.SYNTAX, None, id="no text"),
        pytest.param("a\n---\nb\n", Flaw.SYNTAX, 2, id="two documents"),
    ],
)
def test_what_is_not_plain_is_told_with_its_line(
    text: str, wrong: Flaw, line: int | None, *, typed: bool
) -> None:
    assert flaw(text, typed=typed) == (wrong, line)


def test_a_date_that_is_none_is_an_error_where_there_are_dates() -> None:
    assert flaw("a: 2026-99-99", typed=True) == (Flaw.SYNTAX, None)
    assert load_plain_yaml("a: 2026-99-99", typed=False, deepest=3) == {"a": "2026-99-99"}


def test_everything_can_know_its_line() -> None:
    loaded = load_located_yaml("# first\na: x\nb:\n  - y\n  - {c: ''}\n'd': []\n", deepest=4)
    assert loaded == {"a": "x", "b": ["y", {"c": ""}], "d": []}
    assert [key.line for key in loaded] == [2, 3, 6]
    assert [loaded["a"].line, loaded["b"].line, loaded["d"].line, loaded.line] == [2, 4, 6, 2]
    inner = loaded["b"][1]
    assert [loaded["b"][0].line, inner.line, inner["c"].line] == [4, 5, 5]


def test_what_is_not_plain_is_not_located_either() -> None:
    with pytest.raises(PlainYamlError) as raised:
        load_located_yaml("a: 1\nb: &x 2\n", deepest=4)
    assert (raised.value.flaw, raised.value.line) == (Flaw.REFERENCE, 2)
