"""How accounts, sessions and messages stand in a ledger."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, Final, NamedTuple

from pop3spy.findings.history import (
    NO_IDS,
    AccountKey,
    History,
    KnownAccount,
    KnownMessage,
    PastSession,
)

PAST: Final = tuple(field.name for field in fields(PastSession))
MESSAGE: Final = tuple(field.name for field in fields(KnownMessage))
RECALLED: Final = 100
"""Sessions of an account that are read again."""
_LARGEST: Final = 2**63 - 1


class SavedSession(NamedTuple):
    """A session that is over, what its account is known by, and the messages that changed."""

    key: AccountKey
    facts: str
    past: PastSession
    messages: list[tuple[Any, ...]]

    @property
    def at(self) -> float:
        """When it ended, or began if nobody knows."""
        return self.past.ended_at or self.past.opened_at


def saved_session(key: AccountKey, account: KnownAccount, past: PastSession) -> SavedSession:
    """Return what is to be written of *account*, in which nothing is changed any more then."""
    facts = {
        "worked": account.worked,
        "refused": account.refused,
        "login_delay": account.login_delay,
        "told": sorted(account.told),
        "listed": account.listing is not None,
    }
    listing = account.listing or {}
    rows = [
        (unique_id, unique_id in listing, *(_kept(getattr(known, name)) for name in MESSAGE))
        for unique_id in account.changed
        if (known := account.messages.get(unique_id)) is not None
    ]
    account.changed.clear()
    return SavedSession(key, json.dumps(facts), past, rows)


def _kept(value: Any) -> Any:
    """Return *value*, or None for a size that databases have no room for; servers may say any."""
    return None if isinstance(value, int) and value > _LARGEST else value


def account_from(
    text: str, sessions: Iterable[PastSession], messages: Iterable[Sequence[Any]]
) -> KnownAccount:
    """Return the account whose facts are *text*; a message is its id, whether listed, and all else.

    *sessions* are in the order in which they ended.
    """
    facts = json.loads(text)
    account = KnownAccount(
        worked={way: (at, clear) for way, (at, clear) in facts["worked"].items()},
        refused=facts["refused"],
        login_delay=facts["login_delay"],
        told=set(facts["told"]),
    )
    account.sessions.extend(sessions)
    listing: dict[bytes, int | None] = {}
    for unique_id, listed, *columns in messages:
        known = account.messages[bytes(unique_id)] = KnownMessage(*columns)
        if listed:
            listing[bytes(unique_id)] = known.size
    if facts["listed"]:
        account.listing = listing
        listed_in = (past for past in reversed(account.sessions) if past.listed)
        account.listed_in = next(listed_in, None)
    return account


def text_of(past: PastSession) -> str:
    """Return a session as it is kept."""
    facts: dict[str, Any] = {name: getattr(past, name) for name in PAST}
    facts["retrieved"] = [unique_id.hex() for unique_id in past.retrieved]
    facts["deleted"] = [unique_id.hex() for unique_id in past.deleted]
    return json.dumps(facts)


def session_from(text: str, *, whose: str = "an earlier run") -> PastSession:
    """Return the session that was kept as *text*; *whose* says which run of the program had it."""
    facts = json.loads(text)
    past = PastSession(**{name: value for name, value in facts.items() if name in PAST})
    past.retrieved = frozenset(map(bytes.fromhex, facts["retrieved"])) or NO_IDS
    past.deleted = frozenset(map(bytes.fromhex, facts["deleted"])) or NO_IDS
    past.reference = f"{past.reference} of {whose}" if whose else past.reference
    return past


def account_id(history: History, key: AccountKey) -> bytes:
    """Return what stands for an account: nobody can tell from it who that is."""
    return history.digest("\0".join(map(str, key)).encode("utf-8", "surrogateescape"))
