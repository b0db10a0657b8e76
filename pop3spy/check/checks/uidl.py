"""UIDL: ids that are well formed, unique, and stay."""

import re
from typing import Final

from pop3spy.check.audit import Audit, MissingError
from pop3spy.check.maildrop import AuditedMaildrop
from pop3spy.check.needs import Need
from pop3spy.check.refusing import refused_in_session
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    missing,
    non_strict,
    passed,
)
from pop3spy.check.reply import quoted
from pop3spy.protocol.commands import line_of

_STRICT: Final = re.compile(rb"[0-9]+ [!-~]{1,70}\r\n")
_LAX: Final = re.compile(rb"[0-9]+ +[!-~]{1,70} *\r\n")
_UIDL: Final = "RFC 1939, section 7"
_MOST_TWINS: Final = 4


async def _ids(drop: AuditedMaildrop) -> dict[int, bytes]:
    reply, _ = await drop.listing("UIDL")
    if not reply.ok:
        raise MissingError(f"there is no UIDL: {reply}")
    return await drop.pairs("UIDL")


@check("uidl/1", Level.SHOULD, _UIDL, needs=(Need.LOGIN,))
async def form(audit: Audit) -> Judgement:
    """UIDL is there, and each line is a number and an id.

    Leaving mail on the server stands on it.

    Done: UIDL.  An id has 1 to 70 octets of printable ASCII without blanks.  Non-strict with more
    blanks; fails with another form.
    """
    reply, lines = await (await audit.logins.shared()).listing("UIDL")
    if reply.err:
        return missing(f"there is no UIDL: {reply}")
    if not reply.ok:
        return failed(f"expected a listing, got {reply}")
    lax = ""
    for line in lines:
        if not _LAX.fullmatch(line):
            return failed(f"expected a number and an id, got {quoted(line_of(line))}")
        if not _STRICT.fullmatch(line):
            lax = f"expected one blank, got {quoted(line_of(line))}"
    return non_strict(lax) if lax else passed()


@check("uidl/2", Level.SHOULD, _UIDL, needs=(Need.LOGIN,))
async def unique(audit: Audit) -> Judgement:
    """Ids are unique within the maildrop.

    A client retrieves only one of the messages that share one.

    Done: as uidl/1; messages with the same id are retrieved.  Non-strict if they are the same
    octets; fails if they differ.
    """
    drop = await audit.logins.shared()
    numbers: dict[bytes, list[int]] = {}
    for number, id_ in (await _ids(drop)).items():
        numbers.setdefault(id_, []).append(number)
    twins = [same for same in numbers.values() if len(same) > 1]
    if not twins:
        return passed()
    told = f"messages {twins[0][0]} and {twins[0][1]} share one; {len(twins)} ids are shared"
    if audit.expires and not audit.options.retr:
        return failed(f"expected an id for each message, {told}")
    sizes = await drop.sizes()
    for same in twins[:_MOST_TWINS]:
        bodies = {(await drop.fetch(number, sizes.get(number, 0))).stored for number in same}
        if len(bodies) > 1:
            return failed(f"expected an id for each message, {told}")
    return non_strict(f"expected an id for each message, {told}, with the same octets")


@check("uidl/3", Level.MUST, "RFC 1939, sections 5 and 7", needs=(Need.LOGIN,))
async def same_messages(audit: Audit) -> Judgement:
    """UIDL and LIST name the same messages.

    One without an id is retrieved for ever, or never.

    Done: UIDL and LIST in one session.
    """
    drop = await audit.logins.shared()
    ids, sizes = await _ids(drop), await drop.sizes()
    if ids.keys() == sizes.keys():
        return passed()
    odd = min(ids.keys() ^ sizes.keys())
    where = "UIDL" if odd in ids else "LIST"
    return failed(f"expected the same messages in both, {odd} is in {where} alone")


@check("uidl/4", Level.MUST, _UIDL, needs=(Need.LOGIN,))
async def one(audit: Audit) -> Judgement:
    """UIDL of one message agrees with UIDL.

    Both are code of their own, and one is tested less.

    Done: UIDL of the first, the middle and the last message.  Fails without the number, with
    another id, or several lines.
    """
    drop = await audit.logins.shared()
    ids = await _ids(drop)
    for number in await drop.few():
        reply = await drop.talk.ask(f"UIDL {number}")
        wanted = f"+OK {number} ".encode() + ids.get(number, b"")
        if line_of(reply.raw).rstrip(b" ") != wanted:
            return failed(f"expected {quoted(wanted)}, got {reply}")
    return passed()


@check("uidl/5", Level.MUST, _UIDL, needs=(Need.LOGIN,))
async def of_none(audit: Audit) -> Judgement:
    """UIDL of a message that does not exist is refused.

    A loop that counts up to the first -ERR has no end.

    Done: UIDL of the number behind the last, and of 0.  Passes with -ERR to both.
    """
    drop = await audit.logins.shared()
    await _ids(drop)
    for number in (await drop.beyond(), 0):
        judgement = await refused_in_session(audit, f"UIDL {number}")
        if judgement != passed():
            return judgement
    return passed()


def _changed(before: dict[int, bytes], after: dict[int, bytes]) -> str:
    """Return what became of ids, or nothing; new mail at the end is none of that."""
    for number, id_ in before.items():
        if after.get(number) != id_:
            now = after.get(number)
            return f"message {number} had {quoted(id_)}, and has {quoted(now) if now else 'none'}"
    return ""


@check("uidl/6", Level.MUST, _UIDL, needs=(Need.LOGIN,), logins=2, connections=2)
async def stay(audit: Audit) -> Judgement:
    """Ids stay the same, within a session and in the next.

    Each change makes every client retrieve all mail again.

    Done: UIDL, some messages, UIDL, QUIT; and UIDL in a new session.  New mail at the end may come.
    """
    before = await _ids(await audit.logins.shared())
    drop = await audit.logins.shared()
    if audit.options.retr or not audit.expires:
        for number in list(before)[:3]:
            await drop.fetch(number)
    within = await drop.pairs("UIDL", anew=True)
    if changed := _changed(before, within):
        return failed(f"expected the same ids in one session, {changed}")
    after = await _ids(await audit.logins.reopened())
    if changed := _changed(before, after):
        return failed(f"expected the same ids in the next session, {changed}")
    return passed()


@check("uidl/7", Level.MUST, _UIDL, needs=(Need.LOGIN,), logins=2, connections=2)
async def survive_a_loss(audit: Audit) -> Judgement:
    """Ids survive a connection that was lost.

    A server that keeps them only at QUIT hands out new ones after each failure of the network.

    Done: UIDL; the connection is closed without QUIT; UIDL in a new session.
    """
    before = await _ids(await audit.logins.shared())
    await audit.logins.close_shared(polite=False)
    after = await _ids(await audit.logins.shared())
    if changed := _changed(before, after):
        return failed(f"expected the same ids after a lost connection, {changed}")
    return passed()
