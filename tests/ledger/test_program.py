"""Two proxies that share what they know of accounts, and what is said of their database."""

import json
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from cli.program import client, run, run_here, running, serving, session
from cli.without import without
from lab.loopback import until
from lab.postgres import GUEST, PASSWORD, Postgres
from lab.wall_clock import WallClock
from ledger.test_shared import rows, with_password
from pop3spy.ledger import Database

FOUR = 4
"""Sessions for a message each, of which one too many is told."""


@pytest.fixture
def shared(postgres: Postgres, database: Database, tmp_path: Path) -> Path:
    """A configuration file with a database, and the password for it."""
    schema = database.url.rpartition("%3D")[2]
    with postgres.connect() as connection:
        connection.execute(f"GRANT ALL ON SCHEMA {schema} TO {GUEST}")
    config = tmp_path / "pop3spy.yaml"
    config.write_text(f"ledger: {with_password(database.url, PASSWORD)}\n")
    return config


def has_tables(database: Database) -> bool | None:
    with psycopg.connect(database.url) as connection:
        found = connection.execute("SELECT to_regclass('pop3spy_session')").fetchone()
    return None if found is None or found[0] is None else True


def findings(log: Path) -> list[str]:
    told = map(json.loads, log.read_text(encoding="utf-8").splitlines())
    return [each["id"] for each in told if each["event"] == "finding_raised"]


def retrieve(port: int) -> None:
    """Log in, retrieve one message, and leave."""
    pop = client(port)
    pop.user("demo")
    pop.pass_("demo")
    pop.retr(1)
    pop.quit()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_a_client_did_at_one_proxy_is_known_at_the_other(
    shared: Path, database: Database, tmp_path: Path, workers: str
) -> None:
    with ExitStack() as stack:
        upstream = f"127.0.0.1:{stack.enter_context(serving())}"
        log = tmp_path / "log"
        options: tuple[str | Path, ...] = ("--upstream", upstream, "--listen", ":0")
        options += ("--config", shared, "--threshold", "single-apart=300")  # machines may be slow
        one = stack.enter_context(running("proxy", *options))
        told = ("--log", log, "--log-format", "json", "--workers", workers)
        other = stack.enter_context(running("proxy", *options, *told))
        there, here = one.port(), other.port()
        for _ in range(FOUR):
            retrieve(there)
        until(lambda: rows(database, "pop3spy_session") == FOUR or None, "the sessions", 30)
        retrieve(here)  # this one asks what others know, and the next knows it for certain
        until(lambda: rows(database, "pop3spy_session") == FOUR + 1 or None, "its end", 30)
        retrieve(here)
        ended = [one.stopped(), other.stopped()]
    assert "session-per-message" in findings(log)
    for each in ended:
        assert each.status == 0
        assert len(each.notes) == 1
    said = "".join(each.out + each.err for each in ended) + log.read_text(encoding="utf-8")
    assert PASSWORD not in said
    assert GUEST not in said


def test_a_database_that_is_away_is_told_and_the_traffic_goes_on(tmp_path: Path) -> None:
    url = f"postgresql:///mail?host={tmp_path}"
    with serving() as upstream:
        options = ("--upstream", f"127.0.0.1:{upstream}", "--listen", ":0")
        with running("proxy", *options, "--ledger", url) as proxy:
            session(proxy.port())
            ended = proxy.stopped()
    assert ended.status == 0
    (told,) = [line for line in ended.notes if "ledger" in line]
    assert told.endswith(" fails: nobody listens there; sessions go on without it")


@pytest.mark.promise("clock")
def test_sessions_after_a_clock_was_set_are_remembered_once_the_database_is_there(
    postgres: Postgres, database: Database, tmp_path: Path
) -> None:
    """Those before it have digests of a key that nobody else has; which they are tells no clock."""
    clock, away = WallClock(tmp_path), tmp_path / "s"
    away.mkdir()
    url = database.url.replace(str(postgres.folder), str(away))
    with serving() as upstream:
        options = ("--upstream", f"127.0.0.1:{upstream}", "--listen", ":0", "--ledger", url)
        with running("proxy", *options, env=clock.environment) as proxy:
            proxy.says("nobody listens there")
            port = proxy.port()
            clock.set_by(5)
            for socket in postgres.folder.glob(".s.PGSQL.*"):
                (away / socket.name).symlink_to(socket)

            def one_more() -> bool | None:
                session(port)
                return rows(database, "pop3spy_session") > 0 or None

            until(lambda: has_tables(database), "the tables", 30)
            until(one_more, "a session that is remembered", 30)
            assert proxy.stopped().status == 0


@pytest.mark.parametrize(
    "url", [f"postgresql://bob:{PASSWORD}@db/mail", f"postgresql://db/mail?password={PASSWORD}"]
)
def test_a_password_on_the_command_line_is_refused(url: str) -> None:
    url = url.replace("%Wm", "%25Wm")
    told = run_here("proxy", "--upstream", "127.0.0.1:1", "--listen", ":0", "--ledger", url)
    assert told.status == 2
    assert "PGPASSFILE" in told.err
    assert PASSWORD[:6] not in told.err + told.out


def test_a_url_that_is_none_is_refused_without_being_shown() -> None:
    url = "postgresql://bob:Zq7/x@db/mail"
    told = run_here("serve", "--listen", ":0", "--ledger", url)
    assert (told.status, "Zq7" in told.err) == (2, False)
    assert "no URL of a database" in told.err


def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path) -> None:
    options = ("--upstream", "127.0.0.1:1", "--listen", ":0", "--ledger", "postgresql://db/mail")
    told = run("proxy", *options, **without(tmp_path, "psycopg"))
    assert told.status == 2
    assert told.err == (
        "pop3spy: --ledger postgresql://... needs psycopg;"
        " to install: pip install 'pop3spy[postgres]'\n"
    )
