"""One account at two servers: what became of its messages, and of their unique-ids."""

import asyncio
from collections.abc import Awaitable, Coroutine, Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Final, TypeVar

from pop3spy.errors import Pop3SpyError
from pop3spy.migration.content import ContentOf
from pop3spy.migration.keeping_ids import form_of_ids, how_to_keep_ids
from pop3spy.migration.login import Login
from pop3spy.migration.maildrop import ComparedServer, Looked, MaildropReader, ReadMaildrop
from pop3spy.protocol.text import escape
from pop3spy.replay.messages import PairBy, Pairing, pair_messages
from pop3spy.replay.verdict import verdict_of
from pop3spy.session.tls import Tls

T = TypeVar("T")

OLD, NEW = "old", "new"
KINDS: Final = ("missing", "added", "changed", "resized", "unread")
"""What may be said of messages; all but the last are differences."""
MOST_TOLD: Final = 1000
"""Message numbers of a kind that are told of one account; of more, only how many they are."""


class AccountOutcome(Enum):
    """What an account came to."""

    SAME = "same"
    DIFFERS = "differs"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AccountPair:
    """An account to be compared: how it is called, and who logs in at each server."""

    name: str
    old: Login
    new: Login


@dataclass(slots=True)
class ComparedAccount:
    """What an account came to; numbers of messages are those at the old server, but of ``added``.

    ``changed`` have another content, ``resized`` another size of which the content may differ,
    ``moved`` stand at another place in the order; ``ids_changed`` have another unique-id, of
    ``ids_known`` that have one at both.  ``ids`` are the ids at both servers, by content;
    ``retrieved`` are the servers at which RETR was said.
    """

    account: str
    outcome: str
    why: str = ""
    messages: int = 0
    octets: int = 0
    found_by: str = ""
    looked_at: str = ContentOf.NONE.value
    why_less: str = ""
    retrieved: list[str] = field(default_factory=list)
    both: int = 0
    missing: list[int] = field(default_factory=list)
    added: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    resized: list[int] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)
    moved: int = 0
    ids_known: int = 0
    ids_changed: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    capabilities: list[str] = field(default_factory=list)
    tls: dict[str, str] = field(default_factory=dict)
    advice: str = ""
    ids: list[tuple[str, str]] = field(default_factory=list)

    def facts(self, *, ids: bool) -> dict[str, object]:
        """Return it for machines, with the *ids* if they are wanted."""
        facts = asdict(self)
        if not ids:
            del facts["ids"]
        return facts


@dataclass(frozen=True, slots=True)
class ComparisonSettings:
    """What is compared with what: the old server and the new one, and how much of each message.

    ``looked`` is told each time that so many messages more were looked at.
    """

    servers: tuple[ComparedServer, ComparedServer]
    content: ContentOf
    looked: Looked = lambda _: None


async def compare_account(account: AccountPair, settings: ComparisonSettings) -> ComparedAccount:
    """Return what became of *account*; what does not work is told in it."""
    servers, content, looked = settings.servers, settings.content, settings.looked
    readers: list[MaildropReader] = []
    try:
        old, new = await _begin(account, servers, readers)
        (less, why), (other, other_why) = await both(
            _at(OLD, old.most(content)), _at(NEW, new.most(content))
        )
        looked_at = min(less, other, key=list(ContentOf).index)
        if looked_at is ContentOf.TOP and not (old.knows_headers and new.knows_headers):
            looked_at = ContentOf.NONE
        whys = [f"{side}: {text}" for side, text in ((OLD, why), (NEW, other_why)) if text]
        await both(
            _at(OLD, old.look_at(looked_at, looked)), _at(NEW, new.look_at(looked_at, looked))
        )
        await both(_at(OLD, old.leave()), _at(NEW, new.leave()))
        return judge_account(account.name, old.found, new.found, looked_at, "; ".join(whys))
    except SideError as error:
        return ComparedAccount(account.name, AccountOutcome.FAILED.value, str(error))
    finally:
        for reader in readers:
            await reader.close()


async def _begin(
    account: AccountPair,
    servers: tuple[ComparedServer, ComparedServer],
    readers: list[MaildropReader],
) -> tuple[MaildropReader, MaildropReader]:
    """Return what reads *account* at either server; if there is none, tell all that is wrong."""
    old, new = await both(
        _caught(_at(OLD, _begun(MaildropReader.begin(servers[0], account.old), readers))),
        _caught(_at(NEW, _begun(MaildropReader.begin(servers[1], account.new), readers))),
    )
    if isinstance(old, SideError) or isinstance(new, SideError):
        raise SideError("; ".join(str(each) for each in (old, new) if isinstance(each, SideError)))
    return old, new


