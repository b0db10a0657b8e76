"""A server of the DNS on this machine, which knows what a zone file says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class _Answering(asyncio.DatagramProtocol):
    def __init__(self, zone: str, *, signed: bool) -> None:
        self._records = [_record(line) for line in zone.splitlines() if line.strip()]
        self._signed = signed

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = dns.message.from_wire(data)
        question = asked.question[0]
        answer = dns.message.make_response(asked)
        of_the_name = [each for each in self._records if each.name == question.name]
        answer.answer = [each for each in of_the_name if each.rdtype == question.rdtype]
        if not of_the_name:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        if self._signed:
            answer.flags |= dns.flags.AD
        self._transport.sendto(answer.to_wire(), addr)


def _record(line: str) -> dns.rrset.RRset:
    name, kind, data = line.split(None, 2)
    return dns.rrset.from_text(f"{name}.", 60, "IN", kind, data)


@asynccontextmanager
async def answering(zone: str, *, signed: bool = True) -> AsyncIterator[tuple[str, int]]:
    """Give the address of a server that has *zone*: ``name kind data``, a record a line."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Answering(zone, signed=signed), local_addr=("127.0.0.1", 0)
    )
    try:
        host, port = transport.get_extra_info("sockname")[:2]
        yield host, port
    finally:
        transport.close()
