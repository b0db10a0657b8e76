"""What the DNS says of a server: SRV and TLSA records, asked for once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pop3spy.check.audit import Audit, SkipError
from pop3spy.errors import ConfigError
from pop3spy.extras import check_extra
from pop3spy.protocol.text import escape

if TYPE_CHECKING:
    from pop3spy.net.resolver import NameResolver, ServiceRecord, SignedTlsa

MOST_FOLLOWED = 4
"""SRV records of a service that are looked at: each may cost three questions and a connection."""
_SECONDS = 10.0


def resolver_of(audit: Audit) -> "NameResolver":
    """Return what asks the DNS; raise SkipError where the extra for it is not installed."""
    try:
        check_extra("it", "dns")
    except ConfigError as error:
        raise SkipError(str(error)) from None
    from pop3spy.net.resolver import NameResolver  # noqa: PLC0415 - an extra has it

    return NameResolver(audit.options.dns_server, audit.timing.of(_SECONDS))


async def service_records(audit: Audit, service: str) -> "list[ServiceRecord]":
    """Return the first SRV records of *service*, pop3 or pop3s, in the domain of the audit."""
    name = f"_{service}._tcp.{audit.options.domain}"

    async def find() -> "list[ServiceRecord]":
        found = await resolver_of(audit).services(name)
        _tell(audit, "SRV", name, found[:MOST_FOLLOWED])
        if (more := len(found) - MOST_FOLLOWED) > 0:
            audit.note(f"and {more} more, which nobody looks at")
        return found[:MOST_FOLLOWED]

    return await audit.once(f"SRV {name}", find)


async def certificate_records(audit: Audit, port: int) -> "SignedTlsa":
    """Return the TLSA records of *port* at the host of the audit."""
    name = f"_{port}._tcp.{audit.target.host}"

    async def find() -> "SignedTlsa":
        found = await resolver_of(audit).certificates(name)
        _tell(audit, "TLSA", name, found.records)
        return found

    return await audit.once(f"TLSA {name}", find)


def _tell(audit: Audit, kind: str, name: str, found: Sequence[object]) -> None:
    for record in [*map(str, found)] or ["none"]:
        audit.note(f"{kind} of {escape(name)}: {escape(record)}")
