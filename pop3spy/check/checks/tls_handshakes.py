"""Versions of TLS, and what a server makes of unusual handshakes."""

from dataclasses import replace
from typing import Final

from pop3spy.check.audit import LOOKING, Audit, UnfinishedError
from pop3spy.check.doors import Door
from pop3spy.check.needs import Need
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    info,
    non_strict,
    passed,
    skipped,
)
from pop3spy.errors import ConnectError
from pop3spy.net.tried import TriedTls
from pop3spy.net.trust import Trust

_VERSIONS: Final = ("1.0", "1.1", "1.2", "1.3")


async def tried_at(audit: Audit, door: Door, trust: Trust, name: str | None = None) -> TriedTls:
    """Return how a handshake goes behind *door*; raise UnfinishedError without a connection."""
    try:
        async with audit.dialled(audit.target.port(door)) as talk:
            if door is Door.STLS:
                await talk.greeted()
                granted = await talk.ask("STLS")
                if not granted.ok:
                    raise UnfinishedError(f"STLS was not granted: {granted}")
            return await talk.secure(trust, audit.target.host if name is None else name)
    except ConnectError as error:
        raise UnfinishedError(str(error)) from None


async def _versions(audit: Audit, door: Door) -> dict[str, TriedTls]:
    async def find() -> dict[str, TriedTls]:
        tried = {}
        for version in _VERSIONS:
            only = replace(LOOKING, oldest=version, newest=version)
            tried[version] = await tried_at(audit, door, only)
        return tried

    return await audit.once(f"versions {door.value}", find)


@check(
    "tls/10",
    Level.MUST,
    "RFC 8314, sections 3.3 and 4; RFC 9325, section 3.1",
    needs=(Need.TLS,),
    connections=2 * len(_VERSIONS),
)
async def new_versions(audit: Audit) -> Judgement:
    """TLS 1.2 or 1.3 can be had.

    Today's clients and libraries refuse anything older.

    Done: on each door a handshake of each version alone.  Passes with both; non-strict with one of
    them; fails with neither.
    """
    judgement = passed()
    for door in audit.target.tls_doors:
        tried = await _versions(audit, door)
        had = [version for version in ("1.2", "1.3") if tried[version].ok]
        if not had:
            return failed(f"expected TLS 1.2 or 1.3 ({door.value}), got {tried['1.2'].error}")
        if len(had) == 1:
            judgement = non_strict(f"expected TLS 1.2 and 1.3 ({door.value}), got {had[0]} alone")
    return judgement


@check("tls/11", Level.MUST, "RFC 8996, sections 4 and 5", needs=(Need.TLS,))
async def old_versions(audit: Audit) -> Judgement:
    """TLS 1.0 and 1.1 are refused.

    They are forbidden since 2021, and auditors look for them.

    Done: as tls/10.  Fails if one of them can be had on any door; skipped where this machine's
    library cannot speak them.
    """
    unable = []
    for door in audit.target.tls_doors:
        for version, tried in (await _versions(audit, door)).items():
            if version in ("1.0", "1.1"):
                if tried.ok:
                    return failed(f"expected no TLS {version} ({door.value}), and it can be had")
                unable += [version] * tried.unable
    if unable:
        return skipped(f"the TLS library of this machine cannot speak TLS {unable[0]}")
    return passed()


@check("tls/19", Level.PRACTICE, "RFC 7301", needs=(Need.POP3S,), connections=2)
async def alpn(audit: Audit) -> Judgement:
    """ALPN is agreed on where it is pop3, and refused where it is not.

    It keeps a browser from being led to this port, and lets protocols share one.

    Done: a handshake that offers pop3, one that offers http/1.1 alone.  A server that ignores both
    is the usual one, and no judgement; fails if pop3 is refused.
    """
    mail = await tried_at(audit, Door.POP3S, replace(LOOKING, alpn=("pop3",)))
    if not mail.ok:
        return failed(f"expected TLS with ALPN pop3, got {mail.error}")
    web = await tried_at(audit, Door.POP3S, replace(LOOKING, alpn=("http/1.1",)))
    if mail.alpn == "pop3" and not web.ok:
        return passed()
    chosen = mail.alpn or "no protocol"
    taken = "taken" if web.ok else "refused"
    return info(f"{chosen} is agreed on where pop3 is offered; http/1.1 is {taken}")


@check("tls/20", Level.PRACTICE, "RFC 6066, section 3", needs=(Need.TLS,), connections=4)
async def any_name(audit: Audit) -> Judgement:
    """A client that asks for no name, or for an unknown one, still gets a handshake.

    Old clients and scripts ask for none.

    Done: on each door a handshake without SNI, one for unknown.invalid.  Non-strict if that name is
    refused; fails without SNI.
    """
    judgement = passed()
    for door in audit.target.tls_doors:
        none = await tried_at(audit, door, LOOKING, "")
        if not none.ok:
            return failed(f"expected TLS without SNI ({door.value}), got {none.error}")
        unknown = await tried_at(audit, door, LOOKING, "unknown.invalid")
        if not unknown.ok:
            judgement = non_strict(
                f"expected TLS for an unknown name ({door.value}): it is refused"
            )
    return judgement
