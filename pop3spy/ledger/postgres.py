"""A ledger in a PostgreSQL database, for proxies that share accounts.

Only who asks for it loads this: it needs the extra ``postgres``.

Rules: 1. whoever relays never waits for it: threads read and write, and what they have found is
taken in when somebody asks next; until then an account counts as unknown; 2. what cannot be written
waits, and is bounded; 3. it is bounded by age and by rows, as a file is; 4. nothing that a database
or its library says is told, as a password may be in it: there are words of ours.
"""

import logging
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any, Final, NamedTuple

import psycopg

from pop3spy.findings.history import AccountKey, History, KnownAccount, PastSession
from pop3spy.ledger.bounds import AGE, PRUNED_EVERY
from pop3spy.ledger.database import Database
from pop3spy.ledger.forms import SavedSession, account_id, saved_session
from pop3spy.ledger.gathering import Gathering
from pop3spy.ledger.merging import take_in
from pop3spy.ledger.postgres_tables import (
    Connection,
    known_in,
    prepare,
    prune,
    write_sessions,
)
from pop3spy.ledger.postgres_words import words_for

_library = logging.getLogger("psycopg")
_library.addHandler(logging.NullHandler())
_library.propagate = False

START: Final = 2.0
"""Seconds that the beginning of the program waits for the database; then it goes on without."""
LAST_WAIT: Final = 3.0
"""Seconds that its end waits for what is still to be written."""
RETRY: Final = 3.0
"""Seconds between two attempts to reach the database."""
FRESH: Final = 1.0
"""Seconds for which nobody asks again what is known of an account."""
_MOST_ASKED: Final = 1000
"""Accounts that may wait to be looked up; what is more counts as unknown."""
_CONNECTING: Final = 5
_OPTIONS: Final[dict[str, Any]] = {
    "connect_timeout": _CONNECTING,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 30,
    "application_name": "pop3spy",
    "autocommit": True,
}


class _Question(NamedTuple):
    """What is asked of an account.

    ``written`` is how many of its sessions this program had written then, and ``known`` how many
    sessions of anybody it knows of, None if it knows nothing.
    """

    key: AccountKey
    written: int
    known: int | None


