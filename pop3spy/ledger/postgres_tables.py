"""The tables of a ledger in PostgreSQL, and what is read from and written to them."""

import secrets
from collections.abc import Iterable
from operator import itemgetter
from typing import Any, Final, LiteralString

import psycopg

from pop3spy.findings.history import History, KnownAccount
from pop3spy.ledger.bounds import MOST_MESSAGES, MOST_SESSIONS
from pop3spy.ledger.forms import (
    RECALLED,
    SavedSession,
    account_from,
    account_id,
    session_from,
    text_of,
)

VERSION: Final = b"1"
_LOCK: Final = 0x706F7033
"""The number under which programs wait for each other that make tables or clear them."""
_SLOWEST: Final = 10_000
"""Milliseconds that one statement may take."""

Connection = psycopg.Connection[tuple[Any, ...]]

_TABLES: Final = """
CREATE TABLE pop3spy_meta (name TEXT PRIMARY KEY, value BYTEA NOT NULL);
CREATE TABLE pop3spy_account (
    id BYTEA PRIMARY KEY, facts TEXT NOT NULL, seen_at DOUBLE PRECISION NOT NULL,
    sessions BIGINT NOT NULL DEFAULT 1
);
CREATE TABLE pop3spy_session (
    account BYTEA NOT NULL, ended_at DOUBLE PRECISION NOT NULL, run TEXT NOT NULL,
    facts TEXT NOT NULL
);
CREATE INDEX pop3spy_session_of ON pop3spy_session (account, ended_at);
CREATE TABLE pop3spy_message (
    account BYTEA NOT NULL, id BYTEA NOT NULL, seen_at DOUBLE PRECISION NOT NULL,
    listed BOOLEAN NOT NULL, size BIGINT, stable BYTEA, message_id BYTEA,
    first_listed_at DOUBLE PRECISION, downloaded_at DOUBLE PRECISION, downloaded_by TEXT,
    deleted_at DOUBLE PRECISION, PRIMARY KEY (account, id)
)
"""
_SAVE_ACCOUNT: Final = (
    "INSERT INTO pop3spy_account (id, facts, seen_at) VALUES (%s, %s, %s)"
    " ON CONFLICT (id) DO UPDATE SET facts = EXCLUDED.facts,"
    " seen_at = GREATEST(pop3spy_account.seen_at, EXCLUDED.seen_at),"
    " sessions = pop3spy_account.sessions + 1"
)
_SAVE_SESSION: Final = (
    "INSERT INTO pop3spy_session (account, ended_at, run, facts)"
    " SELECT account, ended_at, run, facts"
    " FROM (VALUES (%s::bytea, %s::float8, %s::text, %s::text))"
    " AS new (account, ended_at, run, facts)"
    " WHERE NOT EXISTS (SELECT FROM pop3spy_session AS old WHERE old.account = new.account"
    " AND old.ended_at = new.ended_at AND old.run = new.run AND old.facts = new.facts)"
)
"""A server that is killed as it answers has written what is written once more then."""
_SAVE_MESSAGE: Final = (
    "INSERT INTO pop3spy_message (account, id, seen_at, listed, size, stable, message_id,"
    " first_listed_at, downloaded_at, downloaded_by, deleted_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (account, id) DO UPDATE SET seen_at = EXCLUDED.seen_at,"
    " listed = EXCLUDED.listed, size = EXCLUDED.size, stable = EXCLUDED.stable,"
    " message_id = EXCLUDED.message_id, first_listed_at = EXCLUDED.first_listed_at,"
    " downloaded_at = EXCLUDED.downloaded_at, downloaded_by = EXCLUDED.downloaded_by,"
    " deleted_at = EXCLUDED.deleted_at"
)
_BOUNDS: Final[tuple[tuple[LiteralString, LiteralString, int], ...]] = (
    (
        "SELECT seen_at FROM pop3spy_message ORDER BY seen_at DESC LIMIT 1 OFFSET %s",
        "DELETE FROM pop3spy_message WHERE seen_at <= %s",
        MOST_MESSAGES,
    ),
    (
        "SELECT ended_at FROM pop3spy_session ORDER BY ended_at DESC LIMIT 1 OFFSET %s",
        "DELETE FROM pop3spy_session WHERE ended_at <= %s",
        MOST_SESSIONS,
    ),
)


