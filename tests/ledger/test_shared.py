"""A ledger in PostgreSQL that several programs share; and databases that are away or slow."""

import time
from pathlib import Path

import psycopg
import pytest

from lab.loopback import until
from lab.postgres import GUEST, PASSWORD, Postgres
from ledger.opening import BOB, NOW, AnyLedger, opened, poll, recalled, session, silent
from pop3spy.findings.history import KnownAccount
from pop3spy.ledger import Database
from pop3spy.ledger.database import read_database
from pop3spy.ledger.forms import account_id, saved_session
from pop3spy.ledger.gathering import MOST_WAITING, Gathering
from pop3spy.ledger.postgres import LAST_WAIT, RETRY, START, PostgresLedger
from pop3spy.ledger.postgres_tables import write_sessions
from pop3spy.ledger.postgres_words import words_for

ALICE = ("pop.example.org", 110, "alice@example.org")
AT_ONCE = 1.5
"""Seconds that nobody who relays may wait; the machine may be busy."""


def rows(database: Database, table: str) -> int:
    with psycopg.connect(database.url) as connection:
        found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(found[0]) if found else 0


def test_what_one_program_learns_the_other_knows_at_the_next_login(database: Database) -> None:
    one, other = opened(database), opened(database)
    poll(one, {b"a": 1}, NOW)
    poll(other, {b"a": 1}, NOW + 1)
    until(lambda: rows(database, "pop3spy_session") == 2 or None, "both sessions", 30)

    def two(known: KnownAccount) -> bool:
        one.history.expect(*BOB)  # as a login does
        return len(known.sessions) == 2

    account = recalled(one, two)
    assert [past.reference for past in account.sessions] == [
        "session 1",
        "session 1 of an earlier run",
    ]
    assert account.listed_in is account.last
    one.close()
    other.close()


def test_what_nobody_else_has_changed_is_not_read_again(database: Database) -> None:
    told: list[str] = []
    poll_once, ledger = opened(database), opened(database, told.append)
    poll(poll_once, {b"a": 1}, NOW)
    poll_once.close()
    recalled(ledger)
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("UPDATE pop3spy_account SET facts = 'nonsense'")
        look_again(ledger)
        assert told == []
        connection.execute("UPDATE pop3spy_account SET sessions = sessions + 1")
        look_again(ledger)
        assert len(told) == 1
    ledger.close()


FACTS = '{{"worked": {}, "refused": {{}}, "login_delay": null, "told": [], "listed": false}}'


def connections(database: Database) -> set[int]:
    """Return the numbers of the processes that serve ledgers."""
    with psycopg.connect(database.url) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'pop3spy'"
        ).fetchall()
    return {int(number) for (number,) in found}


@pytest.mark.parametrize("facts", ["nonsense", "[]", FACTS.format(5), FACTS.format('{"PASS": 1}')])
def test_what_makes_no_sense_is_told_once_and_no_other_account_waits(
    database: Database, facts: str
) -> None:
    told: list[str] = []
    poll_once, ledger = opened(database), opened(database, told.append)
    poll(poll_once, {b"a": 1}, NOW)
    poll_once.history.ended(ALICE, session(NOW))
    poll_once.close()
    with psycopg.connect(database.url, autocommit=True) as connection:
        account = account_id(poll_once.history, BOB)
        connection.execute("UPDATE pop3spy_account SET facts = %s WHERE id = %s", (facts, account))
    before = connections(database)
    ledger.history.expect(*BOB)

    def alice() -> bool | None:
        return bool(ledger.history.account(*ALICE).sessions) or None

    until(alice, "another account", 30)
    assert connections(database) <= before  # to make one anew, others would wait
    assert len(told) == 1
    assert "makes no sense" in told[0]
    ledger.close()


def test_a_date_that_is_no_number_harms_nobody(database: Database) -> None:
    told: list[str] = []
    poll_once, ledger = opened(database), opened(database, told.append)
    poll(poll_once, {b"a": 1}, NOW)
    poll_once.close()
    with psycopg.connect(database.url, autocommit=True) as connection:
        odd = FACTS.format('{"PASS": ["yesterday", true]}')
        connection.execute("UPDATE pop3spy_account SET facts = %s", (odd,))
    account = ledger.history.account(*BOB)
    account.worked["PASS"] = NOW, True
    until(lambda: (ledger.history.account(*BOB) and told) or None, "what is wrong", 30)
    assert account.worked["PASS"] == (NOW, True)
    ledger.close()


