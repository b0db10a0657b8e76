"""How CAPA is answered: twice, in lower case, with an argument, in between, too soon."""

from pop3spy.check.audit import Audit, MissingError
from pop3spy.check.checks.capa import listed_before_login
from pop3spy.check.discovery import capabilities_of
from pop3spy.check.needs import Need
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    non_strict,
    passed,
)
from pop3spy.check.reply import Reply, quoted
from pop3spy.protocol.commands import line_of
from pop3spy.protocol.replies import code_of


@check("capa/4", Level.MUST, "RFC 1939, section 3")
async def without_case(audit: Audit) -> Judgement:
    """Keywords are matched without case.

    People at Telnet and some libraries send lower case.

    Done: capa and CaPa before the login; quit where there is no CAPA.  Fails with -ERR.
    """
    seen = await capabilities_of(audit, audit.front)
    for command in ("capa", "CaPa") if seen.lines is not None else ("quit",):
        async with audit.connected() as talk:
            reply = await talk.ask(command)
            if not reply.ok:
                return failed(f"expected the answer to {command.upper()}, got {reply}")
            if command != "quit" and await talk.body(audit.timing.of(5.0)) is None:
                return failed(f"expected a listing to {command}, got no lone dot")
    return passed()


@check("capa/5", Level.SHOULD, "RFC 2449, section 5", connections=2)
async def the_same_twice(audit: Audit) -> Judgement:
    """CAPA says the same twice.

    In a farm of unlike servers errors come and go, and nobody can repeat them.

    Done: CAPA twice on one connection, once on another.  Non-strict in another order; fails with
    another set.
    """
    await listed_before_login(audit)
    lists = []
    async with audit.connected() as talk:
        lists += [(await talk.listing("CAPA"))[1] for _ in range(2)]
    async with audit.connected() as talk:
        lists.append((await talk.listing("CAPA"))[1])
    first = lists[0] or []
    for other in lists[1:]:
        if sorted(other or []) != sorted(first):
            odd = sorted(set(other or []) ^ set(first))
            return failed(f"expected the same list, got {quoted(b' '.join(map(line_of, odd)))}")
        if other != first:
            return non_strict("expected the same list, got it in another order")
    return passed()


@check("capa/11", Level.PRACTICE, "RFC 2449, section 5")
async def with_argument(audit: Audit) -> Judgement:
    """CAPA with an argument is refused, or answered as without.

    An answer of another shape leaves a client waiting for a dot.

    Done: CAPA x.  Passes with -ERR; non-strict with the same listing, or a close; fails with
    another listing, without one, or without an answer.
    """
    plain = (await listed_before_login(audit)).lines or ()
    async with audit.connected() as talk:
        reply, lines = await talk.listing("CAPA x")
    if reply.err:
        return passed()
    if reply.closed:
        return non_strict(f"expected -ERR to CAPA x, got {reply}")
    if not reply.ok:
        return failed(f"expected -ERR to CAPA x, got {reply}")
    if lines is None:
        return failed("expected -ERR to CAPA x, got +OK and no listing")
    if sorted(lines) != sorted(plain):
        return failed(
            f"expected -ERR or the same list, got {len(lines)} lines in place of {len(plain)}"
        )
    return non_strict("expected -ERR to CAPA x, got the list as without")


@check("capa/12", Level.PRACTICE, "RFC 1939, section 7; RFC 2449, section 5")
async def between_user_and_pass(audit: Audit) -> Judgement:
    """CAPA between USER and PASS is answered.

    A list that is shorter there must not be taken for STLS being stripped; no answer at all breaks
    the login.

    Done: USER with an invented name, CAPA.  Fails without an answer, or with a close.
    """
    await listed_before_login(audit)
    async with audit.connected() as talk:
        await talk.ask(f"USER {audit.invented}")
        reply, lines = await talk.listing("CAPA")
        if reply.err or (reply.ok and lines is not None):
            return passed()
        return failed(f"expected a listing or -ERR, got {reply}")


@check(
    "capa/13",
    Level.SHOULD,
    "RFC 2449, sections 6.5 and 8.1.1",
    needs=(Need.LOGIN, Need.LOGIN_DELAY),
    logins=2,
    connections=2,
)
async def delay_is_enforced(audit: Audit) -> Judgement:
    """LOGIN-DELAY is enforced, with its code.

    A client that is refused with another code takes the password for wrong, and throws it away.

    Done: log in, QUIT, log in again at once.  Passes with [LOGIN-DELAY]; non-strict with +OK or
    -ERR without a code; fails with [AUTH].
    """
    logins = audit.logins
    if not logins.delay:
        raise MissingError("there is no LOGIN-DELAY")
    async with logins.session() as talk:
        await talk.ask("QUIT")
    kept, logins.delay = logins.delay, 0
    try:
        async with logins.through() as talk:
            reply: Reply = await logins.log_in(talk)
            if reply.ok:
                await talk.ask("QUIT")
    finally:
        logins.delay = kept
    code = code_of(reply.text)
    if code == "LOGIN-DELAY":
        return passed()
    if code == "AUTH":
        return failed(f"expected -ERR [LOGIN-DELAY], got {reply}")
    return non_strict(f"expected -ERR [LOGIN-DELAY], got {reply}")