class LedgerVersionError(Exception):
    """The tables are of another version of the program."""


def prepare(connection: Connection) -> bytes:
    """Return the key of the ledger; make the tables if they are not there.

    Raise LedgerVersionError if they are not those that this program reads.
    """
    connection.execute(f"SET statement_timeout = {_SLOWEST}")
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        there = connection.execute("SELECT to_regclass('pop3spy_meta')").fetchone()
        if there is None or there[0] is None:
            connection.execute(_TABLES)
            for name, value in (("version", VERSION), ("key", secrets.token_bytes(32))):
                connection.execute("INSERT INTO pop3spy_meta VALUES (%s, %s)", (name, value))
    meta: dict[str, bytes] = dict(
        connection.execute("SELECT name, value FROM pop3spy_meta").fetchall()
    )
    key = bytes(meta.get("key", b""))
    if bytes(meta.get("version", b"")) != VERSION or not key:
        raise LedgerVersionError
    return key


def known_in(
    connection: Connection, account: bytes, run: str, sessions_known: int | None
) -> tuple[KnownAccount, int] | None:
    """Return what is known of the *account* with that id, and how many sessions told it.

    None if that is nothing, or nothing beyond the *sessions_known*.  Those of this *run* are called
    so.
    """
    with connection.transaction():
        row = connection.execute(
            "SELECT facts, sessions FROM pop3spy_account WHERE id = %s", (account,)
        ).fetchone()
        if row is None or row[1] == sessions_known:
            return None
        sessions = connection.execute(
            "SELECT facts, run FROM pop3spy_session WHERE account = %s"
            " ORDER BY ended_at DESC LIMIT %s",
            (account, RECALLED),
        ).fetchall()
        messages = connection.execute(
            "SELECT id, listed, size, stable, message_id, first_listed_at, downloaded_at,"
            " downloaded_by, deleted_at FROM pop3spy_message WHERE account = %s",
            (account,),
        ).fetchall()
    past = (
        session_from(text, whose="" if whose == run else "an earlier run")
        for text, whose in reversed(sessions)
    )
    return account_from(row[0], past, messages), row[1]


def write_sessions(
    connection: Connection, batch: Iterable[SavedSession], digests: History, run: str
) -> None:
    """Write all of *batch*, or nothing."""
    # In one order in all programs, so that none waits for another that waits for it.
    by_account = [(account_id(digests, saved.key), saved) for saved in batch]
    by_account.sort(key=itemgetter(0))
    with connection.transaction(), connection.cursor() as cursor:
        for account, saved in by_account:
            cursor.execute(_SAVE_ACCOUNT, (account, saved.facts, saved.at))
            cursor.execute(_SAVE_SESSION, (account, saved.at, run, text_of(saved.past)))
            if saved.messages:
                rows = [(account, row[0], saved.at, *row[1:]) for row in sorted(saved.messages)]
                cursor.executemany(_SAVE_MESSAGE, rows)


def prune(connection: Connection, since: float) -> None:
    """Forget what is older than *since*, in seconds since 1970, or too much."""
    before = (since,)
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        connection.execute("DELETE FROM pop3spy_account WHERE seen_at < %s", before)
        connection.execute("DELETE FROM pop3spy_session WHERE ended_at < %s", before)
        connection.execute("DELETE FROM pop3spy_message WHERE seen_at < %s AND NOT listed", before)
        connection.execute(
            "DELETE FROM pop3spy_message WHERE account NOT IN (SELECT id FROM pop3spy_account)"
        )
        for find, forget, most in _BOUNDS:
            row = connection.execute(find, (most,)).fetchone()
            if row is not None:
                connection.execute(forget, row)


def counts_in_database(connection: Connection) -> tuple[int, int]:
    """Return how many accounts and messages are known."""
    accounts = connection.execute("SELECT count(*) FROM pop3spy_account").fetchone()
    messages = connection.execute("SELECT count(*) FROM pop3spy_message").fetchone()
    return (accounts or (0,))[0], (messages or (0,))[0]
