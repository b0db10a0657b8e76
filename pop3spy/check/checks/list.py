"""LIST: its form, its numbers, and sizes that are true."""

import re
from collections.abc import Awaitable, Callable
from typing import Final

from pop3spy.check.audit import Audit
from pop3spy.check.maildrop import Fetched
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

_STRICT: Final = re.compile(rb"([0-9]{1,20}) ([0-9]{1,20})\r\n")
_LAX: Final = re.compile(rb"([0-9]{1,20}) +([0-9]{1,20})( .*)?\r\n")
_REFUSED: Final = "RFC 1939, sections 3 and 5"
_MUST, _PRACTICE = Level.MUST, Level.PRACTICE

_ODD: Final = (
    ("list/3", _MUST, "{beyond}", "of a message that does not exist",
     "A loop that counts up to the first -ERR has no end."),
    ("list/4", _MUST, "0", "0", "Message 0 is what stands in memory before the table."),
    ("list/5", _MUST, "-1", "-1", "A negative number reads before the table, or wraps round."),
    ("list/6", _MUST, "2147483648", "2^31", "The number overflows to a negative one."),
    ("list/7", _MUST, "4294967297", "2^32+1",
     "A number that is cut to 32 bits serves message 1, and deletes it."),
    ("list/8", _MUST, "18446744073709551617", "2^64+1",
     "A number that is cut to 64 bits serves message 1, and deletes it."),
    ("list/9", _MUST, "abc", "of letters", "Letters that are read as 0 read before the table."),
    ("list/10", _PRACTICE, "1x", "of a number with a letter behind",
     "Nobody but a client with a bug sends it; what is taken is not what was said."),
    ("list/11", _PRACTICE, "+1", "of a number with a sign",
     "Nobody but a client with a bug sends it; what is taken is not what was said."),
    ("list/12", _PRACTICE, "1 2", "with two numbers",
     "An argument more must not change the form of the answer."),
)  # fmt: skip
"""Arguments that no message has: id, level, argument, what people call it, whom it hurts."""


def _odd(level: Level, argument: str) -> Callable[[Audit], Awaitable[Judgement]]:
    async def judge(audit: Audit) -> Judgement:
        """Passes with -ERR and +OK.

        Fails with +OK, without an answer, with a close also in a fresh session, or if NOOP is
        answered wrongly.  Where the level is practice, +OK as to the plain number is non-strict.
        """
        drop = await audit.logins.shared()
        command = f"LIST {argument.format(beyond=await drop.beyond())}"
        plain = "LIST 1" if level is _PRACTICE else None
        return await refused_in_session(audit, command, plain=plain)

    return judge


for _id, _level, _argument, _words, _harm in _ODD:
    check(
        _id,
        _level,
        _REFUSED,
        needs=(Need.LOGIN,),
        title=f"LIST {_words} is refused",
        harm=_harm,
        done=f"LIST {_argument.format(beyond='n+1')}, then NOOP, in the common session",
    )(_odd(_level, _argument))


@check("list/1", Level.MUST, "RFC 1939, section 5", needs=(Need.LOGIN,))
async def lines(audit: Audit) -> Judgement:
    """Each line of LIST is a number and a size.

    Clients keep a table by it.

    Done: LIST.  Passes if numbers rise from 1 without a gap.  Non-strict: text behind the size,
    more blanks, another order.  Fails: another form, a number twice, a gap.
    """
    reply, listed = await (await audit.logins.shared()).listing("LIST")
    if not reply.ok:
        return failed(f"expected a listing, got {reply}")
    lax = ""
    numbers = []
    for line in listed:
        match = _LAX.fullmatch(line)
        if match is None:
            return failed(f"expected a number and a size, got {quoted(line_of(line))}")
        if not _STRICT.fullmatch(line):
            lax = lax or f"expected a number, a blank and a size, got {quoted(line_of(line))}"
        numbers.append(int(match[1]))
    if sorted(numbers) != list(range(1, len(numbers) + 1)):
        odd = next(at for at, number in enumerate(sorted(numbers), 1) if at != number)
        return failed(f"expected the numbers from 1 to {len(numbers)}, not so at {odd}")
    if numbers != sorted(numbers):
        lax = lax or "expected rising numbers, got another order"
    return non_strict(lax) if lax else passed()


@check("list/2", Level.MUST, "RFC 1939, section 5", needs=(Need.LOGIN,))
async def one(audit: Audit) -> Judgement:
    """LIST of one message agrees with LIST.

    Both are code of their own, and one is tested less.

    Done: LIST of the first, the middle and the last message.  Non-strict with text behind; fails
    with other numbers, another form, or several lines.
    """
    drop = await audit.logins.shared()
    sizes = await drop.sizes()
    judgement = passed()
    for number in await drop.few():
        reply = await drop.talk.ask(f"LIST {number}")
        wanted = f"{number} {sizes[number]}".encode()
        text = line_of(reply.raw).removeprefix(b"+OK ")
        if reply.ok and text == wanted:
            continue
        if not reply.ok or not text.startswith(wanted + b" "):
            return failed(f"expected +OK {wanted.decode()}, got {reply}")
        judgement = non_strict(f"expected nothing behind the size, got {reply}")
    return judgement


@check(
    "list/13",
    Level.MUST,
    "RFC 1939, sections 5 and 11; RFC 6856, section 2.1",
    needs=(Need.LOGIN, Need.RETRIEVAL),
)
async def true_sizes(audit: Audit) -> Judgement:
    """Sizes are the octets that RETR sends.

    Clients find by them whether a message was cut off, and complain of its length if they are
    wrong.

    Done: RETR of a sample, at most 50 messages and 4 MiB; stuffed dots and the lone dot do not
    count.  Non-strict if some are off by 2, which is a line end; fails otherwise.
    """
    sample = await (await audit.logins.shared()).sample()
    whole = [each for each in sample if each.wire is not None]
    if not whole:
        return missing("no message came whole")
    wrong = [each for each in whole if each.octets != each.size]
    if not wrong:
        return passed(f"{len(whole)} messages", messages=len(whole))
    grave = [each for each in wrong if abs(each.octets - each.size) != 2]
    told = (grave or wrong)[0]
    audit.transcript.add(told.lines)
    note = (
        f"expected {told.size} octets of message {told.number}, got {told.octets}: {_why(told)};"
        f" {len(wrong)} of {len(whole)} differ"
    )
    judge = failed if grave else non_strict
    return judge(note, wrong=len(wrong), messages=len(whole))


def _why(fetched: Fetched) -> str:
    """Return what the server may have counted."""
    over = fetched.octets - fetched.size
    wire = fetched.wire or b""
    ends = {
        wire.count(b"\n"): "LF counts in place of CRLF",
        len(fetched.stored) - len(wire): "stuffed dots count",
        -3: "the lone dot counts",
        2: "a line end more was sent",
        -2: "a line end less was sent",
    }
    return ends.get(over, "who knows what was counted")
