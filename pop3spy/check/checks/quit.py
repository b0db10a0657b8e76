"""QUIT, and how the connection ends."""

from typing import Final

from pop3spy.check.audit import Audit
from pop3spy.check.conversation import ConnectionEnd
from pop3spy.check.needs import Need
from pop3spy.check.registry import Judgement, Level, check, failed, non_strict, passed, skipped
from pop3spy.check.reply import Reply, quoted

_SOON, _LONGEST = 5.0, 30.0
_ENDS: Final = "RFC 1939, sections 4 and 6"


def _judged(audit: Audit, reply: Reply, end: ConnectionEnd) -> Judgement:
    if not reply.ok:
        return failed(f"expected +OK to QUIT, got {reply}")
    if not end.closed:
        return failed(f"expected the server to close behind QUIT, but {end}")
    if end.reset or end.seconds > audit.timing.of(_SOON):
        return non_strict(f"expected a FIN within 5 s of QUIT, but {end}")
    return passed()


@check("quit/1", Level.MUST, _ENDS)
async def quit_before_login(audit: Audit) -> Judgement:
    """QUIT before the login is +OK, then the server closes.

    Clients wait for the end; one that does not come keeps a connection and a process.

    Done: QUIT on a fresh connection.  Passes with +OK and a FIN within 5 s; non-strict later, or
    with a RST; fails with -ERR, no answer, or if it is open after 30 s.
    """
    async with audit.connected() as talk:
        reply = await talk.ask("QUIT")
        return _judged(audit, reply, await talk.rest(audit.timing.of(_LONGEST)))


@check("quit/2", Level.MUST, "RFC 1939, section 6", needs=(Need.LOGIN,))
async def quit_after_login(audit: Audit) -> Judgement:
    """QUIT after the login is +OK, then the server closes.

    A slow or missing answer here lets clients believe that deleting failed.

    Done: RSET and QUIT in the common session.  Judged as quit/1.
    """
    logins = audit.logins
    await logins.shared()
    await logins.close_shared()
    if logins.quit is None or logins.end is None:
        return skipped("the session ended before it could be said")
    return _judged(audit, logins.quit, logins.end)


@check("quit/3", Level.PRACTICE, "RFC 1939, section 6; RFC 2449, section 6.6")
async def nothing_behind_quit(audit: Audit) -> Judgement:
    """Nothing that was sent behind QUIT is answered.

    A reset can destroy the +OK on its way, so the client reports an error though all is well.

    Done: QUIT and NOOP in one write.  Non-strict with +OK and a RST; fails with a second answer.
    """
    async with audit.connected() as talk:
        talk.judged_alone = True
        await talk.send(b"QUIT\r\nNOOP\r\n")
        reply = await talk.reply()
        end = await talk.rest(audit.timing.of(_SOON))
    if not reply.ok:
        return failed(f"expected +OK to QUIT, got {reply}")
    if end.said:
        return failed(f"expected nothing behind the answer to QUIT, got {quoted(end.said)}")
    if end.reset:
        return non_strict("expected a FIN behind QUIT, got a reset")
    return passed()


@check("quit/4", Level.PRACTICE, "RFC 1939, section 5")
async def quit_with_argument(audit: Audit) -> Judgement:
    """QUIT with an argument is refused, and the session goes on.

    A malformed QUIT that is obeyed removes messages that a client may not have wanted to remove.

    Done: QUIT x.  Passes with -ERR and an open connection; non-strict with +OK and a close,
    or a close alone.
    """
    async with audit.connected() as talk:
        reply = await talk.ask("QUIT x")
        if reply.ok:
            end = await talk.rest(audit.timing.of(_SOON))
            if end.closed:
                return non_strict(f"expected -ERR to QUIT x, got {reply} and a close")
            return failed(f"expected -ERR to QUIT x, got {reply} and no close")
        if reply.closed:
            return non_strict(f"expected -ERR to QUIT x, got {reply}")
        if not reply.err:
            return failed(f"expected -ERR to QUIT x, got {reply}")
        behind = await talk.ask("QUIT")
        if behind.ok or behind.err:
            return passed()
        return failed(f"expected the session to go on behind QUIT x, got {behind}")
