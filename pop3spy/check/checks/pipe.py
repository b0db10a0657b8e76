"""Several commands in one write."""

from typing import Final

from pop3spy.check.audit import Audit, MissingError
from pop3spy.check.checks.stat import counts_of
from pop3spy.check.conversation import Conversation
from pop3spy.check.discovery import capabilities_of
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
from pop3spy.check.reply import Reply, ReplyKind

_PIPELINING: Final = "RFC 2449, section 6.6"
_IN: Final = 20.0
_MANY: Final = 200


def _judged(wrong: str, *, listed: bool, where: str) -> Judgement:
    """Judge what came of commands in one write, of which *wrong* says what is not so."""
    if not wrong:
        if listed:
            return passed()
        return non_strict(f"expected PIPELINING to be listed {where}, since it works")
    if listed:
        return failed(f"expected all answers in order, since PIPELINING is listed; {wrong}")
    return missing(f"PIPELINING is not listed {where}, and does not work: {wrong}")


async def _five_at_once(audit: Audit) -> tuple[str, bool]:
    """Return what is wrong with the answers, and whether the server closed in place of one."""
    drop = await audit.logins.shared()
    commands = ["NOOP", "STAT", *(["LIST 1"] if await drop.sizes() else []), "NOOP", "RSET"]
    talk = drop.talk
    talk.set_aside()
    await talk.send("".join(f"{command}\r\n" for command in commands).encode())
    wrong = ""
    for command in commands:
        reply = await talk.reply(audit.timing.of(_IN))
        numbers = counts_of(reply) is not None
        if not reply.ok or (command in ("STAT", "LIST 1") and not numbers):
            wrong = wrong or f"to {command} came {reply}"
            if reply.kind in (ReplyKind.CLOSED, ReplyKind.SILENT):
                return wrong, reply.closed
    return wrong, False


async def _listed_inside(audit: Audit) -> bool:
    _, lines = await (await audit.logins.shared()).listing("CAPA")
    return any(line.split()[:1] == [b"PIPELINING"] for line in lines)


@check("pipe/1", Level.MUST, _PIPELINING, needs=(Need.LOGIN,))
async def after_login(audit: Audit) -> Judgement:
    """Pipelining works after the login.

    Clients on slow links are ten times as fast with it.

    Done: NOOP, STAT, LIST 1, NOOP and RSET in one write.  Non-strict if it works and is not listed;
    fails if it is listed, and an answer is missing or out of order within 20 s.
    """
    listed = await _listed_inside(audit)
    wrong, closed = await _five_at_once(audit)
    if closed:  # it may have had enough of refused commands just then
        await audit.logins.reopened()
        wrong, closed = await _five_at_once(audit)
    if wrong:
        await audit.logins.close_shared(polite=False)  # it may be out of step
    return _judged(wrong, listed=listed, where="after the login")


@check("pipe/2", Level.MUST, _PIPELINING)
async def before_login(audit: Audit) -> Judgement:
    """Pipelining works before the login.

    CAPA and the login take one round trip in place of three.

    Done: CAPA, CAPA and QUIT in one write; without CAPA, USER twice with an invented name.  Judged
    as pipe/1.
    """
    seen = await capabilities_of(audit, audit.front)
    capa = seen.lines is not None
    command = "CAPA" if capa else f"USER {audit.invented}"
    wrong = ""
    async with audit.connected() as talk:
        talk.judged_alone = True
        await talk.send(f"{command}\r\n{command}\r\nQUIT\r\n".encode())
        for each in (command, command, "QUIT"):
            reply = await talk.reply(audit.timing.of(_IN))
            whole = not (capa and each == "CAPA") or not reply.ok or await talk.body() is not None
            right = reply.ok if capa else reply.ok or reply.err
            if not (right and whole):
                wrong = f"to {each} came {reply}"
                break
    return _judged(wrong, listed="PIPELINING" in seen.tags, where="before the login")


@check("pipe/3", Level.MUST, _PIPELINING, needs=(Need.LOGIN,), logins=1)
async def through_login(audit: Audit) -> Judgement:
    """USER and PASS in one write work, with commands behind them.

    Proxies lose what is in their buffer when they connect to the server behind, and clients wait.

    Done: USER, PASS, STAT and QUIT in one write.  Judged as pipe/1, by the list before the login.
    """
    options, logins = audit.options, audit.logins
    door = await logins.door()
    seen = await capabilities_of(audit, door)
    wrong = ""
    async with logins.through() as talk:
        talk.judged_alone = True
        await logins.turn()
        name = options.user.encode("utf-8", "surrogateescape")
        line = b"USER " + name + b"\r\nPASS " + options.password + b"\r\nSTAT\r\nQUIT\r\n"
        await talk.send(line)
        for command in ("USER", "PASS", "STAT", "QUIT"):
            reply = await talk.reply(audit.timing.of(_IN))
            if not reply.ok:
                wrong = f"to {command} came {reply}"
                break
    return _judged(wrong, listed="PIPELINING" in seen.tags, where="before the login")


async def _pipelining(audit: Audit) -> Conversation:
    """Return the common session; raise MissingError if pipelining is not listed there."""
    talk = (await audit.logins.shared()).talk
    if not await _listed_inside(audit):
        raise MissingError("PIPELINING is not listed")
    talk.set_aside()
    return talk


@check("pipe/4", Level.PRACTICE, _PIPELINING, needs=(Need.LOGIN,))
async def many(audit: Audit) -> Judgement:
    """Two hundred commands in one write are all answered.

    The edges of buffers are where commands get lost.

    Done: 200 times NOOP in one write, if PIPELINING is listed.
    """
    talk = await _pipelining(audit)
    await talk.send(b"NOOP\r\n" * _MANY)
    for number in range(1, _MANY + 1):
        reply = await talk.reply(audit.timing.of(_IN))
        if not reply.ok:
            await audit.logins.close_shared(polite=False)
            return failed(f"expected 200 times +OK, to NOOP {number} came {reply}")
    return passed()


@check("pipe/5", Level.MUST, _PIPELINING, needs=(Need.LOGIN, Need.RETRIEVAL))
async def two_messages(audit: Audit) -> Judgement:
    """Two RETRs in one write send both messages.

    It is what pipelining is for.

    Done: RETR, RETR and NOOP in one write, two small messages, if PIPELINING is listed; against
    what RETR sent before.
    """
    drop = await audit.logins.shared()
    talk = await _pipelining(audit)
    two = sorted(await drop.sample(), key=lambda each: each.octets)[:2]
    talk.set_aside()
    await talk.send(b"".join(b"RETR %d\r\n" % each.number for each in two) + b"NOOP\r\n")
    wrong = ""
    reply: Reply
    for fetched in two:
        reply = await talk.reply(audit.timing.login)
        wire = await talk.body() if reply.ok else None
        if wire is None or wire != fetched.wire:
            wrong = f"to RETR {fetched.number} came {reply if not reply.ok else 'another message'}"
            break
    if not wrong and not (reply := await talk.reply(audit.timing.of(_IN))).ok:
        wrong = f"to NOOP came {reply}"
    if wrong:
        await audit.logins.close_shared(polite=False)
        return failed(f"expected both messages in order, {wrong}")
    return passed()
