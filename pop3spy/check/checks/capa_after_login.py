"""What CAPA lists after the login, and whether the lists are true."""

from typing import Final

from pop3spy.check.audit import Audit, MissingError
from pop3spy.check.checks.capa import listed_before_login
from pop3spy.check.discovery import SeenCapabilities, capabilities_of, stls_of
from pop3spy.check.doors import Door
from pop3spy.check.needs import Need
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    missing,
    non_strict,
    passed,
)
from pop3spy.check.reply import ReplyKind
from pop3spy.protocol.capabilities import CAPABILITIES
from pop3spy.protocol.replies import number_of

_MAY_GO: Final = {"STLS"}
_MAY_GO_BY_CUSTOM: Final = {"USER", "SASL", "UTF8"}


async def after_login(audit: Audit) -> SeenCapabilities:
    """Return what CAPA lists after the login."""
    reply, lines = await (await audit.logins.shared()).listing("CAPA")
    return SeenCapabilities(reply, tuple(lines) if reply.ok else None)


async def before_this_login(audit: Audit) -> SeenCapabilities:
    """Return what was listed behind the door through which the common session came."""
    seen = await capabilities_of(audit, await audit.logins.door())
    if seen.lines is None:
        raise MissingError("there is no CAPA")
    return seen


@check(
    "capa/6",
    Level.MUST,
    "RFC 2449, sections 5, 6.1 and 6.8",
    needs=(Need.LOGIN,),
    connections=4,
)
async def lists_are_true(audit: Audit) -> Judgement:
    """What CAPA lists works, and what works is listed.

    Clients switch features on by this list alone.

    Done: before the login USER with an invented name, STLS, AUTH with the first mechanism and a
    cancel; after it TOP 1 0 and UIDL.  Non-strict if something works that is not listed; fails if
    something that is listed is refused.
    """
    works, listed = await _tried_before(audit)
    drop = await audit.logins.shared()
    after = await after_login(audit)
    empty = not await drop.sizes()
    for tag, command in (("TOP", "TOP 1 0"), ("UIDL", "UIDL")):
        reply = await drop.talk.ask(command)
        if reply.ok:
            await drop.talk.body()
        works[f"{tag} after the login"] = reply.ok or (empty and tag == "TOP" and tag in after.tags)
        listed[f"{tag} after the login"] = tag in after.tags
    for what in works:
        if listed[what] and not works[what]:
            return failed(f"expected {what} to work as listed, and it is refused")
    unlisted = [what for what in works if works[what] and not listed[what]]
    if unlisted:
        return non_strict(f"expected all that works to be listed, not so: {', '.join(unlisted)}")
    return passed()


async def _tried_before(audit: Audit) -> tuple[dict[str, bool], dict[str, bool]]:
    door = await audit.logins.door()
    seen = await capabilities_of(audit, door)
    works, listed = {}, {}
    async with audit.connected(door) as talk:
        works["USER"] = (await talk.ask(f"USER {audit.invented}")).ok
        listed["USER"] = "USER" in seen.tags
    if seen.mechanisms:
        async with audit.connected(door) as talk:
            reply = await talk.ask(f"AUTH {seen.mechanisms[0]}")
            if reply.kind is ReplyKind.CHALLENGE:
                await talk.ask("*")
        special = seen.mechanisms[0] in ("EXTERNAL", "GSSAPI")
        works["AUTH"] = reply.kind is ReplyKind.CHALLENGE or special
        listed["AUTH"] = True
    if audit.target.is_open(Door.CLEAR):
        stls = await stls_of(audit)
        works["STLS"], listed["STLS"] = stls.reply.ok, stls.listed
    return works, listed


@check("capa/7", Level.MUST, "RFC 2449, section 5", needs=(Need.LOGIN,))
async def capa_after_login(audit: Audit) -> Judgement:
    """CAPA works after the login.

    LOGIN-DELAY and EXPIRE are certain only there.

    Done: CAPA in the common session.  Fails with -ERR although it works before the login.
    """
    seen = await after_login(audit)
    if seen.reply.ok and seen.lines:
        return passed()
    if (await capabilities_of(audit, await audit.logins.door())).lines is None:
        return missing("there is no CAPA")
    return failed(f"expected a listing after the login, got {seen.reply}")


@check(
    "capa/8",
    Level.MUST,
    "RFC 2449, section 5; RFC 5034, section 3",
    needs=(Need.LOGIN,),
)
async def nothing_is_lost(audit: Audit) -> Judgement:
    """What is listed before the login is listed after it.

    A client that asks only then must not lose UIDL.

    Done: compare the tags.  STLS may go.  Non-strict if USER, SASL, UTF8 or an unregistered tag is
    gone, as with most servers; fails if another is.
    """
    before, after = await before_this_login(audit), await after_login(audit)
    if after.lines is None:
        raise MissingError("there is no CAPA after the login")
    lost = set(before.tags) - set(after.tags) - _MAY_GO
    grave = sorted(lost & set(CAPABILITIES) - _MAY_GO_BY_CUSTOM)
    if grave:
        return failed(f"expected all tags after the login, {', '.join(grave)} are gone")
    if lost:
        return non_strict(f"expected all tags after the login, {', '.join(sorted(lost))} are gone")
    return passed()


@check("capa/9", Level.MUST, "RFC 2449, sections 6.5 and 6.7", needs=(Need.LOGIN,))
async def nothing_gets_worse(audit: Audit) -> Judgement:
    """LOGIN-DELAY and EXPIRE do not get worse after the login.

    Before it the server promises its worst case; a client that relied on that loses mail or is
    refused.

    Done: compare both lists.  LOGIN-DELAY must not grow, EXPIRE not shrink; NEVER is the longest.
    """
    before, after = await listed_before_login(audit), await after_login(audit)
    audit.logins.learn(after)
    audit.expires |= after.tags.get("EXPIRE", ())[:1] == ("0",)
    compared = False
    for tag, worse in (("LOGIN-DELAY", 1), ("EXPIRE", -1)):
        first, second = _days(before, tag), _days(after, tag)
        if first is None or second is None:
            continue
        compared = True
        if (second - first) * worse > 0:
            return failed(f"expected {tag} no worse than {first:g}, got {second:g}")
    return passed() if compared else missing("neither LOGIN-DELAY nor EXPIRE is in both lists")


def _days(seen: SeenCapabilities, tag: str) -> float | None:
    words = seen.tags.get(tag)
    if not words:
        return None
    if words[0].upper() == "NEVER":
        return float("inf")
    return number_of(words[0].encode(errors="replace"))
