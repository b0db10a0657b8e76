"""TOP: the header, and as much of the body as was asked for."""

from collections.abc import Awaitable, Callable
from typing import Final

from pop3spy.check.audit import Audit, MissingError, SkipError
from pop3spy.check.maildrop import AuditedMaildrop, Fetched, lines_with
from pop3spy.check.needs import Need
from pop3spy.check.refusing import refused_in_session
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    non_strict,
    passed,
)
from pop3spy.check.reply import Reply, quoted

_TOP: Final = "RFC 1939, section 7"
_FETCHES: Final = (Need.LOGIN, Need.RETRIEVAL)
_BIG: Final = (99999999, 2147483647)
_NO_END: Final = "expected the lone dot of TOP, got none"


async def _top(drop: AuditedMaildrop, number: int, lines: int) -> tuple[Reply, bytes | None]:
    reply = await drop.talk.ask(f"TOP {number} {lines}", drop.talk.timing.login)
    return reply, await drop.talk.body() if reply.ok else None


def _stored(wire: bytes) -> bytes:
    body = wire.replace(b"\n..", b"\n.")
    return body[1:] if body.startswith(b"..") else body


async def _offered(drop: AuditedMaildrop) -> list[Fetched]:
    """Return the messages to try TOP with; raise MissingError if it is not there."""
    messages = await drop.two_with_bodies()
    reply, _ = await _top(drop, messages[0].number, 0)
    if reply.err:
        raise MissingError(f"there is no TOP: {reply}")
    return messages


@check("top/1", Level.MUST, _TOP, needs=_FETCHES)
async def header(audit: Audit) -> Judgement:
    """TOP with 0 lines is the header and the blank line.

    Previews of mobile clients show it.

    Done: TOP n 0 of two messages, against RETR.  Non-strict without the blank line; fails with
    lines of the body, or another header.
    """
    drop = await audit.logins.shared()
    for message in await _offered(drop):
        _, wire = await _top(drop, message.number, 0)
        if wire is None:
            return failed(_NO_END)
        got = _stored(wire)
        if got == message.head:
            continue
        if got + b"\r\n" == message.head:
            return non_strict("expected the blank line behind the header, got none")
        what = "more than that" if got.startswith(message.head) else "another header"
        return failed(f"expected the header of message {message.number}, got {what}")
    return passed()


@check("top/2", Level.MUST, _TOP, needs=_FETCHES)
async def some_lines(audit: Audit) -> Judgement:
    """TOP with k lines sends k lines of the body.

    A server that counts the blank line as well is one line short.

    Done: TOP n 1 and TOP n 2 of the same two messages, against RETR.
    """
    drop = await audit.logins.shared()
    for message in await _offered(drop):
        for many in (1, 2):
            _, wire = await _top(drop, message.number, many)
            if wire is None:
                return failed(_NO_END)
            lines = message.body.split(b"\n")
            wanted = b"\n".join(lines[:many]) + b"\n"
            if _stored(wire) != message.head + wanted:
                got = _stored(wire)[len(message.head) :].count(b"\n")
                return failed(
                    f"expected {many} lines of the body of message {message.number}, got {got}"
                )
    return passed()


@check("top/3", Level.MUST, _TOP, needs=_FETCHES)
async def all_lines(audit: Audit) -> Judgement:
    """TOP with a large number is the whole message.

    Some clients fetch all mail this way, so that it stays unread.

    Done: TOP n 99999999 and TOP n 2147483647 of the same two, against RETR.  Non-strict if one of
    them is refused; fails if it is another message.
    """
    drop = await audit.logins.shared()
    judgement = passed()
    for message in await _offered(drop):
        for many in _BIG:
            reply, wire = await _top(drop, message.number, many)
            if reply.err:
                judgement = non_strict(f"expected the whole message to TOP {many}, got {reply}")
            elif wire is None:
                return failed(_NO_END if reply.ok else f"expected a message, got {reply}")
            elif wire != message.wire:
                got = len(_stored(wire))
                return failed(
                    f"expected {message.octets} octets of message {message.number} as RETR sends,"
                    f" got {got}"
                )
    return judgement


_ODD: Final = (
    ("top/4", "TOP 1", "TOP without a number of lines",
     "A refusal has no body; a client that waits for one hangs."),
    ("top/5", "TOP 1 -1", "TOP with a negative number of lines",
     "The number becomes a large one, and the whole message comes."),
    ("top/6", "TOP {beyond} 0", "TOP of a message that does not exist",
     "A refusal has no body; a client that waits for one hangs."),
)  # fmt: skip


def _odd(command: str) -> Callable[[Audit], Awaitable[Judgement]]:
    async def judge(audit: Audit) -> Judgement:
        """Passes with -ERR and +OK.

        Fails with +OK, without an answer, with a close also in a fresh session, or if NOOP is
        answered wrongly.
        """
        drop = await audit.logins.shared()
        await drop.numbers()
        return await refused_in_session(audit, command.format(beyond=await drop.beyond()))

    return judge


for _id, _command, _what, _harm in _ODD:
    check(
        _id,
        Level.MUST,
        "RFC 1939, sections 3 and 7",
        needs=_FETCHES,
        title=f"{_what} is refused",
        harm=_harm,
        done=f"{_command.format(beyond='n+1')}, then NOOP, in the common session",
    )(_odd(_command))


@check("top/7", Level.MUST, "RFC 1939, sections 3 and 7", needs=_FETCHES)
async def dots(audit: Audit) -> Judgement:
    """TOP stuffs dots as RETR does.

    It is code of its own, and a lone dot in the mail ends it early.

    Done: TOP n 99999999 of a message with a line that begins with a dot, against RETR on the wire.
    """
    drop = await audit.logins.shared()
    await _offered(drop)
    dotted = [each for each in await drop.sample() if lines_with(each.wire or b"", b".")]
    if not dotted:
        raise SkipError("no line of the sample begins with a dot; --dot-message N names a message")
    message = min(dotted, key=lambda each: each.octets)
    reply, wire = await _top(drop, message.number, _BIG[0])
    if wire == message.wire:
        return passed()
    if wire is None:
        return failed(_NO_END if reply.ok else f"expected a message, got {reply}")
    first = lines_with(wire, b".")
    got = quoted(first[0]) if first else "no such line"
    return failed(f"expected message {message.number} as RETR sends it, got {got}")


@check("rset/1", Level.MUST, "RFC 1939, section 5", needs=(Need.LOGIN,))
async def rset(audit: Audit) -> Judgement:
    """RSET with nothing marked is +OK.

    Clients say it before QUIT to be on the safe side.

    Done: RSET in the common session.
    """
    reply = await (await audit.logins.shared()).talk.ask("RSET")
    return passed() if reply.ok else failed(f"expected +OK to RSET, got {reply}")
