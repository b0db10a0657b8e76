"""The ledger: what one run of the program knows of the runs before."""

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from lab.loopback import until
from ledger.opening import BOB, NOW, Place, opened, poll, recalled, silent
from pop3spy.errors import ConfigError
from pop3spy.ledger import Ledger
from pop3spy.ledger.bounds import AGE


def test_the_next_run_knows_what_this_one_knew(place: Place) -> None:
    first = opened(place)
    poll(first, {b"u1": 11, b"u2": None, b"\xff": 3}, NOW)
    first.close()

    second = opened(place)
    account = recalled(second)
    second.close()

    assert account.listing == {b"u1": 11, b"u2": None, b"\xff": 3}
    assert account.messages[b"u1"].stable == second.history.digest(b"u1")
    assert account.worked == {"PASS": (NOW, False)}
    last = account.last
    assert last is account.listed_in
    assert last is not None
    assert (last.retrieved, last.quit, last.reference) == (
        {b"u1"},
        True,
        "session 1 of an earlier run",
    )


def test_what_has_left_the_maildrop_is_listed_no_more_and_still_known(place: Place) -> None:
    listings: tuple[dict[bytes, int | None], ...] = ({b"a": 1, b"b": 2}, {b"b": 2})
    for number, ids in enumerate(listings):
        ledger = opened(place)
        if number:
            recalled(ledger)
        poll(ledger, ids, NOW + number)
        ledger.close()
    ledger = opened(place)
    account = recalled(ledger)
    ledger.close()
    assert account.listing == {b"b": 2}
    assert account.messages.keys() == {b"a", b"b"}


def test_nobody_else_may_read_it_and_no_name_stands_in_it(path: Path) -> None:
    ledger = Ledger(path, silent, age=1e12)
    poll(ledger, {b"u1": 11}, NOW)
    ledger.close()
    files = list(path.parent.iterdir())
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * len(files)
    held = b"".join(file.read_bytes() for file in files)
    assert b"bob" not in held
    assert b"pop.example.org" not in held


def test_two_programs_write_at_the_same_time(place: Place) -> None:
    one, other = opened(place), opened(place)
    for number in range(20):
        poll(one if number % 2 else other, {b"u%d" % number: number}, NOW + number)
    one.close()
    other.close()
    third = opened(place)
    assert len(recalled(third).sessions) == 20
    third.close()


@pytest.mark.parametrize("content", [b"no database" * 200, b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_damaged_file_is_set_aside_with_a_word(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    told: list[str] = []
    ledger = Ledger(path, told.append)
    poll(ledger, {b"u1": 11}, NOW)
    ledger.close()
    aside = path.with_name("ledger.sqlite3.damaged-1")
    assert aside.read_bytes() == content
    (complaint,) = told
    assert complaint == (
        f"the ledger {path} could not be read; it is ledger.sqlite3.damaged-1 now,"
        " and a new one begins"
    )
    assert ledger.history.account(*BOB).listing == {b"u1": 11}


def test_what_nobody_saw_for_long_is_forgotten(place: Place) -> None:
    ledger = opened(place)
    poll(ledger, {b"u1": 11}, NOW - 1e9)
    ledger.close()
    ledger = opened(place, age=AGE)
    poll(ledger, {}, NOW)  # a database is looked through before anything is written to it
    ledger.close()
    ledger = opened(place)
    account = recalled(ledger)
    ledger.close()
    assert [past.opened_at for past in account.sessions] == [NOW]
    assert account.messages == {}


def test_a_place_where_no_file_can_be_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError) as raised:
        Ledger(tmp_path / "file" / "ledger", silent)
    assert "--no-ledger" in str(raised.value)


def test_a_size_beyond_all_numbers_costs_only_itself(place: Place) -> None:
    ledger = opened(place)
    poll(ledger, {b"u1": 10**20 - 1, b"u2": 11}, NOW)
    poll(ledger, {b"u1": 10**20 - 1, b"u2": 11, b"u3": 12}, NOW + 100)
    ledger.close()
    ledger = opened(place)
    assert recalled(ledger).listing == {b"u1": None, b"u2": 11, b"u3": 12}
    ledger.close()


@pytest.mark.parametrize("facts", ["[" * 100_000, '{"worked": []}', '"text"', "{}", "{"])
def test_what_makes_no_sense_in_it_counts_as_unknown(place: Place, facts: str) -> None:
    ledger = opened(place)
    poll(ledger, {b"u1": 11}, NOW)
    ledger.close()
    if isinstance(place, Path):
        with closing(sqlite3.connect(place)) as file, file:
            file.execute("UPDATE account SET facts = ?", (facts,))
    else:
        with psycopg.connect(place.url, autocommit=True) as connection:
            connection.execute("UPDATE pop3spy_account SET facts = %s", (facts,))
    told: list[str] = []
    ledger = opened(place, told.append)
    assert ledger.history.account(*BOB).listing is None
    until(lambda: told or None, "a complaint", 30)
    ledger.close()
    assert ledger.history.account(*BOB).listing is None
    assert [text.startswith(f"the ledger {place} fails: ") for text in told] == [True]


def test_one_that_others_could_read_is_made_private(path: Path) -> None:
    Ledger(path, silent).close()
    path.chmod(0o666)
    ledger = Ledger(path, silent)
    poll(ledger, {b"u1": 11}, NOW)
    ledger.close()
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_nothing_but_a_file_is_taken_for_one_and_stays_where_it_is(tmp_path: Path) -> None:
    folder, link, pipe = tmp_path / "folder", tmp_path / "link", tmp_path / "pipe"
    folder.mkdir()
    link.symlink_to(tmp_path / "elsewhere")
    os.mkfifo(pipe)
    before = set(tmp_path.iterdir())
    for odd in (folder, link, pipe):
        with pytest.raises(ConfigError) as raised:
            Ledger(odd, silent)
        assert f"cannot keep a ledger in {odd}" in str(raised.value)
    assert set(tmp_path.iterdir()) == before


FULL = """
import resource, signal, sys
from pathlib import Path
from pop3spy.errors import ConfigError
from pop3spy.ledger import Ledger
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    Ledger(Path(sys.argv[1]), print)
except ConfigError as error:
    print(error)
"""


def test_where_nothing_can_be_written_a_good_ledger_is_not_set_aside(path: Path) -> None:
    Ledger(path, silent).close()
    before = path.read_bytes()
    command = [sys.executable, "-c", FULL, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stderr, done.stdout.count("\n")) == ("", 1)
    assert done.stdout.startswith(f"cannot use the ledger {path}: ")
    assert path.read_bytes() == before
