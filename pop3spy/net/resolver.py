"""Records of the DNS that no system call gives: SRV and TLSA.  It needs the extra ``dns``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import dns.asyncresolver
import dns.exception
import dns.flags
import dns.name
import dns.rdatatype
import dns.resolver

from pop3spy.errors import ConfigError, ConnectError
from pop3spy.protocol.text import escape

_LARGEST: Final = 1232
"""Octets of an answer over UDP, which no usual network cuts in two (DNS flag day 2020)."""


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """Where a service is (RFC 2782); the target ``.`` says that there is none."""

    priority: int
    weight: int
    port: int
    target: str

    def __str__(self) -> str:
        """Return it as zone files have it."""
        return f"{self.priority} {self.weight} {self.port} {self.target}"


@dataclass(frozen=True, slots=True)
class TlsaRecord:
    """Which certificate a server has (RFC 6698, section 2.1)."""

    usage: int
    selector: int
    matching: int
    data: bytes

    def __str__(self) -> str:
        """Return it as zone files have it."""
        return f"{self.usage} {self.selector} {self.matching} {self.data.hex()}"


@dataclass(frozen=True, slots=True)
class SignedTlsa:
    """The TLSA records of a port; ``signed`` is whether the resolver says that it verified them."""

    records: Sequence[TlsaRecord]
    signed: bool


class NameResolver:
    """Asks *server*, an address and a port, or those of the system, for *seconds* at most."""

    def __init__(self, server: tuple[str, int] | None, seconds: float) -> None:
        try:
            self._resolver = dns.asyncresolver.Resolver(configure=server is None)
        except dns.resolver.NoResolverConfiguration:
            raise ConfigError("this system names no DNS server; --dns-server does") from None
        if server is not None:
            self._resolver.nameservers = [server[0]]
            self._resolver.port = server[1]
        self._resolver.set_flags(dns.flags.RD | dns.flags.AD)  # AD: tell whether it is signed
        self._resolver.use_edns(0, dns.flags.DO, _LARGEST)
        self._seconds = seconds

    async def services(self, name: str) -> list[ServiceRecord]:
        """Return the SRV records of *name*, the first to be tried first."""
        answer = await self._ask(name, dns.rdatatype.SRV)
        found = [
            ServiceRecord(each.priority, each.weight, each.port, _text(each.target))
            for each in (answer and answer.rrset) or ()
        ]
        return sorted(found, key=lambda record: (record.priority, -record.weight))

    async def certificates(self, name: str) -> SignedTlsa:
        """Return the TLSA records of *name*."""
        answer = await self._ask(name, dns.rdatatype.TLSA)
        if answer is None:
            return SignedTlsa((), signed=False)
        records = [
            TlsaRecord(int(each.usage), int(each.selector), int(each.mtype), each.cert)
            for each in answer.rrset or ()
        ]
        return SignedTlsa(records, bool(answer.response.flags & dns.flags.AD))

    async def is_alias(self, name: str) -> bool:
        """Return whether *name* is another name for something (CNAME)."""
        answer = await self._ask(name, dns.rdatatype.CNAME)
        return answer is not None and answer.rrset is not None

    async def addresses(self, name: str) -> list[str]:
        """Return the addresses of *name*."""
        found = []
        for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
            answer = await self._ask(name, kind)
            found += [str(each.address) for each in (answer and answer.rrset) or ()]
        return found

    async def _ask(self, name: str, kind: dns.rdatatype.RdataType) -> Any:
        """Return the answer, None where there is no such name; raise ConnectError without any."""
        try:
            return await self._resolver.resolve(
                f"{name.rstrip('.')}.", kind, raise_on_no_answer=False, lifetime=self._seconds
            )
        except dns.resolver.NXDOMAIN:
            return None
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel):
            raise ConfigError(f"{escape(name)} is no name that the DNS can have") from None
        except dns.exception.DNSException as error:
            kind_text = dns.rdatatype.to_text(kind)
            late = isinstance(error, dns.resolver.LifetimeTimeout)
            why = "no server answered in time" if late else "the servers gave no answer to use"
            raise ConnectError(f"{kind_text} of {escape(name)}: {why}") from None


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=name != dns.name.root).lower()
