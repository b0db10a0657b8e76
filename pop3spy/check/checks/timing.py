"""Figures for those who watch a server; the limits are wide."""

import time
from statistics import median

from pop3spy.check.audit import Audit, SkipError
from pop3spy.check.needs import Need
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

_FAST, _SLOW = 2.0, 15.0
_TIMES = 20
_SILENT, _BEFORE_LOGIN = 605.0, 300.0
_AUTOLOGOUT, _MINUTE, _HALF_MINUTE = 598.0, 58.0, 28.0
"""Two seconds less than a server has: it counts from what it heard or said, we from its answer."""


@check("timing/1", Level.PRACTICE, "experience", needs=(Need.LOGIN,))
async def login(audit: Audit) -> Judgement:
    """A login takes less than two seconds.

    Clients give up; a large mailbox or a slow directory shows here.

    Done: from USER to the answer to PASS, the median of all logins.  Non-strict below 15 s; fails
    above.
    """
    await audit.logins.shared()
    if not audit.login_seconds:
        raise SkipError("nobody has logged in")
    took = median(audit.login_seconds)
    if took < audit.timing.of(_FAST):
        return passed(f"{took:.3f} s", seconds=round(took, 3))
    judge = non_strict if took < audit.timing.of(_SLOW) else failed
    return judge(f"expected a login within 2 s, it took {took:.1f} s", seconds=round(took, 3))


@check("timing/2", Level.PRACTICE, "experience", needs=(Need.LOGIN,))
async def command(audit: Audit) -> Judgement:
    """A command takes hardly longer than the way there.

    Times thousands of messages it is what a client waits for; steps of 40 and 200 ms are Nagle's
    and delayed acknowledgements.

    Done: 20 times NOOP, against the time to connect.  Passes if the median is below ten times that,
    and 50 ms.
    """
    talk = (await audit.logins.shared()).talk
    took = [(await talk.ask("NOOP")).seconds for _ in range(_TIMES)]
    middle, allowed = median(took), 10 * audit.timing.round_trip + 0.05
    note = f"{1000 * middle:.1f} ms, the slowest {1000 * max(took):.1f} ms"
    facts = {"median": round(middle, 4), "largest": round(max(took), 4)}
    if middle < allowed:
        return passed(note, **facts)
    return non_strict(f"expected {1000 * allowed:.0f} ms for NOOP, got {note}", **facts)


@check("timing/3", Level.MUST, "RFC 1939, section 3", needs=(Need.SLOW, Need.LOGIN))
async def autologout(audit: Audit) -> Judgement:
    """Nobody is logged out within ten minutes of silence.

    Clients that show a message while the session is open lose what they marked.

    Done: with --slow, 605 s of silence after the login, then NOOP.  Non-strict if it is closed
    after 600 s; fails earlier, or if NOOP is not +OK.
    """
    talk = (await audit.logins.reopened()).talk
    began = time.monotonic()
    end = await talk.rest(audit.timing.trying(_SILENT))
    took = time.monotonic() - began
    if not end.closed:
        reply = await talk.ask("NOOP")
        if reply.ok:
            return passed()
        judge = non_strict if reply.closed else failed
        return judge(f"expected +OK to NOOP after {took:.0f} s of silence, got {reply}")
    judge = non_strict if took >= audit.timing.trying(_AUTOLOGOUT) else failed
    parting = f", with {quoted(end.said)}" if end.said else ""
    return judge(
        f"expected the session to go on for 605 s, it was closed after {took:.0f} s{parting}",
        seconds=round(took),
    )


@check("timing/4", Level.PRACTICE, "RFC 1939, section 3", needs=(Need.SLOW,))
async def before_login(audit: Audit) -> Judgement:
    """There is a minute for the login.

    People type the password, and look for their second factor.

    Done: with --slow, the greeting, then silence for up to 300 s.  Passes with 60 s or more;
    non-strict with 30.
    """
    async with audit.connected() as talk:
        talk.judged_alone = True
        began = time.monotonic()
        end = await talk.rest(audit.timing.trying(_BEFORE_LOGIN))
        took = time.monotonic() - began
    if not end.closed:
        return passed(f"{took:.0f} s and more", seconds=round(took))
    if took >= audit.timing.trying(_MINUTE):
        return passed(f"{took:.0f} s", seconds=round(took))
    judge = non_strict if took >= audit.timing.trying(_HALF_MINUTE) else failed
    return judge(f"expected a minute for the login, got {took:.0f} s", seconds=round(took))


@check("timing/5", Level.PRACTICE, "experience", needs=(Need.LOGIN, Need.RETRIEVAL))
async def download(audit: Audit) -> Judgement:
    """Messages come fast.

    It is a figure for reports, without a judgement.

    Done: the largest message of the sample; octets in a second.
    """
    drop = await audit.logins.shared()
    largest = max(await drop.sample(), key=lambda each: each.octets)
    began = time.monotonic()
    fetched = await drop.fetch(largest.number, largest.size)
    rate = fetched.octets / max(time.monotonic() - began, 1e-6)
    return info(f"{rate / 1e6:.1f} MB/s, message {largest.number}", octets_per_second=round(rate))
