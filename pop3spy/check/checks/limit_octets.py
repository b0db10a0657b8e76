"""Odd line ends and odd octets."""

import asyncio
import secrets
from typing import Final

from pop3spy.check.audit import Audit
from pop3spy.check.discovery import capabilities_of
from pop3spy.check.needs import Need
from pop3spy.check.refusing import odd_in_session
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    info,
    non_strict,
    passed,
)
from pop3spy.check.reply import Reply, ReplyKind, quoted

_LINES: Final = "RFC 1939, section 3"
_SOON: Final = 10.0
_ESCAPE: Final = b"\x1b"
_STATUS: Final = (ReplyKind.OK, ReplyKind.ERR)
_STEP: Final = 0.05


async def _has_capa(audit: Audit) -> bool:
    return (await capabilities_of(audit, audit.front)).lines is not None


@check("limit/5", Level.PRACTICE, _LINES)
async def lf_alone(audit: Audit) -> Judgement:
    """Lines that end in LF alone are answered once, or not at all.

    Scripts send them; a server that answers twice is out of step.

    Done: CAPA and LF; after 4 s without an answer CRLF.  Fails with two answers; not to be answered
    is strict, and for information.
    """
    command = b"CAPA" if await _has_capa(audit) else f"USER {audit.invented}".encode()
    async with audit.connected() as talk:
        talk.judged_alone = True
        await talk.send(command + b"\n")
        first = await talk.reply(audit.timing.quiet(4.0))
        late = first.kind is ReplyKind.SILENT
        if late:
            await talk.send(b"\r\n")
            first = await talk.reply(audit.timing.of(_SOON))
        if first.ok and command == b"CAPA" and await talk.body(audit.timing.of(5.0)) is None:
            return failed("expected a whole listing, got no lone dot")
        more = await talk.silence()
    if more.strip():  # an echo of LF makes two lines of one answer
        return failed(f"expected one answer, got {quoted(more)} as well")
    return info("LF alone is no line end here; the answer comes behind CRLF") if late else passed()


@check("limit/6", Level.PRACTICE, _LINES)
async def cr_alone(audit: Audit) -> Judgement:
    """A bare CR does not end a command.

    A proxy and a server that disagree on where lines end can be played against each other.

    Done: CAPA and CR, 2 s, then XYZZY and CRLF.  Passes with silence, then one -ERR; non-strict
    with one listing for the whole line; fails with an answer to the CR alone, or with two.
    """
    command = b"CAPA" if await _has_capa(audit) else b"NOOP"
    async with audit.connected() as talk:
        talk.judged_alone = True
        await talk.send(command + b"\r")
        if said := await talk.silence(2.0):
            return failed(f"expected no answer to a bare CR, got {quoted(said)}")
        await talk.send(b"XYZZY\r\n")
        reply = await talk.reply()
        if reply.ok and command == b"CAPA":
            await talk.body(audit.timing.of(5.0))
        more = await talk.silence()
    if more:
        return failed(f"expected one answer, got {quoted(more)} as well")
    if reply.ok:
        return non_strict(f"expected -ERR to the whole line, got {reply}: CR counts as a blank")
    if reply.err or reply.closed:
        return passed()
    return failed(f"expected -ERR to the whole line, got {reply}")


@check("limit/7", Level.PRACTICE, f"{_LINES}; RFC 2449, section 3", needs=(Need.LOGIN,))
async def blanks(audit: Audit) -> Judgement:
    """Two blanks, a blank behind or in front, and a TAB get one answer.

    A client with such a slip gets another answer than it asked for, or none.

    Done: LIST with each of them, and NOOP.  Passes with -ERR or the right +OK; non-strict with a
    close, in a fresh session too; fails without an answer, with two, or with a list in place of a
    line.
    """
    drop = await audit.logins.shared()
    sizes = await drop.sizes()
    forms = [b"NOOP ", b" NOOP"]
    if sizes:
        forms = [b"LIST  1", b"LIST 1 ", *forms, b"LIST\t1"]
    taken: list[str] = []
    closing: list[str] = []
    for form in forms:
        talk, reply = await odd_in_session(audit, form)
        if reply.closed:
            closing.append(quoted(form))
            continue
        if reply.kind not in _STATUS:
            return failed(f"expected one answer to {quoted(form)}, got {reply}")
        right = not form.startswith(b"LIST") or b"1 %d" % sizes[1] in reply.raw
        if reply.ok and not right:
            return failed(f"expected -ERR or message 1 to {quoted(form)}, got {reply}")
        if more := await talk.silence(0.3):
            return failed(f"expected one answer to {quoted(form)}, got {quoted(more)} as well")
        taken += [quoted(form)] * reply.ok
    if closing:
        return non_strict(f"expected an answer to {', '.join(closing)}, got a close")
    return passed(f"taken: {', '.join(taken)}" if taken else "none is taken", taken=len(taken))