class SideError(Exception):
    """One of the two servers could not be read; the text says which and why."""


async def _at(side: str, work: Awaitable[T]) -> T:
    try:
        return await work
    except Pop3SpyError as error:
        raise SideError(f"{side} server: {error}") from None


async def _caught(work: Awaitable[T]) -> T | SideError:
    """Return what *work* comes to, be it an error: what is wrong with both servers is told."""
    try:
        return await work
    except SideError as error:
        return error


async def _begun(work: Awaitable[MaildropReader], readers: list[MaildropReader]) -> MaildropReader:
    reader = await work
    readers.append(reader)
    return reader


async def both(first: Coroutine[None, None, T], second: Coroutine[None, None, T]) -> tuple[T, T]:
    """Return what both come to, at the same time; if one fails, the other is given up."""
    failed: SideError | None = None
    try:
        async with asyncio.TaskGroup() as group:
            one, other = group.create_task(first), group.create_task(second)
    except* SideError as errors:
        failed = next(each for each in errors.exceptions if isinstance(each, SideError))
    if failed is not None:
        raise failed
    return one.result(), other.result()


def judge_account(
    name: str, old: ReadMaildrop, new: ReadMaildrop, looked_at: ContentOf, why_less: str = ""
) -> ComparedAccount:
    """Return what became of an account, by what both servers have of it."""
    by = None if looked_at is ContentOf.NONE else PairBy.CONTENT
    pairing = pair_messages(old.messages, new.messages, by)
    verdict = verdict_of(pairing)
    full = looked_at is ContentOf.FULL
    resized = [] if full else _resized(pairing, set(verdict.changed))
    found = ComparedAccount(
        name,
        AccountOutcome.SAME.value,
        messages=len(old.messages),
        octets=sum(each.size or 0 for each in old.messages.values()),
        found_by=verdict.found_by,
        looked_at=looked_at.value,
        why_less=why_less,
        retrieved=[side for side, read in ((OLD, old), (NEW, new)) if read.retrieved],
        both=verdict.both,
        missing=list(verdict.missing),
        added=list(verdict.new),
        changed=list(verdict.changed),
        resized=resized,
        unread=sorted({*old.unread, *new.unread}),
        moved=_moved(pairing),
        ids_known=verdict.of_ids,
        ids_changed=len(verdict.ids),
        capabilities=list(_capabilities(old.capabilities, new.capabilities)),
        tls={OLD: _tls(old.tls), NEW: _tls(new.tls)},
        ids=[
            (before.unique_id, now.unique_id)
            for _, before, now in pairing.both()
            if before.unique_id and now.unique_id
        ],
    )
    if found.ids_changed:
        ids = (each.unique_id for each in old.messages.values() if each.unique_id)
        said = f"{new.greeting} {new.implementation}"
        found.advice = how_to_keep_ids(said, form_of_ids(ids))
    _settle(found)
    return found


def _settle(found: ComparedAccount) -> None:
    """Decide what it came to, and keep no more numbers than anybody reads."""
    for kind in KINDS:
        numbers: list[int] = getattr(found, kind)
        found.counts[kind] = len(numbers)
        del numbers[MOST_TOLD:]
    differing = sum(found.counts.values()) - found.counts["unread"]
    if differing or found.ids_changed or found.moved:
        found.outcome = AccountOutcome.DIFFERS.value
    elif found.unread:
        found.outcome = AccountOutcome.FAILED.value
        found.why = "the content of some messages was refused"


def _resized(pairing: Pairing, changed: set[int]) -> list[int]:
    """Return the messages that are listed with another size, and may have another content."""
    return [
        number
        for number, before, now in pairing.both()
        if number not in changed and before.size != now.size
    ]


def _moved(pairing: Pairing) -> int:
    """Return how many messages stand behind one that stood behind them."""
    highest = moved = 0
    for number in sorted(pairing.pairs):
        there = pairing.pairs[number]
        moved += there < highest
        highest = max(highest, there)
    return moved


def _capabilities(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Return how capabilities differ, a few words each."""
    found = []
    for tag in sorted({*old, *new}):
        before, now = old.get(tag), new.get(tag)
        if before is None:
            found.append(f"{tag} is new")
        elif now is None:
            found.append(f"{tag} is gone")
        elif sorted(before.split()) != sorted(now.split()):
            found.append(f"{tag} was {before or 'bare'}, is {now or 'bare'}")
    return found


def _tls(tls: Tls | None) -> str:
    return "no TLS" if tls is None else escape(str(tls))