class PostgresLedger:
    """The ledger in *database*; ``history`` is what it knows.

    *complain* is told in one line, by any thread, what goes wrong with it: each once.  *now* is the
    clock of its sessions, in seconds since 1970.
    """

    def __init__(
        self,
        database: Database,
        complain: Callable[[str], None],
        *,
        age: float = AGE,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._complain = complain
        self._age = age
        self._now = now
        self._told: set[str] = set()
        self._run = secrets.token_hex(8)
        self.history = History(
            recall=self._recall, keep=self._keep, look=self._look, expect=self._expect
        )
        self._digests: History | None = None  # with the key of the ledger, for threads
        self._relaying = False
        self._since: float | None = None  # when digests of sessions began to be those of others
        self._saved = Gathering()
        self._asked: SimpleQueue[_Question | None] = SimpleQueue()
        self._found: deque[Callable[[], None]] = deque()  # done by whoever relays
        self._kept: Counter[AccountKey] = Counter()  # sessions of an account, and of them ...
        self._written: Counter[AccountKey] = Counter()  # ... those that are in the database
        self._looked_up: dict[AccountKey, float] = {}
        self._taken_in: dict[AccountKey, tuple[int, int]] = {}  # sessions, and those written then
        self.connected = Event()
        self._closing = Event()
        self._threads = [
            Thread(target=work, name="ledger", daemon=True)
            for work in (self._write_all, self._read_all)
        ]
        for thread in self._threads:
            thread.start()
        self.connected.wait(START)
        self._look()
        self._relaying = True

    def close(self) -> None:
        """Write what is still to be written, if the database takes it in a moment."""
        self._closing.set()
        self._saved.close()
        self._asked.put(None)
        deadline = time.monotonic() + LAST_WAIT
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if self._threads[0].is_alive():
            self._fail("it does not take what is left, and the last sessions are not remembered")

    # -- whoever relays -------------------------------------------------------------------------

    def _look(self) -> None:
        """Take in what was found out meanwhile."""
        while self._found:
            try:
                self._found.popleft()()
            except Exception as error:  # noqa: BLE001 - what stood there makes no sense
                self._fail(words_for(error))

    def _recall(self, key: AccountKey) -> None:
        """Let somebody find out what is known of an account; until then that is nothing."""
        self._expect(key)

    def _expect(self, key: AccountKey) -> None:
        """Find out what others have learned of an account."""
        now = time.monotonic()
        if now - self._looked_up.get(key, -FRESH) >= FRESH:
            self._ask(key)

    def _ask(self, key: AccountKey) -> None:
        if self._asked.qsize() < _MOST_ASKED:
            if len(self._looked_up) >= _MOST_ASKED:
                self._looked_up.clear()
                self._taken_in.clear()
            self._looked_up[key] = time.monotonic()
            written, known = self._written[key], None
            if key in self._taken_in and self.history.knows(key):
                sessions, written_then = self._taken_in[key]
                known = sessions + written - written_then
            self._asked.put(_Question(key, written, known))

    def _keep(self, key: AccountKey, account: KnownAccount, past: PastSession) -> None:
        """Let a thread write what has changed in *account*."""
        saved = saved_session(key, account, past)
        if self._since is None or past.opened_at < self._since:
            return  # its digests are of a key that nobody else has
        if not self._saved.add(saved):
            self._fail("it is too slow, and sessions are left out")
            return
        if len(self._kept) > _MOST_ASKED:
            for each in [key for key, times in self._kept.items() if times == self._written[key]]:
                del self._kept[each], self._written[each]
                self._taken_in.pop(each, None)
        self._kept[key] += 1

    def _begin(self, key: bytes) -> None:
        """Know the key of the ledger: what is known up to now has digests of another."""
        if self._since is None:
            self.history.begin_anew(key)
            self._looked_up.clear()
            self._taken_in.clear()
            self._since = self._now() if self._relaying else 0.0

    def _take_in(self, asked: _Question, stored: KnownAccount, sessions: int) -> None:
        """Take in what so many *sessions* have *stored* of an account."""
        key = asked.key
        self._taken_in[key] = sessions, asked.written
        take_in(self.history.account(*key), stored, behind=self._kept[key] != asked.written)

    # -- threads --------------------------------------------------------------------------------

    def _connect(self) -> Connection:
        return psycopg.connect(self._database.url, **_OPTIONS)

    def _read_all(self) -> None:
        """Find out what is asked, as long as the database can be had."""
        while not self._closing.is_set():
            try:
                with closing(self._connect()) as connection:
                    self._read_by(connection)
            except Exception as error:  # noqa: BLE001 - it is tried again
                self._fail(words_for(error))
                self._closing.wait(RETRY)

    def _read_by(self, connection: Connection) -> None:
        key = prepare(connection)
        if self._digests is None:
            self._digests = History(key)
            self._found.append(partial(self._begin, key))
        digests = self._digests
        self.connected.set()
        while (asked := self._asked.get()) is not None:
            account = account_id(digests, asked.key)
            try:
                known = known_in(connection, account, self._run, asked.known)
            except psycopg.Error:
                raise
            except Exception as error:  # noqa: BLE001 - whatever stands there, it stays unknown
                self._fail(words_for(error))
                continue
            if known is not None:
                self._found.append(partial(self._take_in, asked, *known))

    def _write_all(self) -> None:
        """Write what has ended, as soon as the database can be had."""
        connection, written = None, 0
        while batch := self._saved.take():
            while batch:
                try:
                    if connection is None:
                        connection = self._connect()
                        prepare(connection)
                        prune(connection, self._now() - self._age)
                    self._write(connection, batch)
                    before, written = written, written + len(batch)
                    batch = []
                    if before // PRUNED_EVERY < written // PRUNED_EVERY:
                        prune(connection, self._now() - self._age)
                except Exception as error:  # noqa: BLE001 - whatever it is, the next is tried
                    self._fail(words_for(error))
                    if connection is not None:
                        connection.close()
                        connection = None
                    if not isinstance(error, psycopg.OperationalError) or self._closing.is_set():
                        batch = []  # it will not be taken later either
                    else:
                        self._closing.wait(RETRY)
        if connection is not None:
            connection.close()

    def _write(self, connection: Connection, batch: Sequence[SavedSession]) -> None:
        assert self._digests is not None  # else nothing is kept
        write_sessions(connection, batch, self._digests, self._run)
        self._written.update(saved.key for saved in batch)

    def _fail(self, why: str) -> None:
        """Tell once that something goes wrong; the sessions go on without."""
        if why not in self._told:
            self._told.add(why)
            self._complain(f"the ledger {self._database} fails: {why}; sessions go on without it")
