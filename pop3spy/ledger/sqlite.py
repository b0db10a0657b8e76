"""A ledger in a file of this machine.

It is a SQLite file that nobody else may read.  Accounts and hosts are in it as keyed digests,
messages as unique-ids, sizes, times and keyed digests.  The key is random and in the same file, so
the digests of one ledger say nothing to another.

Rules: 1. whoever relays never waits for it: a thread writes, and what is locked counts as unknown;
2. it is bounded by age and by rows; 3. a file that cannot be read is set aside with a word, and a
new one begins.
"""

import errno
import os
import secrets
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Final

from pop3spy.errors import ConfigError
from pop3spy.findings.history import AccountKey, History, KnownAccount, PastSession
from pop3spy.ledger.bounds import AGE, MOST_MESSAGES, MOST_SESSIONS, PRUNED_EVERY
from pop3spy.ledger.forms import (
    MESSAGE,
    RECALLED,
    SavedSession,
    account_from,
    account_id,
    saved_session,
    session_from,
    text_of,
)
from pop3spy.ledger.gathering import Gathering
from pop3spy.newfile import is_exposed, new_file
from pop3spy.protocol.text import escape

VERSION: Final = 1
_PATIENCE: Final = 0.05
"""Seconds that reading waits for another process; then the account counts as unknown."""
_WRITERS_PATIENCE: Final = 10.0
_DAMAGED: Final = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""Errors that are about what stands in the file; others pass, such as a full disk."""
_BOUNDS: Final = (("message", "seen_at", MOST_MESSAGES), ("session", "ended_at", MOST_SESSIONS))
_SCHEMA: Final = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE account (id BLOB PRIMARY KEY, facts TEXT NOT NULL, seen_at REAL NOT NULL);
CREATE TABLE session (account BLOB NOT NULL, ended_at REAL NOT NULL, facts TEXT NOT NULL);
CREATE INDEX session_of ON session (account, ended_at);
CREATE TABLE message (
    account BLOB NOT NULL, id BLOB NOT NULL, seen_at REAL NOT NULL, listed INTEGER NOT NULL,
    {", ".join(MESSAGE)}, PRIMARY KEY (account, id)
);
"""
_SAVE_MESSAGE: Final = (
    f"INSERT OR REPLACE INTO message (account, id, seen_at, listed, {', '.join(MESSAGE)})"  # noqa: S608 - names of ours
    f" VALUES ({', '.join('?' * (4 + len(MESSAGE)))})"
)


