"""RETR: whole messages, to the octet, and the same each time."""

from collections.abc import Awaitable, Callable
from typing import Final

from pop3spy.check.audit import Audit, SkipError
from pop3spy.check.checks.stat import counts_of
from pop3spy.check.maildrop import Fetched, lines_with
from pop3spy.check.needs import Need
from pop3spy.check.refusing import refused_in_session
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    info,
    non_strict,
    passed,
)
from pop3spy.check.reply import quoted
from pop3spy.protocol.replies import number_of

_RETR: Final = "RFC 1939, sections 3 and 5"
_FETCHES: Final = (Need.LOGIN, Need.RETRIEVAL)
_LONG_LINE: Final = 998
_AGAIN: Final = 3


def _about(audit: Audit, fetched: Fetched) -> str:
    """Show what was said about a message, and return how a sentence calls it."""
    audit.transcript.add(fetched.lines)
    return f"message {fetched.number}"


@check("retr/1", Level.MUST, _RETR, needs=_FETCHES)
async def whole(audit: Audit) -> Judgement:
    """RETR sends a whole message with its end.

    A client that finds no end waits; one that finds it early takes mail for answers.

    Done: RETR of a sample, each followed by STAT, whose form no line of a message has.  Fails
    without a lone dot in 60 s, with a second status line, or with octets behind the dot.
    """
    sample = await (await audit.logins.shared()).sample()
    for fetched in sample:
        if not fetched.status.ok:
            return failed(f"expected {_about(audit, fetched)}, got {fetched.status}")
        if fetched.wire is None:
            return failed(f"expected the lone dot of {_about(audit, fetched)}, got none")
        if counts_of(fetched.behind) is None:
            told = _about(audit, fetched)
            return failed(f"expected STAT's answer behind {told}, got {fetched.behind}")
    return passed(f"{len(sample)} messages", messages=len(sample))


@check("retr/2", Level.MUST, "RFC 1939, section 3", needs=_FETCHES)
async def dots_are_stuffed(audit: Audit) -> Judgement:
    """Lines that begin with a dot are stuffed.

    A mail with a lone dot in it ends early, and what is left is taken for answers.

    Done: all lines of the sample that begin with a dot on the wire.  Fails if one has no second
    dot, or if octets came behind an end; skipped where no line begins with a dot (--dot-message).
    """
    sample = await (await audit.logins.shared()).sample()
    stuffed = 0
    for fetched in sample:
        for line in lines_with(fetched.wire or b"", b"."):
            if not line.startswith(b".."):
                told = _about(audit, fetched)
                return failed(f"expected a second dot in {told}, got {quoted(line)}")
            stuffed += 1
        if fetched.wire is not None and counts_of(fetched.behind) is None:
            told = _about(audit, fetched)
            return failed(f"expected nothing behind the lone dot of {told}, got {fetched.behind}")
    if not stuffed:
        raise SkipError("no line of the sample begins with a dot; --dot-message N names a message")
    return passed(f"{stuffed} lines", lines=stuffed)


@check("retr/3", Level.MUST, "RFC 1939, section 3; RFC 5322, section 2.3", needs=_FETCHES)
async def crlf(audit: Audit) -> Judgement:
    """Every line of a message ends in CRLF.

    Sizes, signatures and strict clients break on anything else.

    Done: all lines of the sample.  Non-strict with a bare CR inside a line, as some mail is stored;
    fails with a bare LF.
    """
    lax = ""
    for fetched in await (await audit.logins.shared()).sample():
        wire = fetched.wire or b""
        if wire.count(b"\n") != wire.count(b"\r\n"):
            return failed(f"expected CRLF in {_about(audit, fetched)}, got a bare LF")
        if not lax and wire.count(b"\r") != wire.count(b"\r\n"):
            lax = f"expected no bare CR in {_about(audit, fetched)}, got one"
    return non_strict(lax) if lax else passed()


