"""Sessions over legs with TLS, brought to where a test takes over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from net.serving import DEFAULT, Relayed, relaying
from net.shop import Shop
from net.wires import Wire, door
from pop3spy.net.leg import Legs
from pop3spy.protocol.url import parse_url

GREETING = b"+OK ready <1@localhost>\r\n"
GRANT = b"+OK go on\r\n"
WAYS = {"at once": "pop3s", "asked for": "pop3+stls", "inspected": "pop3"}
"""How TLS with a server may begin, and the scheme of its URL then."""


@asynccontextmanager
async def relay(legs: Legs, listener: str, upstream: str) -> AsyncIterator[Relayed]:
    with door() as far:
        url = replace(far.url, scheme=upstream, host="localhost")
        listen = (parse_url(f"{listener}://127.0.0.1:0"),)
        async with relaying(DEFAULT, upstream=url, listen=listen, legs=legs) as relayed:
            relayed.upstream = far
            yield relayed


async def greet(server: Wire, scheme: str, shop: Shop) -> None:
    """Be a server of *scheme* up to its greeting, and TLS if it has any."""
    if scheme == "pop3s":
        await server.begin_tls(shop.kinds["good"].context())
        await server.send(GREETING)
        return
    await server.send(GREETING)
    if scheme == "pop3+stls":
        await server.expect(b"STLS\r\n")
        await server.send(GRANT)
        await server.begin_tls(shop.kinds["good"].context())


async def arrive(relayed: Relayed, listener: str, upstream: str, shop: Shop) -> tuple[Wire, Wire]:
    """Return a client that has had its server's greeting, and the server."""
    client = await relayed.client()

    async def serve() -> Wire:
        server = await relayed.server()
        await greet(server, upstream, shop)
        return server

    async with asyncio.TaskGroup() as group:
        serving = group.create_task(serve())
        if listener == "pop3s":
            await client.begin_tls(shop.client(), "proxy.example")
    await client.expect(GREETING)
    return client, serving.result()


async def grant(client: Wire, server: Wire, shop: Shop) -> None:
    """Let the server grant the STLS that it is asked for, and both peers begin TLS."""
    await server.expect(b"STLS\r\n")
    await server.send(GRANT)
    await server.begin_tls(shop.kinds["good"].context())
    await client.expect(GRANT)
    await client.begin_tls(shop.client(), "proxy.example")


async def granted(relayed: Relayed, shop: Shop) -> tuple[Wire, Wire]:
    """Return a client in TLS, and its server in TLS, after STLS."""
    client, server = await relayed.greeted()
    await client.send(b"STLS\r\n")
    await grant(client, server, shop)
    return client, server


async def up_to_tls(relayed: Relayed, way: str) -> tuple[Wire, Wire]:
    """Return a client in clear, and its server, which is to begin TLS now."""
    client, server = await relayed.client(), await relayed.server()
    if way == "inspected":
        await server.send(GREETING)
        await client.expect(GREETING)
        await client.send(b"STLS\r\n")
    if way == "asked for":
        await server.send(GREETING)
    if way != "at once":
        await server.expect(b"STLS\r\n")
        await server.send(GRANT)
    return client, server
