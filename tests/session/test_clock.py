"""What times stand for."""

from datetime import UTC, datetime

import pytest

from pop3spy.session.chunk import Clock

STARTED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "date"), [(0.0, STARTED), (1.5, datetime(2026, 11, 23, 10, 0, 1, 500000, tzinfo=UTC))]
)
def test_a_time_is_counted_from_the_start(at: float, date: datetime) -> None:
    assert Clock(STARTED).date(at) == date


def test_a_time_beyond_the_calendar_is_the_last_that_there_is() -> None:
    """A recording that a person wrote may say any time."""
    assert Clock(STARTED).date(9e11).year == 9999