@check("retr/4", Level.MUST, "RFC 1939, section 4", needs=_FETCHES)
async def twice_the_same(audit: Audit) -> Judgement:
    """RETR of one message twice gives the same octets.

    Clients that go on where they broke off put two halves together that do not match.

    Done: the smallest message and a middle one again.
    """
    drop = await audit.logins.shared()
    sample = sorted(await drop.sample(), key=lambda each: each.octets)
    for first in (sample[0], sample[len(sample) // 2]):
        again = await drop.fetch(first.number, first.size)
        if again.wire != first.wire:
            return failed(
                f"expected the same {first.octets} octets of message {first.number}, got"
                f" {again.octets} others"
            )
    return passed()


_ODD: Final = (
    ("retr/5", "{beyond}", "RETR of a message that does not exist",
     "A refusal has no body; a client that waits for one hangs."),
    ("retr/6", "0", "RETR 0", "Message 0 is what stands in memory before the table."),
    ("retr/7", "", "RETR without a number",
     "A refusal has no body; a client that waits for one hangs."),
)  # fmt: skip


def _odd(argument: str) -> Callable[[Audit], Awaitable[Judgement]]:
    async def judge(audit: Audit) -> Judgement:
        """Passes with -ERR and +OK.

        Fails with +OK, without an answer, with a close also in a fresh session, or if NOOP is
        answered wrongly.
        """
        drop = await audit.logins.shared()
        number = argument.format(beyond=await drop.beyond())
        return await refused_in_session(audit, f"RETR {number}".strip())

    return judge


for _id, _argument, _what, _harm in _ODD:
    check(
        _id,
        Level.MUST,
        _RETR,
        needs=(Need.LOGIN,),
        title=f"{_what} is refused",
        harm=_harm,
        done=f"RETR {_argument}".format(beyond="n+1").strip()
        + ", then NOOP, in the common session",
    )(_odd(_argument))


@check(
    "retr/8",
    Level.PRACTICE,
    "RFC 5322, section 2.1.1; RFC 6856, section 2.1; RFC 5321, section 4.5.3",
    needs=_FETCHES,
)
async def odd_messages(audit: Audit) -> Judgement:
    """Messages hold nothing odd.

    Trouble that a client has with them is not the server's fault.

    Done: count NUL, lines of more than 998 octets, 8-bit headers, and sizes in the text of +OK that
    are wrong, in the sample.
    """
    counts = {"NUL octets": 0, "overlong lines": 0, "8-bit headers": 0, "wrong sizes in +OK": 0}
    for fetched in await (await audit.logins.shared()).sample():
        stored = fetched.stored
        counts["NUL octets"] += stored.count(b"\0")
        counts["overlong lines"] += sum(len(line) > _LONG_LINE + 1 for line in stored.split(b"\n"))
        counts["8-bit headers"] += not fetched.head.isascii()
        told = number_of(fetched.status.text.split(b" ")[0])
        counts["wrong sizes in +OK"] += told not in (None, fetched.octets)
    found = [f"{many} {what}" for what, many in counts.items() if many]
    if not found:
        return passed()
    return info(", ".join(found), **{what.replace(" ", "_"): n for what, n in counts.items()})


@check("retr/9", Level.PRACTICE, "RFC 1939, section 7", needs=_FETCHES, logins=2)
async def same_in_next_session(audit: Audit) -> Judgement:
    """Messages are the same in the next session.

    Clients that compare sizes or hashes retrieve them again; signatures over the header break.

    Done: the three smallest messages in two sessions.  Non-strict if the header differs, as mbox
    servers add Status; fails if the body does.
    """
    drop = await audit.logins.shared()
    sizes = await drop.sizes()
    few = sorted(sizes, key=lambda number: sizes[number])[:_AGAIN]
    first = [await drop.fetch(number, sizes[number]) for number in few]
    if not first:
        raise SkipError("the maildrop is empty")
    drop = await audit.logins.reopened()
    after = await drop.sizes()
    for before in first:
        again = await drop.fetch(before.number, after.get(before.number, 0))
        if again.wire == before.wire and again.size == before.size:
            continue
        if again.body != before.body:
            return failed(f"expected the body of message {before.number} as before, it differs")
        return non_strict(
            f"expected message {before.number} as before, {before.size} octets became {again.size}"
        )
    return passed()
