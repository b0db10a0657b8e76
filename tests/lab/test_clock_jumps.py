"""A clock that is set by hours, forward and back, in the middle of a session."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from cli.program import Program, client, run_here, running, serving, session
from lab.loopback import until
from lab.wall_clock import WallClock

JUMPS = (5, -7, 30, -100)
"""Hours; a session goes on over all of them."""
SOON = 60.0
"""Seconds that all of it takes at most: far less than any jump."""
SAID = ["USER", "PASS", *["NOOP"] * len(JUMPS), "STAT", "QUIT"]

pytestmark = pytest.mark.lab


@pytest.fixture(name="clock")
def wall_clock(tmp_path: Path) -> WallClock:
    clock = WallClock(tmp_path)
    clock.set_by(2)
    assert round(clock.is_off() / timedelta(hours=1)) == 2  # else nothing is tried
    clock.set_by(0)
    return clock


@contextmanager
def proxied(clock: WallClock, *args: str | Path) -> Iterator[Program]:
    with serving() as upstream:
        options = ("--upstream", f"127.0.0.1:{upstream}", "--listen", ":0")
        with running("proxy", *options, *args, env=clock.environment) as proxy:
            yield proxy


def session_over_jumps(port: int, clock: WallClock) -> None:
    """Have a session in which the clock is set before every NOOP."""
    pop = client(port)
    pop.user("demo")
    pop.pass_("demo")
    for hours in JUMPS:
        clock.set_by(hours)
        pop.noop()
    pop.stat()
    pop.quit()


def told(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def by_session(lines: Sequence[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    """Return the lines of each session; workers write theirs as they come."""
    sessions = {line["session"] for line in lines if "session" in line}
    return {each: [line for line in lines if line.get("session") == each] for each in sessions}


def date(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def assert_one_after_the_other(dates: Sequence[datetime], begun: datetime) -> None:
    assert all(a <= b for a, b in pairwise(dates))
    assert begun - timedelta(seconds=1) <= dates[0]
    assert dates[-1] - dates[0] < timedelta(seconds=SOON)


@pytest.mark.promise("clock")
@pytest.mark.parametrize(
    "options", [("--loop", "asyncio"), ("--loop", "uvloop"), ("--workers", "2")]
)
def test_set_by_hours_in_a_session_it_ends_none_and_bends_no_time(
    clock: WallClock, options: tuple[str, str], tmp_path: Path
) -> None:
    log, ledger = tmp_path / "log", tmp_path / "ledger"
    kept = () if "--workers" in options else ("--record", tmp_path / "all.yaml")
    written = ("--log", log, "--log-format", "json", "--ledger", ledger)
    begun = datetime.now(UTC)
    with proxied(clock, *options, *written, *kept) as proxy:
        port = proxy.port()
        session_over_jumps(port, clock)
        session(port)
        ended = proxy.stopped()
    assert ended.status == 0
    assert "Traceback" not in ended.err + ended.out
    sessions = list(by_session(told(log)).values())
    for lines in sessions:
        assert_one_after_the_other([date(line["time"]) for line in lines], begun)
    answered = [[line for line in lines if "verb" in line] for lines in sessions]
    assert SAID in [[line["verb"] for line in lines] for lines in answered]
    assert all(0 <= line["duration"] < SOON for lines in answered for line in lines)
    with closing(sqlite3.connect(ledger)) as kept_in:
        ends = [at for (at,) in kept_in.execute("SELECT ended_at FROM session")]
    assert_one_after_the_other([datetime.fromtimestamp(at, UTC) for at in sorted(ends)], begun)
    assert len(ends) == 2
    if kept:
        shown = run_here("show", str(tmp_path / "all.yaml"))
        assert shown.status == 0
        assert shown.out.count("NOOP") == len(JUMPS)


@pytest.mark.promise("clock")
def test_set_by_hours_it_loses_no_line_of_a_log_that_is_moved_away(
    clock: WallClock, tmp_path: Path
) -> None:
    log, moved = tmp_path / "log", tmp_path / "log.1"
    begun = datetime.now(UTC)
    with proxied(clock, "--no-ledger", "--quiet", "--log", log, "--log-format", "json") as proxy:
        port = proxy.port()
        session_over_jumps(port, clock)
        log.replace(moved)
        clock.set_by(24)
        session(port)
        assert proxy.stopped().status == 0
    lines = told(moved) + told(log)
    assert_one_after_the_other([date(line["time"]) for line in lines], begun)
    assert [line["event"] for line in lines].count("session_opened") == 2
    assert [line["event"] for line in lines].count("session_ended") == 2


@pytest.mark.promise("clock")
def test_set_by_hours_it_puts_rows_on_the_day_on_which_they_were_and_writes_them_in_time(
    clock: WallClock, tmp_path: Path
) -> None:
    folder = tmp_path / "rows"
    begun = datetime.now(UTC)
    options = ("--log", folder, "--log-format", "parquet", "--log-file-time", "0.2")
    with proxied(clock, "--no-ledger", "--quiet", *options) as proxy:
        port = proxy.port()
        session_over_jumps(port, clock)
        until(lambda: rows(folder) or None, "a file", SOON)  # by its age, while the clock is behind
        clock.set_by(48)
        session(port)
        assert proxy.stopped().status == 0
    days = {path.name for path in folder.glob("*/date=*")}
    later = datetime.now(UTC)
    assert days <= {f"date={day:%Y-%m-%d}" for day in (begun, later)}
    assert len(rows(folder)) == 2
    assert all(0 <= row["duration"] < SOON for row in rows(folder))


def rows(folder: Path) -> list[dict[str, Any]]:
    files = folder.glob("sessions/date=*/*.parquet")
    return [row for path in files for row in parquet.read_table(path).to_pylist()]
