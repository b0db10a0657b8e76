"""Versions of TLS, certificates, and what a server makes of unusual handshakes."""

import ipaddress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from pop3spy.authority.strength import strength_of
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
from pop3spy.protocol.certificate import Certificate, few, is_among, read_certificate

_VERSIONS: Final = ("1.0", "1.1", "1.2", "1.3")
_DATE: Final = "%Y-%m-%d %H:%M:%SZ"


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


def _shown(audit: Audit) -> dict[Door, bytes]:
    """Return the certificate behind each door with TLS, and show how it was seen."""
    doors = audit.target.doors
    for door in audit.target.tls_doors:
        audit.transcript.add(doors[door].lines)
    return {
        door: tried.chain[0]
        for door in audit.target.tls_doors
        for tried in [doors[door].tls]
        if tried is not None and tried.chain
    }


@check("tls/12", Level.MUST, "RFC 7817, section 3; RFC 9525, section 6", needs=(Need.TLS,))
async def names_the_host(audit: Audit) -> Judgement:
    """The certificate names the host.

    It is the most posted complaint about certificates: the provider's host behind the customer's
    own domain.

    Done: the alternative names against the host of the URL, never the common name.  Non-strict if
    only the --domain matches.
    """
    judgement = passed()
    for door, der in _shown(audit).items():
        names = read_certificate(der).names
        if _matches(audit.target.host, names):
            continue
        if audit.options.domain and _matches(audit.options.domain, names):
            judgement = non_strict(f"expected {audit.target.host} ({door.value}), got the domain")
            continue
        shown = few(names) or "no name at all"
        return failed(
            f"expected a certificate for {audit.target.host} ({door.value}), got {shown}",
            names=", ".join(names),
        )
    return judgement


def _matches(host: str, names: tuple[str, ...]) -> bool:
    try:
        return str(ipaddress.ip_address(host)) in names
    except ValueError:
        return is_among(host, names)


@check(
    "tls/13",
    Level.MUST,
    "RFC 8314, section 4.4; RFC 5280, section 6",
    needs=(Need.TLS,),
    connections=2,
)
async def chain_is_trusted(audit: Audit) -> Judgement:
    """The chain leads to a trusted root.

    Browsers mend a chain that lacks a certificate, mail clients do not.

    Done: on each door a handshake that verifies against this system's authorities, or those of
    --upstream-ca, whatever the name.  Fails if it is not believed.
    """
    trust = replace(audit.options.trust, insecure=False, names=False, oldest="1.0")
    for door in audit.target.tls_doors:
        tried = await tried_at(audit, door, trust)
        if tried.unverified:
            return failed(f"expected a chain to a trusted root ({door.value}): {tried.error}")
        if not tried.ok:
            raise UnfinishedError(tried.error)
    return passed()


@check("tls/14", Level.MUST, "RFC 5280, section 4.1.2.5", needs=(Need.TLS,))
async def within_dates(audit: Audit) -> Judgement:
    """The certificate is within its dates.

    One that has run out locks everybody out at once; half of all sudden outages are this.

    Done: both dates against this machine's clock.  Non-strict if it ends within --cert-days.
    """
    judgement = passed()
    for door, der in _shown(audit).items():
        certificate = read_certificate(der)
        days = _days_left(certificate)
        if days is None:
            raise UnfinishedError("the dates of the certificate cannot be read")
        if days < 0 or _begins_later(certificate):
            return failed(
                f"expected a valid certificate ({door.value}), it is valid from"
                f" {certificate.since} to {certificate.until}",
                days=round(days, 1),
            )
        if days < audit.options.cert_days:
            judgement = non_strict(
                f"expected {audit.options.cert_days} days more ({door.value}), it ends in"
                f" {days:.0f}",
                days=round(days, 1),
            )
        elif judgement == passed():
            judgement = passed(f"for {days:.0f} days", days=round(days, 1))
    return judgement


def _days_left(certificate: Certificate) -> float | None:
    if not certificate.until:
        return None
    until = datetime.strptime(certificate.until, _DATE).replace(tzinfo=UTC)
    return (until - datetime.now(UTC)).total_seconds() / 86400


def _begins_later(certificate: Certificate) -> bool:
    since = certificate.since
    return bool(since) and datetime.strptime(since, _DATE).replace(tzinfo=UTC) > datetime.now(UTC)


@check("tls/15", Level.PRACTICE, "RFC 9325, section 4.5; RFC 9155", needs=(Need.TLS,))
async def strong_enough(audit: Audit) -> Judgement:
    """Key and signature are strong enough.

    OpenSSL 3 and GnuTLS refuse weak ones, old clients do not: it works with some.

    Done: key and signature of the certificate.  Passes with RSA of 2048 bits, EC of 256 or Ed, and
    SHA-256 or better.
    """
    for door, der in _shown(audit).items():
        strength = strength_of(der)
        if strength is None:
            raise UnfinishedError("the certificate cannot be read")
        if strength.weak:
            return failed(f"expected a strong certificate ({door.value}), got {strength.weak}")
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
