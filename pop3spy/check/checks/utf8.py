"""UTF8 and LANG (RFC 6856)."""

from typing import Final

from pop3spy.check.audit import Audit, MissingError, SkipError
from pop3spy.check.discovery import capabilities_of, safe_door
from pop3spy.check.doors import Door
from pop3spy.check.maildrop import AuditedMaildrop
from pop3spy.check.needs import Need
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    missing,
    non_strict,
    passed,
)
from pop3spy.check.reply import Reply

_UTF8: Final = "RFC 6856, section 2"
_SAMPLE: Final = 5


async def _utf8(audit: Audit) -> tuple[bool, Reply]:
    """Return whether UTF8 is listed before the login, and what the server says to it."""

    async def find() -> tuple[bool, Reply]:
        door = await safe_door(audit) or audit.front
        seen = await capabilities_of(audit, door)
        async with audit.connected(door) as talk:
            return "UTF8" in seen.tags, await talk.ask("UTF8")

    return await audit.once("utf8", find)


@check("utf8/1", Level.MUST, _UTF8)
async def works(audit: Audit) -> Judgement:
    """UTF8 works where it is listed.

    Mail with addresses beyond ASCII cannot be retrieved as it is without it.

    Done: UTF8 before the login.  Non-strict if it works and is not listed; fails if it is listed
    and refused.
    """
    listed, reply = await _utf8(audit)
    if listed:
        return passed() if reply.ok else failed(f"expected +OK to UTF8, as listed, got {reply}")
    if reply.ok:
        return non_strict("expected UTF8 to be listed, since it works")
    return missing("UTF8 is not listed")


@check("utf8/2", Level.PRACTICE, "RFC 6856, section 2.1", needs=(Need.GRANT,))
async def stls_behind(audit: Audit) -> Judgement:
    """STLS behind UTF8 is refused.

    Nobody knows which mode holds inside TLS.

    Done: UTF8 and STLS in clear text; no handshake follows.  Non-strict with +OK, since it is the
    client that must not ask.
    """
    async with audit.connected(Door.CLEAR) as talk:
        first = await talk.ask("UTF8")
        if not first.ok:
            raise MissingError(f"there is no UTF8: {first}")
        reply = await talk.ask("STLS")
    if reply.ok:
        return non_strict(f"expected -ERR to STLS behind UTF8, got {reply}")
    return passed()


@check(
    "utf8/3",
    Level.SHOULD,
    "RFC 6856, sections 2 and 2.1",
    needs=(Need.LOGIN, Need.RETRIEVAL),
    logins=1,
)
async def sizes_follow(audit: Audit) -> Judgement:
    """Sizes in UTF8 mode are those that RETR sends then.

    The mode changes what is sent; clients find by the size whether a message was cut off.

    Done: UTF8, a login, LIST, RETR of five messages.  Fails if they differ by more than a line end.
    """
    listed, reply = await _utf8(audit)
    if not (listed or reply.ok):
        raise MissingError("there is no UTF8")
    logins = audit.logins
    async with logins.through() as talk:
        await talk.ask("UTF8")
        entered = await logins.log_in(talk)
        if not entered.ok:
            raise SkipError(f"nobody could log in behind UTF8: {entered}")
        drop = AuditedMaildrop(audit, talk)
        sizes = await drop.sizes()
        few = sorted(sizes, key=lambda number: sizes[number])[:_SAMPLE]
        fetched = [await drop.fetch(number, sizes[number]) for number in few]
        await talk.ask("RSET")
        await talk.ask("QUIT")
    if not fetched:
        raise SkipError("the maildrop is empty")
    for each in fetched:
        if each.octets - each.size not in (0, 2):
            return failed(
                f"expected {each.size} octets of message {each.number} in UTF8 mode, got"
                f" {each.octets}"
            )
    return passed()


@check("utf8/4", Level.MUST, "RFC 6856, section 5", needs=(Need.LOGIN, Need.RETRIEVAL))
async def needs_the_mode(audit: Audit) -> Judgement:
    """A message that needs UTF8 mode is sent as a surrogate, or refused with its code.

    A client that did not ask for the mode may break on what it gets.

    Done: without UTF8, RETR of messages whose header is not ASCII.  Non-strict if it comes as it
    is; skipped where there is none.
    """
    listed, reply = await _utf8(audit)
    if not (listed or reply.ok):
        raise MissingError("there is no UTF8")
    sample = await (await audit.logins.shared()).sample()
    refused = [each for each in sample if each.status.err]
    if refused:
        status = refused[0].status
        if status.code == "UTF8":
            return passed()
        return failed(f"expected -ERR [UTF8] to RETR {refused[0].number}, got {status}")
    raw = [each for each in sample if not each.head.isascii()]
    if raw:
        return non_strict(
            f"expected a header of ASCII without UTF8 mode, message {raw[0].number} has another"
        )
    raise SkipError("no message of the sample shows whether one needs the mode")


@check("lang/1", Level.MUST, "RFC 6856, section 3", connections=3)
async def lang(audit: Audit) -> Judgement:
    """LANG works where it is listed.

    Errors in the tongue of the user are understood.

    Done: LANG, LANG *, LANG xx-none.  Non-strict if LANG alone is answered in one line; fails if it
    is listed and refused, or if xx-none is +OK.
    """
    door = await safe_door(audit) or audit.front
    listed = "LANG" in (await capabilities_of(audit, door)).tags
    async with audit.connected(door) as talk:
        reply, lines = await talk.listing("LANG")
        if not listed and not reply.ok:
            return missing("LANG is not listed")
        if not reply.ok:
            return failed(f"expected a listing to LANG, as listed, got {reply}")
        any_ = await talk.ask("LANG *")
        none = await talk.ask("LANG xx-none")
    if none.ok:
        return failed(f"expected -ERR to LANG xx-none, got {none}")
    if not any_.ok:
        return failed(f"expected +OK to LANG *, got {any_}")
    return passed() if lines is not None else non_strict("expected a listing to LANG, got one line")
