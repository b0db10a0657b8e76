"""The queries of ``docs/fleet.md`` are run as they stand there, and answer what they promise."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from logs.dialogue import LOGGED_IN
from pop3spy.session.chunk import Clock
from pop3spy.session.how import How
from pop3spy.session.model import Peer
from pop3spy.tables.parquet_log import ParquetLog
from pop3spy.tables.row_lines import gap
from tables.rows import FAR, Rows

PAGE = Path(__file__).parents[2] / "docs" / "fleet.md"
QUERIES: dict[str, str] = dict(
    re.findall(r"<!-- sql: (\w+) -->\n```sql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
)
STARTED = datetime(2026, 11, 23, 9, 59, 58, tzinfo=UTC)
QUIT = "C: QUIT\nS: +OK bye"
APOP = "S: +OK <1@x>\nC: APOP carol 0123456789abcdef0123456789abcdef\nS(0.5): +OK\n"


def uidl(ids: str) -> str:
    sizes = "\n".join(f"{number} {number + 10}" for number in range(1, len(ids) + 1))
    listed = "\n".join(f"{number} {each}" for number, each in enumerate(ids, 1))
    return f"{LOGGED_IN}C: LIST\nS: +OK\n{sizes}\n.\nC: UIDL\nS: +OK\n{listed}\n.\n{QUIT}"


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@pytest.fixture(scope="module", name="place")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the rows of five sessions; session n begins n seconds behind the start."""
    place = tmp_path_factory.mktemp("place")
    (place / "fleet").mkdir()
    rows = Rows(Clock(STARTED))
    rows.play(uidl("abcde"), number=1, client=FAR)
    rows.play(uidl("pqrst"), number=2, client=FAR)
    rows.play(f"{LOGGED_IN}{QUIT}", number=3, client=Peer("192.0.2.18", 1))
    rows.play(f"{APOP}{QUIT}", number=4)
    rows.play(f"{APOP}C: STAT\nS: +OK x", number=5, end=How.SERVER_RESET)
    log = ParquetLog(place / "fleet", rows.clock, size=1 << 20, age=1e9)
    log.write(rows.text + gap(rows.clock, "another", "killed", None))
    log.close()
    return place


def ask(place: Path, name: str) -> list[dict[str, Any]]:
    with inside(place):
        answer = duckdb.execute(QUERIES[name])
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def test_the_page_has_these_queries() -> None:
    assert list(QUERIES) == ["gaps", "clear", "logins", "ids", "top", "session"]


def test_clients_that_send_clear_passwords(place: Path) -> None:
    told = [(row["client_address"], row["user"], row["sessions"]) for row in ask(place, "clear")]
    assert told == [("192.0.2.17", "bob", 2), ("192.0.2.18", "bob", 1)]


def test_how_long_logins_take(place: Path) -> None:
    first, second = ask(place, "logins")
    assert (first["logins"], second["logins"]) == (1, 4)
    assert first["hour"].astimezone(UTC).hour == 9
    assert second["hour"].astimezone(UTC).hour == 10
    assert first["p95_seconds"] < 0.01
    assert second["p95_seconds"] == pytest.approx(0.5, abs=0.01)


def test_accounts_whose_ids_changed(place: Path) -> None:
    told = [(row["user"], row["id"], row["sessions"]) for row in ask(place, "ids")]
    assert told == [("bob", "uidl-mass-change", 1)]


def test_what_goes_wrong_most(place: Path) -> None:
    first, *others = ask(place, "top")
    assert (first["id"], first["sessions"], first["clients"]) == ("cleartext-password", 3, 2)
    assert [row["sessions"] for row in others] == sorted(
        (row["sessions"] for row in others), reverse=True
    )


def test_what_the_last_bad_session_said(place: Path) -> None:
    told = ask(place, "session")
    assert told[-1]["line"] in {"STAT", "QUIT"}
    assert any(row["finding"] for row in told)


def test_what_is_missing(place: Path) -> None:
    told = [(row["run"], row["why"], row["rows"]) for row in ask(place, "gaps")]
    assert told == [("another", "killed", None)]
