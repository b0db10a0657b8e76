"""The first line of the server."""

import re
from typing import Final

from pop3spy.check.audit import LOOKING, Audit
from pop3spy.check.doors import Door
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    info,
    missing,
    non_strict,
    passed,
)
from pop3spy.check.reply import Reply, ReplyKind, quoted

_STAMP: Final = re.compile(rb"<[^>\r\n]*>?")
_MSG_ID: Final = re.compile(rb"<[!-;=?A-~]+@[!-;=?-~]+>")
_VERSION: Final = re.compile(rb"[A-Za-z][^<]*?\b[0-9]+\.[0-9]+")
_LONGEST: Final = 512


async def _greeting(audit: Audit) -> Reply:
    async def hear() -> Reply:
        door = audit.front
        async with audit.dialled(audit.target.port(door)) as talk:
            if door is Door.POP3S:
                await talk.secure(LOOKING, audit.target.host)
            return await talk.greeted()

    return await audit.once("greeting", hear)


@check("greeting/1", Level.MUST, "RFC 1939, sections 3 and 4; RFC 2449, section 4")
async def positive(audit: Audit) -> Judgement:
    """The greeting is a positive status line.

    Strict clients compare it in upper case and read one line; they leave at anything else.

    Done: read the greeting.  Passes with +OK, a blank or the end, CRLF, 512 octets at most.
    Non-strict: a bare LF, a longer line, or text directly behind +OK.
    """
    greeting = await _greeting(audit)
    raw = greeting.raw
    if greeting.kind is ReplyKind.OTHER and raw.startswith(b"+OK"):
        return non_strict(f"expected a blank behind +OK, got {greeting}")
    if not greeting.ok:
        return failed(f"expected +OK, got {greeting}")
    if not raw.endswith(b"\r\n"):
        return non_strict("expected CRLF at the end of the greeting, got LF alone")
    if len(raw) > _LONGEST:
        return non_strict(f"expected 512 octets at most, got {len(raw)}")
    return passed()


@check("greeting/2", Level.MUST, "RFC 1939, section 7; RFC 5322, section 3.6.4", connections=2)
async def timestamp(audit: Audit) -> Judgement:
    """The timestamp for APOP is a msg-id, and never the same.

    A stamp that comes again lets a stranger log in with an old digest; a malformed one is the mark
    of somebody in between who collects them (CVE-2007-1558).

    Done: compare what stands in angle brackets in two greetings.  Fails without @, with blanks or
    8-bit octets, or if both are the same.
    """
    first = _STAMP.search((await _greeting(audit)).raw)
    if first is None:
        return missing("there is no timestamp, so there is no APOP")
    async with audit.connected() as talk:
        second = _STAMP.search(talk.greeting.raw)
    if not _MSG_ID.fullmatch(first[0]):
        return failed(f"expected a msg-id such as <1.2@host>, got {quoted(first[0])}")
    if second is not None and second[0] == first[0]:
        return failed(f"expected another timestamp each time, got {quoted(first[0])} twice")
    return passed()


@check("greeting/3", Level.SHOULD, "RFC 1939, section 3")
async def plain_ascii(audit: Audit) -> Judgement:
    """The greeting is plain ASCII.

    It is printed to terminals and logs, where control characters do what they like.

    Done: as greeting/1.  Non-strict with 8-bit text; fails with control characters.
    """
    text = (await _greeting(audit)).text
    if control := [octet for octet in text if octet < 0x20 or octet == 0x7F]:
        return failed(f"expected printable ASCII, got the control character \\x{control[0]:02x}")
    if not text.isascii():
        return non_strict(f"expected ASCII, got {quoted(text)}")
    return passed()


@check("greeting/4", Level.PRACTICE, "RFC 2449, section 6.9")
async def gives_away(audit: Audit) -> Judgement:
    """The greeting names no version of a product.

    Guides for hardening ask for that; it is no fault.

    Done: as greeting/1; a number with a dot behind a word, outside of angle brackets, is a version.
    """
    text = _STAMP.sub(b"", (await _greeting(audit)).text)
    if _VERSION.search(text):
        return info(f"the greeting names product and version: {quoted(text)}")
    return passed()


@check("greeting/5", Level.PRACTICE, "RFC 1939, section 4; RFC 2449, section 6.6")
async def said_before_greeting(audit: Audit) -> Judgement:
    """A command that was sent before the greeting is answered behind it.

    Scripts and health checks pipe their commands into the socket at once.

    Done: connect, send CAPA and QUIT at once, read to the end.  Passes if greeting and both replies
    come in order; non-strict if the greeting is followed by -ERR or a close.
    """
    door = audit.front
    async with audit.dialled(audit.target.port(door)) as talk:
        talk.judged_alone = True
        if door is Door.POP3S:
            await talk.secure(LOOKING, audit.target.host)
        await talk.send(b"CAPA\r\nQUIT\r\n")
        greeting = await talk.greeted()
        if not greeting.ok:
            return failed(f"expected the greeting first, got {greeting}")
        capa = await talk.reply()
        if capa.closed:
            return non_strict("expected replies behind the greeting, got a close")
        if capa.ok and await talk.body(audit.timing.of(5.0)) is None:
            return failed("expected a whole listing to CAPA, got no lone dot")
        quit_ = await talk.reply()
        if capa.err and quit_.closed:
            return non_strict(f"expected replies behind the greeting, got {capa} and a close")
        if capa.kind not in (ReplyKind.OK, ReplyKind.ERR) or not quit_.ok:
            got = quit_ if capa.kind in (ReplyKind.OK, ReplyKind.ERR) else capa
            return failed(f"expected replies to CAPA and QUIT in order, got {got}")
    return passed()
