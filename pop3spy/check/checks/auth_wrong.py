"""Logging in wrongly, once, and only if that is allowed."""

import secrets
from functools import partial

from pop3spy.check.audit import Audit, SkipError
from pop3spy.check.checks.auth_sasl import leg_of
from pop3spy.check.discovery import capabilities_of
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
from pop3spy.check.reply import Reply, ReplyKind


async def _wrong_login(audit: Audit, name: str) -> tuple[Reply, Reply, Reply]:
    """Return the replies to USER *name*, to PASS with a random word, and to what comes behind."""
    async with audit.logins.through(await leg_of(audit)) as talk:
        await audit.logins.turn(wrong=True)
        named = await talk.ask(f"USER {name}")
        if not named.ok:
            return named, named, (await talk.listing("CAPA"))[0]
        denied = await talk.ask(f"PASS {secrets.token_hex(8)}", audit.timing.login)
        behind = denied if denied.closed else (await talk.listing("CAPA"))[0]
        if denied.ok:
            await talk.ask("QUIT")
        return named, denied, behind


async def _invented_login(audit: Audit) -> tuple[Reply, Reply, Reply]:
    return await audit.once("wrong login", partial(_wrong_login, audit, audit.invented))


@check(
    "auth/18",
    Level.MUST,
    "RFC 3206, section 6; RFC 1939, section 7",
    needs=(Need.WRONG_LOGIN,),
    logins=1,
)
async def wrong_login(audit: Audit) -> Judgement:
    """A wrong login is refused, with [AUTH] where that is promised.

    Without the code a client asks for a new password although the server is merely ill.

    Done: with --wrong-login, once, USER with an invented name and PASS with a random word.  Fails
    with +OK, or if AUTH-RESP-CODE is listed and the code is not there; non-strict with another
    code, or one that RESP-CODES does not announce.
    """
    _, denied, _ = await _invented_login(audit)
    tags = (await capabilities_of(audit, await leg_of(audit))).tags
    if not denied.err:
        return failed(f"expected -ERR to a wrong login, got {denied}")
    if "AUTH-RESP-CODE" in tags and denied.code is None:
        return failed(f"expected -ERR [AUTH], as listed, got {denied}")
    if "AUTH-RESP-CODE" in tags and denied.code != "AUTH":
        return non_strict(f"expected -ERR [AUTH], as listed, got {denied}")
    if denied.code is not None and not {"RESP-CODES", "AUTH-RESP-CODE"} & set(tags):
        return non_strict(f"expected RESP-CODES to be listed, since there is a code: {denied}")
    return passed()


@check("auth/19", Level.PRACTICE, "RFC 1939, section 4", needs=(Need.WRONG_LOGIN,), logins=1)
async def after_wrong_login(audit: Audit) -> Judgement:
    """After a wrong login the connection goes on, or is closed.

    A server that closes needs a new connection for each try.

    Done: CAPA behind auth/18.  Fails if it hangs; else this is for information.
    """
    _, denied, behind = await _invented_login(audit)
    if behind.kind in (ReplyKind.SILENT, ReplyKind.OTHER):
        return failed(f"expected an answer or a close behind a wrong login, got {behind}")
    goes_on = "closes" if behind.closed else "goes on"
    return info(f"the refusal took {denied.seconds:.1f} s, and the server {goes_on}")


@check(
    "auth/20",
    Level.PRACTICE,
    "RFC 1939, section 13; RFC 3206, section 3",
    needs=(Need.WRONG_LOGIN, Need.PROBE_USER),
    logins=2,
)
async def refusals_are_alike(audit: Audit) -> Judgement:
    """An unknown user and a wrong password look the same.

    Names are collected for password spraying.

    Done: with --probe-user, PASS with a random word for that account, once, against auth/18.  Fails
    if the text or the step differs.
    """
    name = audit.options.probe_user
    if name == audit.options.user:
        raise SkipError("--probe-user must be another account than --user")
    named, denied, _ = await _wrong_login(audit, name)
    known, refused_, _ = await _invented_login(audit)

    def blank(reply: Reply, name: str) -> bytes:
        return reply.raw.lower().replace(name.lower().encode(), b"NAME")

    times = f"after {denied.seconds:.1f} and {refused_.seconds:.1f} s"
    if named.kind is known.kind and blank(denied, name) == blank(refused_, audit.invented):
        return passed(times)
    return failed(f"expected the same refusal for both names, got {denied} and {refused_}")
