"""A record that says something else than its kind has to say costs one line, with its place."""

import io
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.capture.reader import CaptureReader
from pop3spy.capture.record_kinds import KINDS
from pop3spy.errors import CaptureError
from pop3spy.session.playback import play_back

GOOD: dict[str, dict[str, Any]] = {
    "open": {"client": "192.0.2.1:5", "server": "s:110"},
    "omitted": {"side": "S", "octets": 10, "lines": 1, "stuffed": 0},
    "opaque": {"side": "S", "why": "tls", "octets": 5},
    "note": {"user": "bob", "state": "TRANSACTION", "tls": {}, "passing": {}},
    "gate": {"side": "C", "by": "rewrite", "sent": "NOOP\r\n", "answer": "+OK\r\n"},
    "facts": {"side": "C", "carries_secret": True},
    "gap": {"why": "the disk was full"},
    "blind": {"why": "a bug"},
    "fin": {"side": "S"},
    "rst": {"side": "C"},
    "close": {"how": "quit", "why": ""},
}
WRONG = [None, True, -1, 1.5, 1 << 60, "", "\ud800", [], ["C"], {"a": 1}, float("inf"), "nobody"]
ABOVE = [[0.0, 1, "S", "+OK\r\n"], [0.1, 1, "C", "RETR 1\r\n"], [0.2, 1, "S", "+OK\r\n"]]


def read(*records: object, header: str = "") -> None:
    text = "".join(f"- {json.dumps(record)}\n" for record in records)
    reader = CaptureReader(io.StringIO(f"pop3spy: 2\n{header}records:\n{text}"), "x.yaml")
    play_back(reader)


def test_every_kind_has_its_example() -> None:
    assert GOOD.keys() == KINDS.keys()


@pytest.mark.parametrize("code", GOOD)
def test_what_is_right_is_read(code: str) -> None:
    read(*ABOVE, [1.0, 1, code, GOOD[code]])


@pytest.mark.parametrize("code", GOOD)
def test_what_is_wrong_is_told_in_one_line_or_read(code: str) -> None:
    facts = GOOD[code]
    for wrong in (None, 5, "x", [], [facts]):
        with pytest.raises(CaptureError, match=rf"^x\.yaml:6: {code}: a mapping belongs here$"):
            read(*ABOVE, [1.0, 1, code, wrong])
    for key in KINDS[code].must:
        without = {name: value for name, value in facts.items() if name != key}
        with pytest.raises(CaptureError, match=rf"^x\.yaml:6: {code}: there is no '{key}'"):
            read(*ABOVE, [1.0, 1, code, without])
    fields = {**KINDS[code].must, **KINDS[code].may}
    for key, field in fields.items():
        for value in WRONG:
            if field.fits(value) and value != "\ud800":
                continue
            with pytest.raises(CaptureError, match=r"^x\.yaml:6: "):
                read(*ABOVE, [1.0, 1, code, {**facts, key: value}])


CONTRADICTIONS = [
    ({"octets": 10, "lines": 11, "stuffed": 0}, "11 lines and 0 stuffed dots cannot be in 10"),
    ({"octets": 10, "lines": 6, "stuffed": 6}, "6 lines and 6 stuffed dots cannot be in 10"),
    ({"octets": 10, "lines": 1, "stuffed": 3}, "1 lines and 3 stuffed dots cannot be in 10"),
    ({"octets": 1 << 32, "lines": 1, "stuffed": 0}, "too many for a recording of its size"),
    ({"octets": 1 << 32, "lines": 1 << 30, "stuffed": 1 << 30}, "too many for a recording"),
]


@pytest.mark.parametrize(("facts", "problem"), CONTRADICTIONS)
def test_counts_that_cannot_be_are_refused(facts: dict[str, int], problem: str) -> None:
    with pytest.raises(CaptureError, match=r"^x\.yaml:6: ") as raised:
        read(*ABOVE, [1.0, 1, "omitted", {"side": "S", **facts}])
    assert problem in str(raised.value)


def test_many_records_have_one_budget() -> None:
    some = [1.0, 1, "omitted", {"side": "S", "octets": 1 << 26, "lines": 1, "stuffed": 0}]
    with pytest.raises(CaptureError, match="too many for a recording of its size"):
        read(*ABOVE, *[some] * 8)


def test_many_sessions_that_are_open_at_once_are_refused() -> None:
    with pytest.raises(CaptureError, match=r":8195: more than 8,192 sessions are open at once"):
        read(*([0.0, number, "open", {}] for number in range(9000)))


@pytest.mark.parametrize(
    "said",
    [5, None, {"utf8": 5}, {"base64": "x"}, {"base64": "\u00e9"}, ["a", ["b"]], "\u0100", "\ud800"],
    ids=repr,
)
def test_what_no_side_can_have_said_is_told(said: object) -> None:
    with pytest.raises(
        CaptureError, match=r"^x\.yaml:3: this is nothing that a side can have said$"
    ):
        read([0.0, 1, "S", said])


@pytest.mark.parametrize("cuts", [5, [5], [[1]], [["a", 1]], [[1, -1]], [[1, None]], {"a": 1}])
def test_cuts_that_are_none_are_told(cuts: object) -> None:
    with pytest.raises(CaptureError, match=r"^x\.yaml:3: .*'cuts' is not a list of offsets"):
        read([0.0, 1, "S", "+OK\r\n", {"cuts": cuts}])


@pytest.mark.parametrize(
    "record",
    [[], [0.0], [0.0, 1], [0.0, 1, "S"], [-1, 1, "S", ""], [0, "1", "S", ""], [0, 1, 5, ""]],
)
def test_a_record_that_is_none_is_told(record: list[object]) -> None:
    with pytest.raises(CaptureError, match=r"^x\.yaml:3: "):
        read(record)


@pytest.mark.parametrize(
    "date", ["0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00", "2026-13-01", "99999-01-01"]
)
def test_a_date_beyond_what_there_is_is_told(date: str) -> None:
    with pytest.raises(CaptureError, match=r"^x\.yaml: started: .* is no date"):
        read(header=f'started: "{date}"\n')


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda each: (
        st.lists(each, max_size=4) | st.dictionaries(st.text(max_size=8), each, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 9) | VALUES,
            st.integers(0, 2) | VALUES,
            st.sampled_from([*KINDS, "C", "S", "new"]) | VALUES,
            st.sampled_from(list(GOOD.values())) | VALUES,
        ).map(list)
        | VALUES,
        max_size=6,
    )
)
def test_whatever_records_say_is_read_or_told_in_one_line(records: list[object]) -> None:
    told = "x.yaml:3: "
    try:
        read(*records)
    except CaptureError as error:
        told = str(error)
    assert re.fullmatch(r"x\.yaml:\d+: [^\n]*", told)