class Ledger:
    """The file *path*, which is made if it is not there; ``history`` is what it knows.

    *complain* is told in one line what goes wrong with it; *now* is the clock of its sessions, in
    seconds since 1970.  Raise ConfigError if it can neither be
    read nor be set aside.
    """

    def __init__(
        self,
        path: Path,
        complain: Callable[[str], None],
        *,
        age: float = AGE,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._complain = complain
        self._age = age
        self._now = now
        self._failed = False
        self._key = self._open()
        self.history = History(self._key, recall=self._recall, keep=self._keep)
        self._reader = sqlite3.connect(path, timeout=_PATIENCE)
        self._to_write = sqlite3.connect(path, timeout=_WRITERS_PATIENCE, check_same_thread=False)
        self._saved = Gathering()
        self._writer = Thread(target=self._write_all, name="ledger", daemon=True)
        self._writer.start()

    def close(self) -> None:
        """Write what is still to be written."""
        self._saved.close()
        self._writer.join()
        self._reader.close()

    # -- the file -------------------------------------------------------------------------------

    def _open(self) -> bytes:
        """Return the key of the ledger; make the file, or set aside one that cannot be read."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self._path.exists():
                with suppress(ConfigError):  # another process was first
                    new_file(self._path).close()
            _make_private(self._path)
        except OSError as error:
            raise ConfigError(
                f"cannot keep a ledger in {escape(str(self._path))}: {error.strerror};"
                " name another with --ledger, or use --no-ledger"
            ) from None
        try:
            try:
                return self._prepared()
            except sqlite3.DatabaseError as error:
                if getattr(error, "sqlite_errorcode", _DAMAGED[0]) & 0xFF not in _DAMAGED:
                    raise
                self._set_aside()
                return self._prepared()
        except sqlite3.Error as error:
            raise ConfigError(
                f"cannot use the ledger {escape(str(self._path))}: {error};"
                " name another with --ledger, or use --no-ledger"
            ) from None

    def _prepared(self) -> bytes:
        with closing(sqlite3.connect(self._path, timeout=_WRITERS_PATIENCE)) as ledger:
            ledger.execute("PRAGMA journal_mode = WAL")
            with _writing(ledger):
                if not ledger.execute("SELECT 1 FROM sqlite_master").fetchone():
                    for statement in _SCHEMA.split(";"):
                        ledger.execute(statement)
                    rows = [("version", VERSION), ("key", secrets.token_bytes(32))]
                    ledger.executemany("INSERT INTO meta VALUES (?, ?)", rows)
            meta = dict(ledger.execute("SELECT name, value FROM meta"))
            if meta.get("version") != VERSION or not isinstance(meta.get("key"), bytes):
                raise sqlite3.DatabaseError("not a ledger of this version")
            self._prune(ledger)
            key: bytes = meta["key"]
            return key

    def _set_aside(self) -> None:
        """Rename the file, and begin another."""
        for number in range(1, 1000):
            aside = self._path.with_name(f"{self._path.name}.damaged-{number}")
            if not aside.exists():
                break
        try:
            self._path.rename(aside)
            for end in ("-wal", "-shm"):
                self._path.with_name(self._path.name + end).unlink(missing_ok=True)
            new_file(self._path).close()
        except OSError as error:
            raise ConfigError(
                f"cannot read the ledger {escape(str(self._path))}, nor rename it:"
                f" {error.strerror}; name another with --ledger, or use --no-ledger"
            ) from None
        self._complain(
            f"the ledger {escape(str(self._path))} could not be read; it is {escape(aside.name)}"
            " now, and a new one begins"
        )

    def _prune(self, ledger: sqlite3.Connection) -> None:
        """Forget what is too old or too much."""
        before = self._now() - self._age
        with _writing(ledger):
            ledger.execute("DELETE FROM account WHERE seen_at < ?", (before,))
            ledger.execute("DELETE FROM session WHERE ended_at < ?", (before,))
            ledger.execute("DELETE FROM message WHERE seen_at < ? AND NOT listed", (before,))
            ledger.execute("DELETE FROM message WHERE account NOT IN (SELECT id FROM account)")
            for table, at, most in _BOUNDS:
                row = ledger.execute(
                    f"SELECT {at} FROM {table} ORDER BY {at} DESC LIMIT 1 OFFSET ?",  # noqa: S608 - names of ours
                    (most,),
                ).fetchone()
                if row is not None:
                    ledger.execute(f"DELETE FROM {table} WHERE {at} <= ?", row)  # noqa: S608 - as above

    # -- reading --------------------------------------------------------------------------------

    def _recall(self, key: AccountKey) -> KnownAccount | None:
        """Return what the file knows of an account; None if that is nothing, or it is locked."""
        try:
            return self._read(account_id(self.history, key))
        except Exception as error:  # noqa: BLE001 - whatever stands in the file, a rule asks here
            self._fail(error)
            return None

    def _read(self, account: bytes) -> KnownAccount | None:
        ledger = self._reader
        row = ledger.execute("SELECT facts FROM account WHERE id = ?", (account,)).fetchone()
        if row is None:
            return None
        sessions = ledger.execute(
            "SELECT facts FROM session WHERE account = ? ORDER BY ended_at DESC LIMIT ?",
            (account, RECALLED),
        ).fetchall()
        messages = ledger.execute(
            f"SELECT id, listed, {', '.join(MESSAGE)} FROM message WHERE account = ?",  # noqa: S608 - names of ours
            (account,),
        )
        return account_from(
            row[0], (session_from(text) for (text,) in reversed(sessions)), messages
        )

    # -- writing --------------------------------------------------------------------------------

    def _keep(self, key: AccountKey, account: KnownAccount, past: PastSession) -> None:
        """Let the thread write what has changed in *account*."""
        if not self._saved.add(saved_session(key, account, past)):
            self._fail(OverflowError("the disk is too slow, and sessions are left out"))

    def _write_all(self) -> None:
        with closing(self._to_write) as ledger:
            with suppress(sqlite3.Error):  # it is faster without waiting for the disk
                ledger.execute("PRAGMA synchronous = OFF")
            written = 0
            while batch := self._saved.take():
                try:
                    with _writing(ledger):
                        for saved in batch:
                            self._write(ledger, saved)
                    before, written = written, written + len(batch)
                    if before // PRUNED_EVERY < written // PRUNED_EVERY:
                        self._prune(ledger)
                except Exception as error:  # noqa: BLE001 - the next session may be written again
                    self._fail(error)

    def _write(self, ledger: sqlite3.Connection, saved: SavedSession) -> None:
        account, now = account_id(self.history, saved.key), saved.at
        ledger.execute(
            "INSERT OR REPLACE INTO account VALUES (?, ?, ?)", (account, saved.facts, now)
        )
        ledger.execute("INSERT INTO session VALUES (?, ?, ?)", (account, now, text_of(saved.past)))
        if saved.messages:
            rows = [(account, row[0], now, *row[1:]) for row in saved.messages]
            ledger.executemany(_SAVE_MESSAGE, rows)

    def _fail(self, error: Exception) -> None:
        """Tell once that something went wrong; the sessions go on without."""
        if not self._failed:
            self._failed = True
            self._complain(f"the ledger {escape(str(self._path))} fails: {escape(str(error))}")


def _make_private(path: Path) -> None:
    """Let nobody else read the file; raise OSError for what is none, or is not ours."""
    file = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        if is_exposed(status) and hasattr(os, "fchmod"):
            os.fchmod(file, 0o600)
    finally:
        os.close(file)


@contextmanager
def _writing(ledger: sqlite3.Connection) -> Iterator[None]:
    """Write all or nothing, and wait for other processes that write."""
    ledger.execute("BEGIN IMMEDIATE") if not ledger.in_transaction else None
    try:
        yield
    except BaseException:
        ledger.rollback()
        raise
    ledger.commit()


def counts_in(path: Path) -> tuple[int, int]:
    """Return how many accounts and messages the ledger at *path* knows; change nothing.

    Raise ConfigError if it cannot be read.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as ledger:
            ((accounts,),) = ledger.execute("SELECT count(*) FROM account")
            ((messages,),) = ledger.execute("SELECT count(*) FROM message")
    except sqlite3.Error as error:
        raise ConfigError(f"{escape(str(path))} cannot be read: {error}") from None
    return accounts, messages
