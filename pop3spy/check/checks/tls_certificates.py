"""Certificates: names, chains, dates and strength."""

import ipaddress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from pop3spy.authority.bundles import certificates_in
from pop3spy.authority.strength import strength_of
from pop3spy.check.audit import Audit, UnfinishedError
from pop3spy.check.checks.tls_handshakes import tried_at
from pop3spy.check.doors import Door
from pop3spy.check.needs import Need
from pop3spy.check.registry import (
    Judgement,
    Level,
    check,
    failed,
    non_strict,
    passed,
)
from pop3spy.errors import ConnectError
from pop3spy.net.fetch import fetched
from pop3spy.net.trust import Trust
from pop3spy.protocol.certificate import Certificate, few, is_among, read_certificate
from pop3spy.protocol.text import escape

_MOST_FETCHED: Final = 3
_FETCHED_IN: Final = 10.0
_DATE: Final = "%Y-%m-%d %H:%M:%SZ"


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
    only the --domain, or a service of either (SRV-ID), matches.
    """
    judgement = passed()
    for door, der in _shown(audit).items():
        certificate = read_certificate(der)
        names = certificate.names
        if _matches(audit.target.host, names):
            continue
        if _has_service(audit, certificate):
            judgement = non_strict(
                f"expected {audit.target.host} ({door.value}), got a service of it (SRV-ID)"
            )
            continue
        if audit.options.domain and _matches(audit.options.domain, names):
            judgement = non_strict(f"expected {audit.target.host} ({door.value}), got the domain")
            continue
        shown = escape(few(names)) or "no name at all"
        return failed(
            f"expected a certificate for {audit.target.host} ({door.value}), got {shown}",
            names=escape(", ".join(names)),
        )
    return judgement


def _has_service(audit: Audit, certificate: Certificate) -> bool:
    """Return whether the certificate is for POP3 of the host or the domain (RFC 4985)."""
    of = filter(None, (audit.target.host.lower(), audit.options.domain.lower()))
    wanted = {f"_{service}.{name}" for name in of for service in ("pop3", "pop3s")}
    return not wanted.isdisjoint(name.lower() for name in certificate.services)


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
    connections=8,
)
async def chain_is_trusted(audit: Audit) -> Judgement:
    """The chain leads to a trusted root.

    Browsers mend a chain that lacks a certificate, mail clients do not.

    Done: on each door a handshake that verifies against this system's authorities, or those of
    --upstream-ca, whatever the name.  Non-strict if it is believed only with a certificate that
    --aia fetched from where the one before it says; fails if it is not believed.
    """
    judgement = passed()
    trust = replace(audit.options.trust, insecure=False, names=False, oldest="1.0")
    for door in audit.target.tls_doors:
        tried = await tried_at(audit, door, trust)
        if tried.unverified:
            fetched_at = await _completed(audit, door, trust) if audit.options.aia else ""
            if not fetched_at:
                return failed(f"expected a chain to a trusted root ({door.value}): {tried.error}")
            judgement = non_strict(
                f"expected a whole chain ({door.value}), it is one with what is at {fetched_at}"
            )
        elif not tried.ok:
            raise UnfinishedError(tried.error)
    return judgement


async def _completed(audit: Audit, door: Door, trust: Trust) -> str:
    """Return from where the certificates came with which the chain is believed; empty: it is not.

    An issuer that is its own would have to be believed, so it is no help.
    """
    shown = audit.target.doors[door].tls
    last = shown.chain[-1] if shown is not None and shown.chain else b""
    places: list[str] = []
    while len(places) < _MOST_FETCHED and (urls := read_certificate(last).issuer_at):
        places.append(escape(urls[0]))
        audit.note(f"GET {places[-1]}")
        try:
            octets = await fetched(urls[0], audit.timing.of(_FETCHED_IN))
        except ConnectError as error:
            audit.note(str(error))
            return ""
        issuers = [der for der in certificates_in(octets) if not read_certificate(der).own_issuer]
        if not issuers:
            audit.note("no certificate of an issuer in between is there")
            return ""
        last, trust = issuers[0], replace(trust, over=(*trust.over, *issuers))
        if (await tried_at(audit, door, trust)).ok:
            return " and ".join(places)
    return ""


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
