"""A ledger that has as many sessions of every account as are kept of one.

Otherwise memory would grow for the better part of an hour, up to that bound, and hide what grows
without one.  So each of them takes as much as one of the crowd, which retrieves some messages.
"""

import time
from collections.abc import Iterable
from pathlib import Path

from pop3spy.findings.history import SESSIONS, PastSession
from pop3spy.ledger import Ledger

_APART = 60.0
_RETRIEVED = 3


def fill(path: Path, accounts: Iterable[tuple[str, int, str]]) -> None:
    """Write a ledger to *path*, with sessions of *accounts*, each at a host and port."""
    now = time.time()
    ids = [b"%032d" % number for number in range(_RETRIEVED)]
    for account in accounts:
        told: list[str] = []
        ledger = Ledger(path, told.append)  # one leaves out what a slow disk does not take
        for number in range(SESSIONS, 0, -1):
            at = now - number * _APART
            ledger.history.ended(
                account,
                PastSession(
                    *(f"session {number}", "0" * 32, at, True),
                    login="USER",
                    login_at=at,
                    ended_at=at + 1,
                    quit=True,
                    closed_by="client",
                    closed_at=at + 1,
                    listed=True,
                    new=0,
                    retrieved=frozenset(ids),
                    retrievals=len(ids),
                    count=len(ids),
                ),
            )
        ledger.close()
        assert not told, told
