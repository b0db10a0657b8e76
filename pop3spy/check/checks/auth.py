"""Logging in with USER and PASS, or APOP, and being refused."""

from typing import Final

from pop3spy.check.audit import Audit, MissingError, SkipError, UnfinishedError
from pop3spy.check.checks.auth_sasl import leg_of
from pop3spy.check.needs import Need
from pop3spy.check.refusing import refused
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    info,
    non_strict,
    passed,
)
from pop3spy.replay.credentials import digest

_SLOW: Final = 30.0
_ZEROS: Final = "0" * 32


@check("auth/1", Level.MUST, "RFC 1939, section 7")
async def pass_without_user(audit: Audit) -> Judgement:
    """PASS without USER is refused.

    A server that takes it has lost track of who is there.

    Done: PASS x on a fresh connection.  Passes with -ERR.
    """
    async with audit.connected(await leg_of(audit)) as talk:
        reply = await talk.ask("PASS x")
    return passed() if reply.err else failed(f"expected -ERR to PASS without USER, got {reply}")


@check("auth/2", Level.MUST, "RFC 1939, sections 3 and 7", connections=2)
async def without_argument(audit: Audit) -> Judgement:
    """USER and PASS without an argument are refused.

    What is no command is to be refused as such; an empty name may be a real account somewhere.

    Done: USER; and with --wrong-login PASS behind an invented name.  Non-strict if USER is +OK.
    """
    door = await leg_of(audit)
    async with audit.connected(door) as talk:
        reply = await talk.ask("USER")
    judgement = refused(reply, "USER", taken="the name is empty")
    if audit.options.wrong_login and judgement.outcome.value != "fail":
        async with audit.connected(door) as talk:
            if (await talk.ask(f"USER {audit.invented}")).ok:
                empty = await talk.ask("PASS", audit.timing.login)
                if not (empty.err or empty.closed):
                    return failed(f"expected -ERR to PASS without an argument, got {empty}")
    return judgement


@check("auth/3", Level.PRACTICE, "RFC 1939, section 13", needs=(Need.NAME,), connections=2)
async def names_stay_secret(audit: Audit) -> Judgement:
    """USER does not tell which names exist.

    Names are collected this way, and passwords are tried on them.

    Done: USER with an invented name and with the real one, on two connections; no PASS follows.
    Fails if status or text differ otherwise than by the name.
    """
    said = []
    for name in (audit.invented, audit.options.user):
        async with audit.connected(await leg_of(audit)) as talk:
            reply = await talk.ask(f"USER {name}")
            said.append((reply, reply.raw.lower().replace(name.lower().encode(), b"NAME")))
            await talk.ask("QUIT")
    (first, blank), (second, other) = said
    if first.err and second.err:
        return info("both are refused, so there is nothing to compare")
    if first.kind is second.kind and blank == other:
        return passed()
    return failed(f"expected the same answer to both names, got {first} and {second}")


@check("auth/4", Level.MUST, "RFC 1939, sections 4 and 7", needs=(Need.LOGIN,))
async def log_in(audit: Audit) -> Judgement:
    """USER and PASS log in.

    Without that nobody gets mail, and the audit can see no more; the password is not tried again.

    Done: the login of the common session.  Non-strict if it takes more than 30 s.
    """
    try:
        await audit.logins.shared()
    except SkipError as why:
        if audit.logins.refused:
            return failed(f"expected +OK to USER and PASS; {audit.logins.refused}")
        raise SkipError(str(why)) from None
    took = audit.login_seconds[-1] if audit.login_seconds else 0.0
    if took > audit.timing.of(_SLOW):
        return non_strict(f"expected the login within 30 s, it took {took:.0f} s")
    return passed(f"in {took:.3f} s", seconds=round(took, 3))


@check("auth/5", Level.PRACTICE, "RFC 1939, section 7", needs=(Need.LOGIN,), logins=1)
async def pass_at_once(audit: Audit) -> Judgement:
    """PASS has to follow USER at once.

    Nobody is hurt, and nearly no server minds; it shows how the server keeps its state.

    Done: USER, NOOP, PASS with the right password.  Passes if PASS is -ERR, or NOOP ends the
    connection; non-strict with +OK.
    """
    options, logins = audit.options, audit.logins
    async with logins.through() as talk:
        await logins.turn()
        await talk.ask(f"USER {options.user}")
        between = await talk.ask("NOOP")
        if between.closed:
            return passed("NOOP ended the connection")
        reply = await talk.ask(b"PASS " + options.password, audit.timing.login)
        if not reply.ok:
            return passed()
        await talk.ask("QUIT")
    return non_strict(f"expected -ERR to PASS behind NOOP, got {reply}")


@check(
    "auth/16",
    Level.MUST,
    "RFC 1939, section 7",
    needs=(Need.LOGIN, Need.ALL_MECHANISMS),
    logins=1,
)
async def apop(audit: Audit) -> Judgement:
    """APOP logs in where the greeting has a timestamp.

    Old clients prefer it when they see the stamp, and fail if it cannot work.

    Done: with --auth all, APOP with the digest.  Non-strict with -ERR: the stamp is shown, but this
    account cannot use it.
    """
    options, logins = audit.options, audit.logins
    async with logins.through() as talk:
        computed = digest(talk.greeting.raw, options.password)
        if computed is None:
            raise MissingError("the greeting has no timestamp")
        audit.hide(computed)
        await logins.turn()
        name = options.user.encode("utf-8", "surrogateescape")
        reply = await talk.ask(b"APOP " + name + b" " + computed, audit.timing.login)
        if reply.ok:
            await talk.ask("QUIT")
            return passed()
    if reply.err:
        return non_strict(f"expected +OK to APOP, since there is a timestamp, got {reply}")
    raise UnfinishedError(f"APOP was not answered: {reply}")


@check("auth/17", Level.MUST, "RFC 1939, sections 3 and 7", connections=2)
async def apop_without_arguments(audit: Audit) -> Judgement:
    """APOP without arguments is refused.

    A server without APOP has to say so, or a client waits.

    Done: APOP; and where there is no timestamp, APOP with an invented name and zeros.
    """
    async with audit.connected(await leg_of(audit)) as talk:
        judgement = refused(await talk.ask("APOP"), "APOP without arguments")
        if judgement != passed() or digest(talk.greeting.raw, b"") is not None:
            return judgement
        zeros = await talk.ask(f"APOP {audit.invented} {_ZEROS}")
    if zeros.err:
        return passed()
    return failed(f"expected -ERR to APOP, since there is no timestamp, got {zeros}")
