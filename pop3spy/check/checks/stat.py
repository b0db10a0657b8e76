"""STAT, and whether the maildrop keeps still."""

import re
from typing import Final

from pop3spy.check.audit import Audit
from pop3spy.check.maildrop import AuditedMaildrop, pairs_of
from pop3spy.check.needs import Need
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    non_strict,
    passed,
)
from pop3spy.check.reply import Reply
from pop3spy.protocol.commands import line_of
from pop3spy.protocol.replies import number_of

_FORM: Final = re.compile(rb"\+OK ([0-9]{1,20}) ([0-9]{1,20})([^0-9].*)?", re.DOTALL)
_WRAPS: Final = (1 << 31, 1 << 32)


def counts_of(reply: Reply) -> tuple[int, int] | None:
    """Return the two numbers of a reply to STAT, if it has its form."""
    match = _FORM.fullmatch(line_of(reply.raw))
    return (int(match[1]), int(match[2])) if match else None


@check("stat/1", Level.MUST, "RFC 1939, section 5", needs=(Need.LOGIN,))
async def form(audit: Audit) -> Judgement:
    """STAT has the form +OK nn mm.

    Clients read it by position.

    Done: STAT.  Non-strict with text behind the numbers; fails with two blanks, signs, or a number
    less.
    """
    reply = await (await audit.logins.shared()).talk.ask("STAT")
    match = _FORM.fullmatch(line_of(reply.raw))
    if match is None:
        return failed(f"expected +OK and two numbers, got {reply}")
    if match[3]:
        return non_strict(f"expected nothing behind the two numbers, got {reply}")
    return passed()


async def _stat_and_sizes(drop: AuditedMaildrop) -> tuple[Reply, list[bytes]]:
    stat = await drop.talk.ask("STAT")
    _, lines = await drop.listing("LIST", anew=True)
    return stat, lines


@check("stat/2", Level.MUST, "RFC 1939, section 5", needs=(Need.LOGIN,))
async def same_count(audit: Audit) -> Judgement:
    """STAT and LIST count the same messages.

    A client makes room by STAT, and misses or expects what LIST has.

    Done: STAT, LIST.  Fails if the numbers differ.
    """
    stat, lines = await _stat_and_sizes(await audit.logins.shared())
    counts = counts_of(stat)
    if counts is None or counts[0] != len(lines):
        return failed(f"expected {len(lines)} messages as in LIST, got {stat}")
    return passed(f"{len(lines)} messages", messages=len(lines))


@check("stat/3", Level.PRACTICE, "RFC 1939, section 5; RFC 6856, section 2.1", needs=(Need.LOGIN,))
async def same_sum(audit: Audit) -> Judgement:
    """The size in STAT is the sum of those in LIST.

    Progress bars and warnings of a full mailbox go by it.

    Done: as stat/2.  Non-strict if it differs; fails if it is negative, or short by 2^31 or 2^32.
    """
    stat, lines = await _stat_and_sizes(await audit.logins.shared())
    total = sum(number_of(word) or 0 for word in pairs_of(lines).values())
    counts = counts_of(stat)
    if counts is None:
        return failed(f"expected {total} octets, got {stat}")
    if counts[1] == total:
        return passed()
    judge = failed if total - counts[1] in _WRAPS else non_strict
    return judge(f"expected {total} octets as in LIST, got {counts[1]}")


@check("stat/4", Level.PRACTICE, "RFC 1939, section 5", needs=(Need.LOGIN,))
async def with_argument(audit: Audit) -> Judgement:
    """STAT with an argument is refused, or answered as without.

    No client needs it; it shows how strictly arguments are read.

    Done: STAT 1.  Non-strict with the same +OK as without; fails with anything else.
    """
    drop = await audit.logins.shared()
    reply = await drop.talk.ask("STAT 1")
    if reply.err:
        return passed()
    if reply.closed:
        return failed(f"expected -ERR to STAT 1, got {reply}")
    plain = await drop.talk.ask("STAT")
    if reply.ok and reply.raw == plain.raw:
        return non_strict(f"expected -ERR to STAT 1, got {reply}")
    return failed(f"expected -ERR to STAT 1, got {reply}")


@check("stat/5", Level.MUST, "RFC 1939, sections 4 and 5", needs=(Need.LOGIN, Need.RETRIEVAL))
async def keeps_still(audit: Audit) -> Judgement:
    """Nothing changes while the session lasts.

    Sizes that move under a client make it think that mail is cut off.

    Done: STAT and LIST; messages are retrieved; NOOP; STAT and LIST again.  Non-strict if there are
    more messages at the end; fails if a number or size has changed.
    """
    drop = await audit.logins.shared()
    _, before = await _stat_and_sizes(drop)
    for fetched in (await drop.sample())[:3]:
        await drop.fetch(fetched.number)
    await drop.talk.ask("NOOP")
    _, after = await _stat_and_sizes(drop)
    if before == after:
        return passed()
    if after[: len(before)] == before:
        return non_strict(f"expected {len(before)} messages as before, got {len(after)}")
    old, new = pairs_of(before), pairs_of(after)
    changed = next((number for number in old if new.get(number) != old[number]), 0)
    was, now = old.get(changed, b"?").decode(), new.get(changed, b"nothing").decode()
    return failed(f"expected the sizes as before, message {changed} went from {was} to {now}")
