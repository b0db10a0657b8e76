"""One maildrop, and who else has it."""

import asyncio
import time
from typing import Final

from pop3spy.check.audit import Audit, SkipError
from pop3spy.check.logins import in_use
from pop3spy.check.needs import Need
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    non_strict,
    passed,
)
from pop3spy.check.reply import Reply, ReplyKind

_WAITS: Final = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_SOON, _LATE = 5.0, 60.0


def _must_not_wait(audit: Audit) -> None:
    if audit.logins.delay and not audit.options.ignore_login_delay:
        raise SkipError(
            f"LOGIN-DELAY {audit.logins.delay} forbids two logins at once (--ignore-login-delay)"
        )


async def _again(audit: Audit) -> Reply:
    """Log in on a connection of its own, and QUIT at once."""
    logins = audit.logins
    async with logins.through() as talk:
        reply = await logins.log_in(talk)
        if reply.ok:
            await talk.ask("RSET")
            await talk.ask("QUIT")
        return reply


@check(
    "lock/1",
    Level.SHOULD,
    "RFC 1939, section 4; RFC 2449, section 8.1.2",
    needs=(Need.LOGIN,),
    logins=2,
    connections=2,
)
async def second_session(audit: Audit) -> Judgement:
    """A second session is refused with [IN-USE].

    Two clients of one account tell their users that the mailbox is locked, or lose mail.

    Done: a login while another session is open, which is the only time that two are.  Non-strict if
    it is refused without the code, or admitted; fails if it hangs for 60 s, or ends the first.
    """
    _must_not_wait(audit)
    async with audit.logins.session() as first:
        second = await _again(audit)
        still = await first.ask("NOOP")
        if still.ok:
            await first.ask("RSET")
            await first.ask("QUIT")
    if second.kind is ReplyKind.SILENT:
        return failed(f"expected an answer to a second login, got {second}")
    if not still.ok:
        return failed(f"expected the first session to go on, got {still}")
    if second.ok:
        return non_strict("expected -ERR [IN-USE] to a second login, it was admitted")
    if second.code == "IN-USE":
        return passed()
    return non_strict(f"expected -ERR [IN-USE] to a second login, got {second}")


@check(
    "lock/2",
    Level.MUST,
    "RFC 1939, section 4",
    needs=(Need.LOGIN,),
    logins=1 + len(_WAITS),
    connections=1 + len(_WAITS),
)
async def ends_with_connection(audit: Audit) -> Judgement:
    """The lock ends with the connection.

    After each failure of the network the user is locked out for as long as it lasts.

    Done: a session ends without QUIT; a login at once, then after 1, 2, 4, 8, 15 and 30 s, as long
    as the maildrop is in use.  Passes within 5 s; non-strict within 60.
    """
    _must_not_wait(audit)
    async with audit.logins.session():
        pass
    began = time.monotonic()
    for wait in _WAITS:
        await asyncio.sleep(audit.timing.of(wait))
        reply = await _again(audit)
        took = time.monotonic() - began
        if reply.ok:
            if took <= audit.timing.of(_SOON):
                return passed(f"within {took:.1f} s", seconds=round(took, 1))
            if took <= audit.timing.of(_LATE):
                return non_strict(f"expected the maildrop to be free in 5 s, it took {took:.0f} s")
            break
        if not in_use(reply):
            return failed(f"expected a login after a lost connection, got {reply}")
    return failed(f"expected the maildrop to be free within 60 s, got {reply}")


@check(
    "lock/3",
    Level.MUST,
    "RFC 1939, section 6",
    needs=(Need.LOGIN,),
    logins=3,
    connections=3,
)
async def ends_with_quit(audit: Audit) -> Judgement:
    """The lock ends with QUIT.

    A script that fetches and then looks is refused.

    Done: QUIT, and a login as soon as that is answered.  Non-strict if it works within 5 s; fails
    later.
    """
    _must_not_wait(audit)
    async with audit.logins.session() as talk:
        await talk.ask("RSET")
        await talk.ask("QUIT")
    reply = await _again(audit)
    if reply.ok:
        return passed()
    if in_use(reply):
        await asyncio.sleep(audit.timing.of(_SOON))
        later = await _again(audit)
        if later.ok:
            return non_strict(f"expected a login at once behind QUIT, first got {reply}")
        reply = later
    return failed(f"expected a login behind QUIT, got {reply}")
