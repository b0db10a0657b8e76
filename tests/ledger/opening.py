"""A ledger of either kind, and sessions of one account that are told to it."""

from collections.abc import Callable
from pathlib import Path

from lab.loopback import until
from pop3spy.findings.history import KnownAccount, PastSession
from pop3spy.ledger import Database, Ledger
from pop3spy.ledger.postgres import PostgresLedger

BOB = ("pop.example.org", 110, "bob@example.org")
NOW = 1_800_000_000.0


def silent(text: str) -> None:
    raise AssertionError(text)


def session(at: float, **facts: object) -> PastSession:
    return PastSession("session 1", "c1", at, clear=False, ended_at=at + 1, **facts)  # type: ignore[arg-type]


AnyLedger = Ledger | PostgresLedger
Place = Path | Database


def opened(place: Place, complain: Callable[[str], None] = silent, age: float = 1e12) -> AnyLedger:
    if isinstance(place, Path):
        return Ledger(place, complain, age=age)
    return PostgresLedger(place, complain, age=age)


def recalled(
    ledger: AnyLedger, is_known: Callable[[KnownAccount], bool] = lambda known: bool(known.sessions)
) -> KnownAccount:
    """Return what is known of Bob, once it is: a database is asked by a thread."""

    def look() -> KnownAccount | None:
        account = ledger.history.account(*BOB)
        return account if is_known(account) else None

    return until(look, "what is known of Bob", 30)


def poll(ledger: AnyLedger, ids: dict[bytes, int | None], at: float) -> None:
    """Let a session of Bob's end that listed *ids*."""
    account = ledger.history.account(*BOB)
    past = session(at, listed=True, retrieved={b"u1"}, quit=True, login="PASS", login_at=at)
    account.changed |= (account.listing or {}).keys() - ids.keys()
    account.listing, account.listed_in = ids, past
    for unique_id, size in ids.items():
        known = account.message(unique_id)
        assert known is not None
        known.size, known.stable = size, ledger.history.digest(unique_id)
    account.worked["PASS"] = at, False
    ledger.history.ended(BOB, past)