def look_again(ledger: AnyLedger) -> None:
    """Let *ledger* look whether something has changed, and wait until it has done so."""
    assert isinstance(ledger, PostgresLedger)
    ledger._looked_up.clear()
    ledger.history.expect(*BOB)
    for other in ("one", "two"):  # the first is taken when that is done, or being done
        ledger.history.expect(other, 110, "another")
        until(lambda: ledger._asked.empty() or None, "the answers", 30)


def test_what_is_not_written_yet_is_not_forgotten(database: Database) -> None:
    ledger = opened(database)
    poll(ledger, {b"a": 1}, NOW)
    ledger.history.expect(*BOB)
    account = ledger.history.account(*BOB)
    assert account.listing == {b"a": 1}
    ledger.close()
    assert rows(database, "pop3spy_session") == 1


def test_no_name_stands_in_it(database: Database) -> None:
    ledger = opened(database)
    poll(ledger, {b"u1": 11}, NOW)
    ledger.close()
    with psycopg.connect(database.url) as connection:
        held = b""
        for table in ("meta", "account", "session", "message"):
            with connection.cursor().copy(f"COPY pop3spy_{table} TO STDOUT") as copied:
                held += b"".join(map(bytes, copied))
    assert held.count(b"\n") == 5
    assert b"bob" not in held
    assert b"pop.example.org" not in held


def test_a_database_that_stands_still_holds_up_nobody(
    postgres: Postgres, database: Database
) -> None:
    told: list[str] = []
    ledger = opened(database, told.append)
    poll(ledger, {b"u1": 11}, NOW)
    with postgres.stopped():
        begun = time.monotonic()
        for number in range(20):
            ledger.history.account("pop.example.org", 110, f"user{number}")
            ledger.history.expect(*BOB)
            poll(ledger, {b"u1": 11, b"u2": 12}, NOW + 1 + number)
        assert time.monotonic() - begun < AT_ONCE
    ledger.close()
    assert told == []
    assert rows(database, "pop3spy_session") == 21


def test_what_waits_to_be_written_is_bounded() -> None:
    gathering = Gathering()
    saved = saved_session(BOB, KnownAccount(), session(NOW))
    assert all(gathering.add(saved) for _ in range(MOST_WAITING))
    assert not gathering.add(saved)
    gathering.close()
    assert len(gathering.take()) == MOST_WAITING
    assert gathering.take() == []


def test_one_that_is_away_is_told_and_used_when_it_comes_back(
    postgres: Postgres, database: Database, tmp_path: Path
) -> None:
    empty = tmp_path / "s"
    empty.mkdir()
    told: list[str] = []
    begun = time.monotonic()
    ledger = opened(
        read_database(database.url.replace(str(postgres.folder), str(empty))), told.append
    )
    assert time.monotonic() - begun < START + 10
    poll(ledger, {b"u1": 11}, NOW)
    assert ledger.history.account(*BOB).listing == {b"u1": 11}
    assert len(told) == 1
    assert told[0].endswith(" fails: nobody listens there; sessions go on without it")

    for socket in postgres.folder.glob(".s.PGSQL.*"):
        (empty / socket.name).symlink_to(socket)
    assert isinstance(ledger, PostgresLedger)
    assert ledger.connected.wait(RETRY + 5)
    poll(ledger, {b"u2": 12}, time.time() + 1)
    ledger.close()
    assert len(told) == 1
    second = opened(database)
    assert recalled(second).listing == {b"u2": 12}
    second.close()


def test_a_connection_that_is_cut_is_made_again(postgres: Postgres, database: Database) -> None:
    told: list[str] = []
    ledger = opened(database, told.append)
    poll(ledger, {b"u1": 11}, NOW)
    until(lambda: rows(database, "pop3spy_session") or None, "the session", 30)
    with postgres.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'pop3spy'"
        )
    poll(ledger, {b"u2": 12}, NOW + 1)
    until(lambda: rows(database, "pop3spy_session") == 2 or None, "the other", RETRY + 20)
    ledger.close()
    assert len(told) == 1


