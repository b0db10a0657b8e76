"""Long lines."""

from typing import Final

from pop3spy.check.audit import Audit, MissingError, UnfinishedError
from pop3spy.check.checks.auth_sasl import leg_of, mechanisms_of
from pop3spy.check.conversation import Conversation
from pop3spy.check.needs import Need
from pop3spy.check.refusing import odd_in_session
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    missing,
    non_strict,
    passed,
)
from pop3spy.check.reply import Reply, ReplyKind, quoted
from pop3spy.errors import ConnectError
from pop3spy.protocol.commands import line_of

_LINES: Final = "RFC 1939, section 3"
_SOON: Final = 10.0
_HIDDEN_AT: Final = (1000, 4096, 8192, 65536)
_STATUS: Final = (ReplyKind.OK, ReplyKind.ERR)
_LONG: Final = 4000
_SASL: Final = "RFC 5034, section 4"


async def _answers(talk: Conversation, first: float) -> list[Reply]:
    """Return all the answers that come: the first within *first* seconds, others at once."""
    said: list[Reply] = []
    reply = await talk.reply(first)
    while reply.kind not in (ReplyKind.CLOSED, ReplyKind.SILENT):
        said.append(reply)
        reply = await talk.reply(talk.timing.quiet())
    return said


@check("limit/1", Level.MUST, "RFC 2449, section 4")
async def of_255(audit: Audit) -> Judgement:
    """A command of 255 octets gets one answer.

    Long user names and tokens need it; the standard sets this size.

    Done: USER with 248 letters, 255 octets in all, then QUIT.  Fails with two answers, none, or a
    close.
    """
    async with audit.connected() as talk:
        talk.judged_alone = True
        reply = await talk.ask(b"USER " + b"a" * 248)
        if reply.kind not in _STATUS:
            return failed(f"expected one answer to 255 octets, got {reply}")
        if said := await talk.silence(0.5):
            return failed(f"expected one answer to 255 octets, got {quoted(said)} as well")
        behind = await talk.ask("QUIT")
    if behind.kind not in _STATUS:
        return failed(f"expected an answer to QUIT behind it, got {behind}")
    return passed()


@check("limit/2", Level.PRACTICE, f"RFC 2449, section 4; {_LINES}")
async def of_2000(audit: Audit) -> Judgement:
    """A line of 2,000 octets is one command.

    Where a line is cut, what follows is obeyed: a way to smuggle in commands.

    Done: XYZZY and 1,992 letters, then QUIT.  Passes with one -ERR or a close; non-strict without
    an answer, if QUIT gets one; fails with several.
    """
    async with audit.connected() as talk:
        talk.judged_alone = True
        await talk.send(b"XYZZY " + b"a" * 1992 + b"\r\n")
        said = await _answers(talk, audit.timing.of(_SOON))
        if talk.closed and len(said) <= 1:
            return passed()
        if len(said) > 1 or (said and not said[0].err):
            got = said[1] if len(said) > 1 else said[0]
            return failed(f"expected one -ERR to a line of 2,000 octets, got {got}")
        behind = await talk.ask("QUIT")
    if said:
        return passed() if behind.ok or behind.closed else _no_quit(behind)
    if behind.kind in _STATUS:
        return non_strict("expected -ERR to a line of 2,000 octets, got nothing")
    return failed(f"expected one -ERR to a line of 2,000 octets, got {behind}")


def _no_quit(reply: Reply) -> Judgement:
    return failed(f"expected +OK to QUIT behind a long line, got {reply}")


@check("limit/3", Level.PRACTICE, _LINES, connections=len(_HIDDEN_AT))
async def hidden_command(audit: Audit) -> Judgement:
    """A command that is hidden in a long line is not obeyed.

    It is limit/2 at the usual sizes of buffers.

    Done: 1000, 4096, 8192 and 65536 letters with QUIT at their end, on a connection each.  Fails
    with +OK.
    """
    for size in _HIDDEN_AT:
        async with audit.connected() as talk:
            talk.judged_alone = True
            await talk.send(b"a" * size + b"QUIT\r\n")
            said = await _answers(talk, audit.timing.quiet(3.0))
        if positive := [reply for reply in said if reply.ok]:
            return failed(f"expected -ERR or a close to {size:,} letters, got {positive[0]}")
    return passed()


@check("limit/4", Level.PRACTICE, _LINES, connections=2)
async def megabyte(audit: Audit) -> Judgement:
    """A megabyte without a line end does no harm.

    A server that keeps it all can be filled up by anybody.

    Done: 1 MiB of letters, 16 with --stress, without a line end; read for 10 s; connect again.
    Passes with -ERR or a close; non-strict if it reads on in silence; fails if the new connection
    is not greeted.
    """
    async with audit.connected() as talk:
        talk.judged_alone = True
        for _ in range(16 if audit.options.stress else 1):
            try:
                await talk.send(b"a" * (1 << 20))
            except ConnectError:
                break  # it does not take them, which is its right
        end = await talk.rest(audit.timing.of(_SOON))
    try:
        async with audit.connected():
            pass
    except UnfinishedError as why:
        return failed(f"expected a fresh connection to be greeted, got {why}")
    if end.closed or b"-ERR" in end.said:
        return passed()
    return non_strict("expected -ERR or a close, the server reads on in silence")


@check("limit/12", Level.SHOULD, f"{_LINES}; RFC 2449, section 4", needs=(Need.LOGIN,))
async def short_answers(audit: Audit) -> Judgement:
    """Answers stay within 512 octets.

    Old clients have buffers of that size.

    Done: all status lines so far, and the answer to a word of 600 letters.
    """
    _, reply = await odd_in_session(audit, b"XYZZY" + b"a" * 595)
    lines = [reply.raw, *audit.status_lines]
    longest = max(lines, key=len)
    if len(longest) > 512:
        got = quoted(line_of(longest)[:40])
        return failed(f"expected 512 octets at most, got {len(longest)}: {got}")
    return passed(f"the longest has {len(longest)}", longest=len(longest))


@check("limit/13", Level.PRACTICE, _SASL)
async def long_response(audit: Audit) -> Judgement:
    """A SASL response of 4,000 octets is read as one.

    OAuth tokens have that length; servers with a short buffer close on them.

    Done: AUTH PLAIN, 4,000 letters that name nobody, QUIT.  Passes with one -ERR, and an answer to
    QUIT or a close.
    """
    if "PLAIN" not in await mechanisms_of(audit):
        raise MissingError("PLAIN is not listed")
    async with audit.connected(await leg_of(audit)) as talk:
        talk.judged_alone = True
        first = await talk.ask("AUTH PLAIN")
        if first.kind is not ReplyKind.CHALLENGE:
            return missing(f"PLAIN does not start: {first}")
        reply = await talk.ask("A" * _LONG, audit.timing.login)
        if not reply.err:
            return failed(f"expected one -ERR to a response of {_LONG} octets, got {reply}")
        behind = await talk.ask("QUIT")
        if behind.ok or behind.closed:
            return passed()
        more = await talk.silence()
    return failed(f"expected +OK to QUIT behind it, got {behind} {quoted(more) if more else ''}")
