"""Dates of the log are those of the clock, though the text of a second is kept."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3spy.session.chunk import Clock
from pop3spy.session.timestamps import Timestamps

STARTS = st.datetimes(timezones=st.just(UTC))
SECONDS = st.integers(-3, 3)
BESIDE = st.sampled_from([0.0, 5e-7, 4.999e-7, 1e-6, 1.5e-6, 2.5e-6, 0.4999995, 0.9999995, 1e-12])
TIMES = st.one_of(
    st.builds(lambda second, beside: second + beside, SECONDS, BESIDE),
    st.builds(lambda second, beside: second - beside, SECONDS, BESIDE),
    st.integers(-9_000_000, 9_000_000).map(lambda halves: halves * 5e-7),
    st.floats(-1e6, 1e9),
    st.floats(allow_nan=False),
)


def date(clock: Clock, at: float) -> str:
    return f"{clock.date(at).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


@given(STARTS, st.lists(TIMES, max_size=20))
def test_any_times_in_any_order_have_the_dates_of_the_clock(
    started: datetime, times: list[float]
) -> None:
    clock = Clock(started)
    timestamps = Timestamps(clock)
    assert [timestamps.text(at) for at in times] == [date(clock, at) for at in times]


@pytest.mark.parametrize(
    ("microsecond", "at", "text"),
    [
        (0, 0.0, "10:00:00.000000Z"),
        (0, 0.9999994, "10:00:00.999999Z"),
        (0, 0.9999996, "10:00:01.000000Z"),
        (0, -0.0000004, "10:00:00.000000Z"),
        (0, -0.0000006, "09:59:59.999999Z"),
        (999_999, 0.0000005, "10:00:00.999999Z"),
        (999_999, 0.0000015, "10:00:01.000001Z"),
        (1, -0.000001, "10:00:00.000000Z"),
    ],
)
def test_a_second_begins_where_its_microseconds_do(microsecond: int, at: float, text: str) -> None:
    timestamps = Timestamps(Clock(datetime(2026, 11, 23, 10, 0, 0, microsecond, UTC)))
    assert timestamps.text(0.0).startswith("2026-11-23T10:00:00.")
    assert timestamps.text(at) == f"2026-11-23T{text}"


def test_times_beyond_the_calendar_have_its_last_moment() -> None:
    clock = Clock(datetime.max.replace(tzinfo=UTC) - timedelta(seconds=1.5))
    timestamps = Timestamps(clock)
    assert timestamps.text(1.25) == "9999-12-31T23:59:59.749999Z"
    for at in (1.75, 2.25, 1e300, math.inf, -1e300):
        assert timestamps.text(at) == "9999-12-31T23:59:59.999999Z"