def test_a_session_whose_writing_was_not_answered_is_written_once(database: Database) -> None:
    """The database may be killed between writing and saying so; then all of it comes again."""
    ledger = opened(database)
    account = ledger.history.account(*BOB)
    batch = [saved_session(BOB, account, session(NOW + number)) for number in range(2)]
    with psycopg.connect(database.url, autocommit=True) as connection:
        for _ in range(2):
            write_sessions(connection, batch, ledger.history, "this run")
        write_sessions(connection, batch[:1], ledger.history, "another run")
    ledger.close()
    assert rows(database, "pop3spy_session") == 3


def test_the_end_of_the_program_does_not_wait_for_long(
    postgres: Postgres, database: Database
) -> None:
    told: list[str] = []
    ledger = opened(database, told.append)
    with postgres.stopped():
        poll(ledger, {b"u1": 11}, NOW)
        begun = time.monotonic()
        ledger.close()
        assert time.monotonic() - begun < LAST_WAIT + 10
    why = "it does not take what is left, and the last sessions are not remembered"
    assert told == [f"the ledger {database} fails: {why}; sessions go on without it"]


def test_tables_of_another_version_are_left_alone(database: Database) -> None:
    opened(database).close()
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("UPDATE pop3spy_meta SET value = '2' WHERE name = 'version'")
    told: list[str] = []
    ledger = opened(database, told.append)
    poll(ledger, {b"u1": 11}, NOW)
    ledger.close()
    assert "its tables are of another version of pop3spy" in told[0]
    assert rows(database, "pop3spy_account") == 0


def with_password(url: str, password: str) -> str:
    return url.replace("pop3spy@", f"{GUEST}:{password}@").replace("%Wm", "%25Wm")


def test_a_wrong_password_is_told_without_it(database: Database) -> None:
    told: list[str] = []
    wrong = read_database(with_password(database.url, "sesame123"))
    ledger = opened(wrong, told.append)
    ledger.close()
    assert "it refuses the user or the password" in told[0]
    assert "sesame123" not in f"{told} {wrong!r} {wrong}"
    assert GUEST not in f"{told} {wrong!r} {wrong}"


def test_a_right_password_may_stand_in_the_url_or_in_the_environment(
    postgres: Postgres, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = database.url.rpartition("%3D")[2]
    with postgres.connect() as connection:
        connection.execute(f"GRANT ALL ON SCHEMA {schema} TO {GUEST}")
    by_url = read_database(with_password(database.url, PASSWORD))
    assert by_url.has_password
    opened(by_url, silent).close()
    without = read_database(postgres.url(schema, GUEST))
    assert not without.has_password
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    ledger = opened(without, silent)
    poll(ledger, {b"u1": 11}, NOW)
    ledger.close()
    assert rows(database, "pop3spy_account") == 1


SECRET = "Zq7vKx2"
ODD = [
    f"postgresql://bob:{SECRET}/x@db/mail",
    f"postgresql://bob:{SECRET}#x@db/mail",
    f"postgresql://bob:1#{SECRET}@db/mail",
    f"postgresql://bob:1/{SECRET}@db/mail",
    f"postgresql://bob:1?{SECRET}@db/mail",
    f"postgresql://bob:a@{SECRET}@db/mail",
    f"postgresql://bob:a b{SECRET}@db/mail",
    f"postgresql://[{SECRET}",
]


@pytest.mark.parametrize("url", ODD)
def test_a_password_that_would_be_taken_for_something_else_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="that is no URL of a database") as raised:
        read_database(url)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    {
        f"postgresql://bob:{SECRET}@db.example.org:5433/mail": "postgresql://db.example.org:5433/mail",
        f"postgres://db/mail?user=bob&password={SECRET}": "postgres://db/mail",
        "postgresql:///mail?host=/run/postgresql": "postgresql://%2Frun%2Fpostgresql/mail",
        "postgresql://[::1]/": "postgresql://[::1]/",
    }.items(),
)
def test_only_where_it_is_is_shown(url: str, shown: str) -> None:
    database = read_database(url)
    assert str(database) == shown
    assert SECRET not in repr(database)
    assert database.has_password is (SECRET in url)


def test_what_a_database_says_is_not_repeated() -> None:
    for error in (
        psycopg.OperationalError(f"weird {SECRET}"),
        psycopg.errors.UndefinedTable(f"relation {SECRET}"),
        ValueError(SECRET),
    ):
        assert SECRET not in words_for(error)