@check("limit/8", Level.MUST, f"{_LINES}; RFC 9293, section 3.7")
async def one_by_one(audit: Audit) -> Judgement:
    """Octets may come one by one.

    Segments mean nothing; a client behind a bad link sends them so.

    Done: CAPA in single octets, 50 ms apart; QUIT where there is no CAPA.
    """
    capa = await _has_capa(audit)
    async with audit.connected() as talk:
        for octet in b"CAPA\r\n" if capa else b"QUIT\r\n":
            await talk.send(bytes((octet,)))
            await asyncio.sleep(audit.timing.of(_STEP))
        reply = await talk.reply()
        whole = not capa or not reply.ok or await talk.body(audit.timing.of(5.0)) is not None
    if reply.ok and whole:
        return passed()
    return failed(f"expected the usual answer to octets one by one, got {reply}")


@check("limit/9", Level.PRACTICE, _LINES)
async def nul(audit: Audit) -> Judgement:
    """NUL in a command does not end it.

    Strings of C end there, filters' do not; what one of them sees the other does not.

    Done: XYZZY, NUL, x; then CAPA, NUL, x.  Passes with -ERR to each, or a close; non-strict if the
    second is obeyed; fails with two answers, or without one.
    """
    obeyed = False
    async with audit.connected() as talk:
        talk.judged_alone = True
        for command in (b"XYZZY\0x", b"CAPA\0x"):
            reply = await talk.ask(command, audit.timing.of(_SOON))
            if reply.closed:
                return passed()
            if reply.ok and command.startswith(b"CAPA"):
                obeyed = True
                await talk.body(audit.timing.of(5.0))
            elif not reply.err:
                return failed(f"expected -ERR to {quoted(command)}, got {reply}")
            if more := await talk.silence():
                return failed(f"expected one answer to {quoted(command)}, got {quoted(more)} too")
    if obeyed:
        return non_strict("expected -ERR to CAPA, NUL, x, got the list: it is cut at the NUL")
    return passed()


@check(
    "limit/10",
    Level.PRACTICE,
    f"{_LINES}; RFC 6856, section 3.2",
    needs=(Need.LOGIN,),
    connections=2,
)
async def no_echo_of_control(audit: Audit) -> Judgement:
    """Control and 8-bit octets are not repeated.

    The text of an error lands in logs and terminals, where an escape sequence does what it likes.

    Done: X with ESC and X with 8-bit octets, before and after the login.  Non-strict if 8-bit
    octets are repeated; fails if ESC is, or without an answer.
    """
    lax = ""
    for after in (False, True):
        for command in (b"X\x1b[31mY", b"X\xff\xfeY"):
            if after:
                _, reply = await odd_in_session(audit, command)
            else:
                async with audit.connected() as talk:
                    reply = await talk.ask(command)
            where = "after" if after else "before"
            if reply.closed and not after:
                continue
            if reply.kind not in _STATUS:
                return failed(f"expected -ERR to {quoted(command)}, got {reply}")
            if _ESCAPE in reply.raw:
                return failed(f"expected no ESC in an answer {where} the login, got {reply}")
            if any(octet >= 0x80 for octet in reply.raw):
                lax = f"expected no 8-bit octets in an answer {where} the login, got {reply}"
    return non_strict(lax) if lax else passed()


@check("limit/11", Level.PRACTICE, "experience", connections=2)
async def no_echo_of_typing(audit: Audit) -> Judgement:
    """What a client types is not repeated before the login.

    People type the password on the wrong line, and it ends in logs and screenshots.

    Done: a random word as a command, and behind PASS without USER; with a user, as a command after
    the login too.  Fails if the -ERR holds it; non-strict if it does only after the login.
    """
    word = f"hunter2-{secrets.token_hex(4)}"

    def told(reply: Reply) -> bool:
        return word.encode() in reply.raw.lower()

    for command in (word, f"PASS {word}"):
        async with audit.connected() as talk:
            reply = await talk.ask(command)
            if told(reply):
                return failed(f"expected no word of what was typed, got {reply}")
    if audit.options.user and not audit.logins.refused:
        _, reply = await odd_in_session(audit, word)
        if told(reply):
            return non_strict(f"expected no word of what was typed after the login, got {reply}")
    return passed()
