"""Each piece is what ``json.dumps`` makes of the value."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from pop3spy.session.json_text import (
    TRUTH,
    members,
    number_or_null,
    quoted_or_null,
    seconds_or_null,
)

SECONDS = st.one_of(
    st.floats(0, 2e-4),
    st.floats(0, 100),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**12), 10**12).map(float),
    st.integers(-(10**9), 10**9).map(lambda halves: halves * 5e-7),
    st.builds(
        lambda sign, power: sign * 10.0**power, st.sampled_from([-1, 1]), st.integers(-9, 20)
    ),
)


@given(SECONDS)
@example(99.9999e-6)
@example(1e-4)
@example(999_999_999.9999999)
@example(123_456_789_012.123456)
@example(7.0)
@example(0.0)
def test_seconds_are_rounded_to_microseconds(seconds: float) -> None:
    assert seconds_or_null(seconds) == json.dumps(round(seconds, 6))


@given(st.none() | st.text() | st.characters(categories=["Cs"]))
def test_a_text_has_its_escapes(text: str | None) -> None:
    assert quoted_or_null(text) == json.dumps(text)


@given(st.none() | st.integers())
def test_a_number_is_itself(number: int | None) -> None:
    assert number_or_null(number) == json.dumps(number)


VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text())


@given(st.dictionaries(st.text(), VALUES))
def test_members_are_those_of_an_object(facts: dict[str, object]) -> None:
    assert f"{{{members(facts)}}}" == json.dumps(facts)


def test_what_is_not_known_is_null() -> None:
    assert {value: json.dumps(value) for value in (True, False, None)} == TRUTH
    assert seconds_or_null(None) == "null"
