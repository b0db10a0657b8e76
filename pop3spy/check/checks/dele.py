"""DELE, taken back each time: nothing here is ever followed by QUIT while a mark may be there.

Whatever is odd ends all further checks of DELE, and the connection is dropped.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from pop3spy.check.audit import Audit, SkipError
from pop3spy.check.checks.stat import counts_of
from pop3spy.check.conversation import Conversation
from pop3spy.check.maildrop import AuditedMaildrop
from pop3spy.check.needs import Need
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    non_strict,
    passed,
)
from pop3spy.protocol.replies import number_of

_MARKS: Final = (Need.LOGIN, Need.DELE)
_DELE: Final = "RFC 1939, section 5"
_LATER: Final = (("LIST {}", "UIDL {}", "RETR {}"), ("TOP {} 0", "DELE {}"))
"""What is refused of a marked message, a session each: some servers bear only so many errors."""


@asynccontextmanager
async def _marking(audit: Audit) -> AsyncIterator[tuple[AuditedMaildrop, int]]:
    """Give a session of its own and the number that may be marked; it is dropped, never quit.

    Raise SkipError if an earlier check of DELE showed that nothing should be marked any more.
    """
    if audit.logins.dele_refused:
        raise SkipError(audit.logins.dele_refused)
    async with audit.logins.session() as talk:
        drop = AuditedMaildrop(audit, talk)
        sizes = await drop.sizes()
        if not sizes:
            raise SkipError("the maildrop is empty")
        number = audit.options.dele_message or min(sizes, key=lambda each: sizes[each])
        if number not in sizes:
            raise SkipError(f"there is no message {number}")
        yield drop, number


async def _taken_back(audit: Audit, talk: Conversation, before: tuple[int, int] | None) -> str:
    """Say RSET, and return what is wrong then; if anything is, nothing is marked any more."""
    reply = await talk.ask("RSET")
    after = counts_of(await talk.ask("STAT")) if reply.ok else None
    wrong = ""
    if not reply.ok:
        wrong = f"RSET did not take a mark back: {reply}"
    elif after is None or before is None or after[0] != before[0]:
        wrong = f"after RSET there are {after and after[0]} messages, not {before and before[0]}"
    if wrong:
        audit.logins.dele_refused = wrong
    return wrong


@check("dele/1", Level.MUST, _DELE, needs=_MARKS, logins=1)
async def marks_one(audit: Audit) -> Judgement:
    """DELE marks one message, and only that shows.

    Where the others get new numbers, a client deletes the wrong mail.

    Done: with --allow-dele, STAT, DELE, STAT, LIST, RSET.  Non-strict if sizes of other messages
    have changed; fails if the count is not one less, if the number is still listed, or if others
    lost theirs.
    """
    async with _marking(audit) as (drop, number):
        talk = drop.talk
        before, sizes = counts_of(await talk.ask("STAT")), await drop.sizes()
        marked = await talk.ask(f"DELE {number}")
        during = counts_of(await talk.ask("STAT"))
        left = await drop.pairs("LIST", anew=True)
        wrong = await _taken_back(audit, talk, before)
    if not marked.ok:
        return failed(f"expected +OK to DELE {number}, got {marked}")
    if before is None or during is None or during[0] != before[0] - 1:
        return failed(f"expected one message less in STAT, got {during} after {before}")
    if sorted(left) != sorted(set(sizes) - {number}):
        return failed(f"expected LIST without {number} and with all others, got {len(left)} lines")
    if wrong:
        return failed(f"expected RSET to take the mark back: {wrong}")
    if any(number_of(size) != sizes[each] for each, size in left.items()):
        return non_strict("expected the other sizes as they were, some have changed")
    return passed()


@check("dele/2", Level.MUST, "RFC 1939, sections 5 and 7", needs=_MARKS, logins=2)
async def is_gone(audit: Audit) -> Judgement:
    """A marked message is an error for every command.

    A client that lost an answer tries again, and counts on that.

    Done: DELE, then LIST, UIDL, RETR, TOP and DELE of the same number, RSET.  Fails with +OK to one
    of them; a UIDL or TOP that is not there does not count.
    """
    for commands in _LATER:
        async with _marking(audit) as (drop, number):
            talk = drop.talk
            before = counts_of(await talk.ask("STAT"))
            await talk.ask(f"DELE {number}")
            taken = await _taken(audit, talk, [each.format(number) for each in commands])
            wrong = "" if talk.closed else await _taken_back(audit, talk, before)
        if taken:
            return failed(taken)
        if wrong:
            return failed(f"expected RSET to take the mark back: {wrong}")
    return passed()


async def _taken(audit: Audit, talk: Conversation, commands: Sequence[str]) -> str:
    """Return which of *commands* was not refused, or nothing."""
    for command in commands:
        reply = await talk.ask(command, audit.timing.login)
        if reply.ok and command.startswith(("RETR", "TOP")):
            await talk.body()
        if not reply.err:
            return f"expected -ERR to {command}, got {reply}"
    return ""


@check("dele/3", Level.MUST, _DELE, needs=_MARKS, logins=1)
async def is_taken_back(audit: Audit) -> Judgement:
    """RSET takes the mark away.

    It is the only way to undo; a person who changed their mind loses mail.

    Done: STAT, DELE, RSET, STAT, LIST of the number.  Non-strict if the count is as before and the
    size is not.
    """
    async with _marking(audit) as (drop, number):
        talk = drop.talk
        before = counts_of(await talk.ask("STAT"))
        await talk.ask(f"DELE {number}")
        wrong = await _taken_back(audit, talk, before)
        after = counts_of(await talk.ask("STAT"))
        listed = await talk.ask(f"LIST {number}")
    if wrong:
        return failed(f"expected RSET to take the mark back: {wrong}")
    if not listed.ok:
        return failed(f"expected LIST {number} to be +OK behind RSET, got {listed}")
    if after != before:
        return non_strict(f"expected STAT as before, got {after} after {before}")
    return passed()


def _finish(talk: Conversation) -> None:
    talk.probe.finish()


def _reset(talk: Conversation) -> None:
    talk.probe.reset()


@check(
    "dele/4",
    Level.MUST,
    "RFC 1939, section 6",
    needs=(*_MARKS, Need.DROP),
    logins=3,
    connections=3,
)
async def needs_quit(audit: Audit) -> Judgement:
    """Without QUIT nothing is removed.

    Each connection that is lost would lose mail.

    Done: with --allow-dele=drop, DELE and a FIN; DELE and a RST; and a new session each time.  On a
    broken server this is the one check that loses a message.
    """
    ways: tuple[tuple[str, Callable[[Conversation], None]], ...] = (
        ("FIN", _finish),
        ("RST", _reset),
    )
    for name, end in ways:
        async with _marking(audit) as (drop, number):
            ids, count = await drop.pairs("UIDL"), len(await drop.sizes())
            marked = await drop.talk.ask(f"DELE {number}")
            end(drop.talk)
        if not marked.ok:
            return failed(f"expected +OK to DELE {number}, got {marked}")
        async with _marking(audit) as (drop, _):
            there, many = await drop.pairs("UIDL"), len(await drop.sizes())
        if many < count or ids.get(number) not in (None, there.get(number)):
            audit.logins.dele_refused = f"message {number} was lost by a {name} without QUIT"
            return failed(f"expected message {number} after a {name} without QUIT, it is gone")
    return passed()


@check("dele/5", Level.MUST, _DELE, needs=_MARKS, logins=2)
async def of_none(audit: Audit) -> Judgement:
    """DELE of what does not exist is refused.

    A number that is read wrongly deletes mail that nobody named.

    Done: STAT; DELE of 0, of the number behind the last, without one, of letters, and of 2^32+1
    unless LIST takes that for message 1; STAT, RSET.  Fails with +OK, or if STAT has changed.
    """
    for first in (True, False):
        async with _marking(audit) as (drop, _):
            talk = drop.talk
            before = counts_of(await talk.ask("STAT"))
            commands = ["DELE 0", f"DELE {await drop.beyond()}", "DELE"] if first else ["DELE abc"]
            if not first and not (await talk.ask("LIST 4294967297")).ok:
                commands.append("DELE 4294967297")
            taken = await _taken(audit, talk, commands)
            during = before if talk.closed else counts_of(await talk.ask("STAT"))
            wrong = "" if talk.closed else await _taken_back(audit, talk, before)
        if taken:
            return failed(taken)
        if during != before:
            return failed(f"expected STAT as before, got {during} after {before}")
        if wrong:
            return failed(f"expected RSET to be +OK: {wrong}")
    return passed()
