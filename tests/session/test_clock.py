"""What times stand for."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import pop3spy
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


WALL = re.compile(r"\btime\.time\(|\bdatetime\.(?:now|utcnow|today)\(|\bCLOCK_REALTIME\b")


@pytest.mark.promise("clock")
def test_nothing_that_relays_asks_what_time_it_is_so_the_clock_may_be_set() -> None:
    """The date is asked for once, at the start, and in the text about a certificate."""
    root = Path(pop3spy.__file__).parent
    files = [
        file
        for part in ("net", "gate", "session", "workers")
        for file in (root / part).glob("*.py")
    ]
    asking = {str(file.relative_to(root)) for file in files if WALL.search(file.read_text("utf-8"))}
    assert asking == {"net/failed.py", "session/chunk.py"}
