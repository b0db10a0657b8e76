"""What the DNS says of a server: where its services are, and which certificate it has."""

import ipaddress
from dataclasses import dataclass, field
from typing import Final

from pop3spy.authority.tlsa import is_named_by
from pop3spy.check.audit import Audit
from pop3spy.check.doors import Door
from pop3spy.check.needs import Need
from pop3spy.check.records import (
    MOST_FOLLOWED,
    certificate_records,
    resolver_of,
    service_records,
)
from pop3spy.check.registry import (
    CheckOutcome,
    Judgement,
    Level,
    check,
    failed,
    missing,
    non_strict,
    passed,
    skipped,
)
from pop3spy.errors import ConnectError
from pop3spy.protocol.certificate import few, is_among, read_certificate
from pop3spy.protocol.text import escape

_SERVICES: Final = {"pop3s": Door.POP3S, "pop3": Door.CLEAR}
_SECURED: Final = {Door.POP3S: "pop3s", Door.STLS: "pop3"}
_DENIED: Final = "."


async def _is_here(audit: Audit, target: str) -> bool | str:
    """Return whether *target* is the host of this audit, or what is wrong with that name."""
    if target == audit.target.host.lower():
        return True
    resolver = resolver_of(audit)
    if await resolver.is_alias(target):
        return f"{escape(target)}, which is an alias (CNAME)"
    addresses = await resolver.addresses(target)
    if not addresses:
        return f"{escape(target)}, which has no address"
    return bool({*addresses} & {*audit.target.addresses, audit.target.address})


async def _greets(audit: Audit, port: int) -> bool:
    """Return whether somebody listens at *port*."""
    if any(door.is_open and door.port == port for door in audit.target.doors.values()):
        return True
    try:
        async with audit.dialled(port):
            return True
    except ConnectError:
        return False


@check(
    "dns/1",
    Level.PRACTICE,
    "RFC 6186, sections 3.3 and 3.4; RFC 8314, section 5.1",
    needs=(Need.DNS, Need.DOMAIN),
    connections=2 * MOST_FOLLOWED,
)
async def services_lead_here(audit: Audit) -> Judgement:
    """The SRV records of the domain lead to this server.

    A mail program that sets itself up goes where they lead; a stale one sends it to the old server.

    Done: SRV of _pop3s._tcp and _pop3._tcp in the --domain, the first 4 of each.  Non-strict if
    only _pop3 leads here though the port for TLS is open, or if they deny a service that is there;
    fails if a target has no address, is an alias or another server, or if its port is closed.
    """
    led = await _followed(audit)
    if led.wrong:
        return failed(led.wrong)
    if not (led.here or led.denied or led.elsewhere):
        return missing("the domain has no SRV record for POP3")
    if not led.here and led.elsewhere:
        return failed(f"expected SRV records to lead here, {' and '.join(led.elsewhere)}")
    if offered := [each for each in led.denied if audit.target.is_open(_SERVICES[each])]:
        return non_strict(f"expected SRV records of what is there, they deny _{offered[0]}")
    if audit.target.is_open(Door.POP3S) and "pop3s" not in led.here:
        return non_strict("expected _pop3s to lead here, only _pop3 does")
    return passed()


@dataclass
class _Led:
    """Where SRV records lead: which services here, which nowhere, and what leads elsewhere."""

    here: set[str] = field(default_factory=set)
    denied: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    wrong: str = ""


async def _followed(audit: Audit) -> _Led:
    led = _Led()
    for service in _SERVICES:
        for record in await service_records(audit, service):
            if record.target == _DENIED:
                led.denied.append(service)
                continue
            found = await _is_here(audit, record.target)
            if isinstance(found, str):
                led.wrong = f"expected _{service} to lead to a server, it leads to {found}"
            elif not found:
                led.elsewhere.append(f"_{service} leads to {escape(record.target)}")
            elif await _greets(audit, record.port):
                led.here.add(service)
            else:
                led.wrong = f"expected port {record.port} of _{service} to be open, it is closed"
    return led


@check(
    "dns/2",
    Level.PRACTICE,
    "RFC 7817, section 3; RFC 6186, section 6",
    needs=(Need.DNS, Need.DOMAIN, Need.TLS),
)
async def target_is_named(audit: Audit) -> Judgement:
    """The certificate names what the SRV records lead to, or the domain they are of.

    A mail program that came by an SRV record looks for those names, and warns without them.

    Done: the certificate behind each door against the target, and against the service and the name
    of the domain.  Fails if none of them is there.
    """
    domain = audit.options.domain.lower()
    judgement = missing("the domain has no SRV record that leads to TLS here")
    for door, service in _SECURED.items():
        tried = audit.target.doors[door].tls if audit.target.is_open(door) else None
        if tried is None:
            continue
        for record in await service_records(audit, service):
            if record.target == _DENIED or await _is_here(audit, record.target) is not True:
                continue
            shown = read_certificate(tried.chain[0])
            services = {name.lower() for name in shown.services}
            named = is_among(record.target, shown.names) or is_among(domain, shown.names)
            if not named and f"_{service}.{domain}" not in services:
                wanted = f"{record.target}, {domain} or _{service}.{domain}"
                names = few([*shown.names, *shown.services]) or "no name at all"
                return failed(
                    f"expected a certificate for {escape(wanted)} ({door.value}), got"
                    f" {escape(names)}"
                )
            judgement = passed()
    return judgement


@check("dns/3", Level.PRACTICE, "RFC 6698; RFC 7672", needs=(Need.DNS, Need.TLS))
async def tlsa_matches(audit: Audit) -> Judgement:
    """The TLSA records of the server, if there are any, name its certificate.

    One that was forgotten when the certificate was renewed locks out whoever believes the DNS.

    Done: TLSA of each port with TLS, against the certificate and its chain.  Non-strict if the
    resolver does not say that they are signed (DNSSEC); fails if they are, and none matches.
    """
    try:
        ipaddress.ip_address(audit.target.host)
    except ValueError:
        pass
    else:
        return skipped("the URL names an address, and the DNS has TLSA records of names")
    judgement = missing("the DNS has no TLSA record of this server")
    for door in audit.target.tls_doors:
        port = audit.target.port(door)
        found = await certificate_records(audit, port)
        tried = audit.target.doors[door].tls
        chain = tried.chain if tried is not None else ()
        matches = [
            is_named_by(chain, each.usage, each.selector, each.matching, each.data)
            for each in found.records
        ]
        if not any(match is not None for match in matches):
            continue
        if not found.signed:
            judgement = non_strict(f"expected signed TLSA records of port {port}, they are not")
        elif not any(matches):
            return failed(f"expected a TLSA record of port {port} that names the certificate")
        elif judgement.outcome is not CheckOutcome.NON_STRICT:
            judgement = passed()
    return judgement
