"""Promises 1 to 3: every octet, at once, unchanged."""

import asyncio
import hashlib
import random
import time
from statistics import median

import pytest

from net.serving import relaying
from net.wires import Wire, door
from pop3spy.protocol.frames import Side
from pop3spy.protocol.url import Url

BIG = 16 << 20


async def pour(wire: Wire, data: bytes) -> None:
    await wire.send(data)
    wire.finish()


async def digest_of(wire: Wire) -> str:
    found = hashlib.sha256()
    while data := await wire.some():
        found.update(data)
    return found.hexdigest()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def test_any_octets_arrive_unchanged_both_ways_at_once() -> None:
    up, down = random.Random(1).randbytes(BIG), random.Random(2).randbytes(BIG)
    async with relaying() as relayed:
        client, server = await relayed.pair()
        _, _, heard_by_server, heard_by_client = await asyncio.gather(
            pour(client, up), pour(server, down), digest_of(server), digest_of(client)
        )
    assert heard_by_server == digest(up)
    assert heard_by_client == digest(down)


async def test_a_long_conversation_arrives_unchanged() -> None:
    """The decoder is busy here: what it reads must not be what it takes away."""
    chance = random.Random(3)
    async with relaying() as relayed:
        client, server = await relayed.greeted()
        for number in range(300):
            command = chance.choice([b"NOOP\r\n", b"RETR %d\r\n" % number, b"\x80\r\n", b"LIST\n"])
            reply = b"+OK\r\n" + chance.randbytes(chance.randrange(5000)) + b"\r\n.\r\n"
            await client.send(command)
            await server.expect(command)
            await server.send(reply)
            await client.expect(reply)


@pytest.mark.parametrize("side", Side)
async def test_one_octet_arrives_without_waiting_for_a_line_end(side: Side) -> None:
    async with relaying() as relayed:
        client, server = await relayed.greeted()
        one, other = (client, server) if side is Side.CLIENT else (server, client)
        took = []
        for octet in b"USER bob":
            sent = time.monotonic()
            await one.send(bytes([octet]))
            await other.expect(bytes([octet]))
            took.append(time.monotonic() - sent)
        assert median(took) < 0.1  # one may be late on a busy machine


async def test_lines_before_the_greeting_survive() -> None:
    banner = b"".join(b"*** line %d of the art \xff ***\r\n" % n for n in range(5))
    async with relaying() as relayed:
        client, server = await relayed.pair()
        await server.send(banner)
        await client.expect(banner)
        await server.send(b"+OK at last\r\n")
        await client.expect(b"+OK at last\r\n")
        await relayed.witness.heard_all(Side.SERVER, b"+OK at last\r\n")
        assert relayed.witness.lines()[-1] == "S: +OK at last"


async def test_what_a_server_says_unasked_arrives() -> None:
    async with relaying() as relayed:
        client, server = await relayed.pair()
        said = b"+OK ready\r\n-ERR shutting down in 5 minutes\r\n\x00\r\nno line end"
        await server.send(said)
        await client.expect(said)


async def test_what_a_client_says_before_the_server_is_there_is_not_lost() -> None:
    """Said while the server is still being dialled."""
    early = b"USER bob\r\nPASS tanstaaf\r\n" + bytes(range(256))
    async with relaying() as relayed:
        client = await relayed.client()
        await client.send(early)  # nobody has accepted for the server yet
        server = await relayed.server()
        await server.expect(early)
        await server.send(b"+OK\r\n+OK\r\n+OK\r\n")
        await client.expect(b"+OK\r\n+OK\r\n+OK\r\n")


async def test_a_client_that_speaks_and_finishes_before_the_server_is_there_is_heard() -> None:
    async with relaying() as relayed:
        client = await relayed.client()
        await client.send(b"QUIT\r\n")
        client.finish()
        server = await relayed.server()
        assert await server.rest() == b"QUIT\r\n"
        await server.send(b"+OK\r\n+OK bye\r\n")
        server.close()
        assert await client.rest() == b"+OK\r\n+OK bye\r\n"


async def test_a_half_close_before_the_server_is_there_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    real = loop.getaddrinfo

    async def getaddrinfo(host: str, port: int, **more: int) -> object:
        if host == "localhost":  # the name is looked up until the half-close has been noticed
            for _ in range(50):
                await asyncio.sleep(0)
            host = "127.0.0.1"
        return await real(host, port, **more)

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    with door() as upstream:
        async with relaying(upstream=Url("pop3", "localhost", upstream.url.port)) as relayed:
            client = Wire.at_once(relayed.urls[0])
            client.finish()
            server = await upstream.accept()
            assert await server.rest() == b""
            await server.send(b"+OK\r\n")
            await client.expect(b"+OK\r\n")
            client.close()
            server.close()


async def test_sessions_do_not_mix() -> None:
    async with relaying() as relayed:
        pairs = [await relayed.pair() for _ in range(20)]
        for number, (client, server) in enumerate(pairs):
            await server.send(b"+OK %d\r\n" % number)
            await client.send(b"NOOP %d\r\n" % number)
        for number, (client, server) in enumerate(pairs):
            await client.expect(b"+OK %d\r\n" % number)
            await server.expect(b"NOOP %d\r\n" % number)
