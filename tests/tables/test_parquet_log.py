"""Rows become files when they are many or old, and nothing is lost that is not told."""

import json
import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from logs.dialogue import LOGGED_IN
from pop3spy.errors import Pop3SpyError
from pop3spy.session.chunk import Clock
from pop3spy.tables.columns import LARGEST
from pop3spy.tables.parquet_log import ParquetLog
from pop3spy.tables.row_lines import table_of
from tables.rows import Rows

SIZE, AGE = 100_000, 60.0


class Logged:
    """A log in *folder*, and the time, which is as the test says."""

    def __init__(self, folder: Path, *, size: int = SIZE) -> None:
        self.folder = folder
        self.now = 0.0
        self.clock = Clock()
        self.log = ParquetLog(folder, self.clock, size=size, age=AGE, ticks=lambda: self.now)

    def take(self, text: str, *, after: float = 0.0) -> None:
        self.now += after
        self.log.write(text)
        self.log.flush()

    def files(self, table: str = "*") -> list[Path]:
        return sorted(self.folder.glob(f"{table}/date=*/*.parquet"))

    def rows(self, table: str) -> list[dict[str, Any]]:
        tables = [parquet.ParquetFile(path).read() for path in self.files(table)]
        return [row for each in tables for row in each.to_pylist()]


def some(count: int = 1) -> str:
    rows = Rows()
    for number in range(1, count + 1):
        rows.play(LOGGED_IN + "C: STAT\nS: +OK 2 320\nC: NOOP\nS: -ERR", number=number)
    return rows.text


def as_in_a_file(line: str) -> dict[str, Any]:
    """Return the row of *line* as Parquet holds it."""
    row = json.loads(line)
    del row["table"]
    for name in ("time", "asked_at", "opened_at", "raised_at"):
        if name in row:
            row[name] = datetime.fromisoformat(row[name]).astimezone(UTC)
    return dict(row)


def test_what_is_in_the_files_is_what_the_lines_say(tmp_path: Path) -> None:
    logged, text = Logged(tmp_path), some(3)
    logged.take(text)
    logged.log.close()
    for table in ("sessions", "exchanges", "findings"):
        lines = [line for line in text.split("\n")[:-1] if table_of(line) == table]
        assert logged.rows(table) == [as_in_a_file(line) for line in lines]
    assert logged.rows("gaps") == []
    assert list(tmp_path.glob(".*")) == []


def test_rows_are_written_when_the_first_is_old_enough(tmp_path: Path) -> None:
    logged = Logged(tmp_path)
    logged.take(some())
    logged.take(some(), after=AGE - 1)
    assert logged.files() == []
    logged.now += 1
    logged.log.flush()
    assert len(logged.rows("sessions")) == 2


def test_a_new_file_begins_when_one_is_large_enough(tmp_path: Path) -> None:
    logged, text = Logged(tmp_path), some(10)
    times = 5 * SIZE // len(text)
    for _ in range(times):
        logged.take(text)
    assert len(logged.files("exchanges")) >= 3
    logged.log.close()
    assert len(logged.rows("sessions")) == 10 * times


def test_each_day_has_files_of_its_own(tmp_path: Path) -> None:
    logged, text = Logged(tmp_path), some()
    day = f"{Clock().started:%Y-%m-%d}"
    logged.take(text + text.replace(day, "2026-11-22") + text.replace(day, "9999-12-31"))
    logged.log.close()
    days = {path.parent.name for path in logged.files("sessions")}
    assert days == {f"date={day}", "date=2026-11-22", "date=9999-12-31"}


def test_many_days_do_not_wait_until_each_has_much(tmp_path: Path) -> None:
    logged, text = Logged(tmp_path, size=len(some())), some()
    day = f"{Clock().started:%Y-%m-%d}"
    for number in range(10, 20):
        logged.take(text.replace(day, f"2026-10-{number}"))
    assert logged.files() != []


def test_a_row_that_no_column_holds_is_left_out_and_told(tmp_path: Path) -> None:
    logged, text = Logged(tmp_path), some(3)
    logged.take(text.replace('"session": 2,', f'"session": {LARGEST + 1},'))
    logged.log.close()
    assert {row["session"] for row in logged.rows("exchanges")} == {1, 3}
    lost = text.count('"session": 2,')
    assert sum(row["rows"] for row in logged.rows("gaps")) == lost
    assert {row["why"] for row in logged.rows("gaps")} == {"failed"}


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file have any octet: a limit of the kernel stands in for a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_a_full_disk_did_not_take_is_written_when_there_is_room(tmp_path: Path) -> None:
    logged = Logged(tmp_path)
    with full_disk():
        logged.take(some(2))
        with pytest.raises(OSError, match="File too large"):
            logged.take("", after=AGE)
        logged.take("")  # it is not tried again and again
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size] == []
    logged.take("", after=AGE)
    logged.log.close()
    assert (len(logged.rows("sessions")), logged.rows("gaps")) == (2, [])


def test_rows_for_which_there_is_no_room_are_counted(tmp_path: Path) -> None:
    logged, text = Logged(tmp_path), some(100)
    with full_disk():
        for _ in range((40 << 20) // len(text)):
            logged.log.write(text)
    logged.log.close()
    written = sum(len(logged.rows(table)) for table in ("sessions", "exchanges", "findings"))
    (gap,) = logged.rows("gaps")
    assert gap["why"] == "failed"
    assert written + gap["rows"] == text.count("\n") * ((40 << 20) // len(text))


def test_a_folder_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    logged = Logged(folder)
    logged.take(some())
    shutil.rmtree(folder)
    with pytest.raises(FileNotFoundError):
        logged.take("", after=AGE)
    assert not folder.exists()
    folder.mkdir()
    logged.take("", after=AGE)
    assert len(logged.rows("sessions")) == 1


def test_what_cannot_be_written_at_the_end_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    logged = Logged(folder)
    logged.log.write(some())
    shutil.rmtree(folder)
    said = f"cannot write to the log {folder}: no such file or directory; 6 rows lost"
    with pytest.raises(Pop3SpyError, match=said):
        logged.log.close()


def test_a_run_that_was_killed_is_told_by_the_next_and_only_once(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # it ends as a killed process does: nothing is tidied up
        killed = Logged(tmp_path)
        killed.log.write(some())
        killed.log._write(killed.log._waiting.all()[:1])
        (tmp_path / "exchanges" / "date=2026-11-22").mkdir(parents=True)
        part = f"exchanges/date=2026-11-22/.{killed.clock.run}-00009.parquet.part"
        (tmp_path / part).write_bytes(b"PAR1")
        os.write(writing, killed.clock.run.encode())
        os._exit(0)
    os.waitpid(child, 0)
    run = os.read(reading, 100).decode()
    os.close(reading)
    os.close(writing)

    later = Logged(tmp_path)
    assert later.log.killed == (run,)
    later.log.close()
    assert [(row["run"], row["why"], row["rows"]) for row in later.rows("gaps")] == [
        (run, "killed", None)
    ]
    assert list(tmp_path.rglob("*.part")) == []
    again = Logged(tmp_path)
    assert again.log.killed == ()
    again.log.close()


def test_others_may_not_read_it(tmp_path: Path) -> None:
    logged = Logged(tmp_path)
    logged.take(some())
    logged.log.close()
    for path in tmp_path.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0
