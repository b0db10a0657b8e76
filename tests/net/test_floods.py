"""Promises 17 to 19: what never ends takes no more memory than what does, and arrives unchanged.

``POP3SPY_FLOOD=full`` makes each flood as long as the promise says; a part is sent otherwise, of
which 170 octets a line that stayed would be more than the bound.
"""

import asyncio
import json
import os
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from net import alone
from net.wires import Door, Wire, door
from pop3spy.protocol.url import Url

GIB = 1 << 30
FULL = os.environ.get("POP3SPY_FLOOD") == "full"
BOUND = 16 << 20
PIECE = 1 << 20
LINES = 10_000
MANY = 30 if FULL else 10
"""How often so many lines are sent."""
CATCHING_UP = 120.0
"""Seconds that reading may lag behind the wire on a busy machine."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc"),
]


class Alone:
    """The process, and the door at which it asks for a server."""

    def __init__(self, process: asyncio.subprocess.Process, upstream: Door) -> None:
        self.process = process
        self.upstream = upstream
        self.port = 0
        self.wires: list[Wire] = []

    async def said(self) -> dict[str, Any]:
        """Return the next line of the process."""
        assert self.process.stdout
        async with asyncio.timeout(CATCHING_UP):
            said = json.loads(await self.process.stdout.readline())
        assert isinstance(said, dict)
        return said

    async def ended(self, before: int) -> dict[str, Any]:
        """Return what is said of a session at its end; since *before* little memory was taken."""
        told = await self.said()
        assert "complaint" not in told
        growth = told["peak"] - before
        print(f"memory grew by {growth / 1e6:.1f} MB from {before / 1e6:.1f} MB")  # noqa: T201
        assert growth < BOUND
        return told

    async def pair(self) -> tuple[Wire, Wire]:
        client = await Wire.to(Url("pop3", "127.0.0.1", self.port))
        self.wires += client, (server := await self.upstream.accept())
        client.patience = server.patience = CATCHING_UP
        return client, server

    async def warmed_up(self) -> int:
        """Let a short session pass and return the memory it took to do so."""
        client, server = await self.pair()
        await server.send(b"+OK\r\n")
        await client.expect(b"+OK\r\n")
        await client.send(b"APOP bob ffff\r\nRETR 1\r\n" + b"NOOP\r\n" * 2000)
        await server.receive(23 + 12000)
        await server.send(b"+OK\r\n+OK\r\n" + bytes(PIECE) + b"\r\n.\r\n" + b"+OK\r\n" * 2000)
        await client.receive(10 + PIECE + 5 + 10000)
        client.close()
        server.close()
        return int((await self.said())["peak"])


@asynccontextmanager
async def running() -> AsyncIterator[Alone]:
    """Run a proxy alone, on the same kind of loop as this test."""
    loop = type(asyncio.get_running_loop()).__module__.partition(".")[0]
    with door() as upstream:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(alone.__file__)),
            loop,
            upstream.url.host,
            str(upstream.url.port),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        found = Alone(process, upstream)
        try:
            found.port = (await found.said())["port"]
            yield found
        finally:
            for wire in found.wires:
                wire.close()
            assert process.stdin
            process.stdin.close()
            async with asyncio.timeout(CATCHING_UP):
                assert await process.wait() == 0


async def flood(sender: Wire, receiver: Wire, piece: bytes, times: int) -> None:
    """Send *piece* again and again; each octet must arrive where it belongs."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_send(sender, piece, times))
        group.create_task(_check(receiver, piece, times))


async def _send(sender: Wire, piece: bytes, times: int) -> None:
    for _ in range(times):
        await sender.send(piece)


async def _check(receiver: Wire, piece: bytes, times: int) -> None:
    expected, at, left = memoryview(piece * 2), 0, len(piece) * times
    while left:
        data = await receiver.some(min(left, len(piece)))
        assert data, f"{left} octets are missing"
        assert data == expected[at : at + len(data)]
        at = (at + len(data)) % len(piece)
        left -= len(data)


def no_line(size: int) -> bytes:
    """Return octets of which no two neighbours are alike, and no line end."""
    return bytes(range(32, 127)) * (size // 95)


async def test_an_endless_line_of_the_client_takes_little_memory() -> None:
    piece = no_line(PIECE)
    async with running() as proxy:
        before = await proxy.warmed_up()
        client, server = await proxy.pair()
        await server.send(b"+OK\r\n")
        await client.expect(b"+OK\r\n")
        await flood(client, server, piece, (GIB if FULL else GIB // 4) // len(piece) + 1)
        client.close()
        server.close()
        told = await proxy.ended(before)
        assert told["kinds"].pop("C Opaque TOO_LONG") > 1
        assert told["kinds"] == {"S StatusLine": 1, "C CommandLine truncated": 1}


async def test_an_endless_line_of_the_server_takes_little_memory() -> None:
    piece = no_line(PIECE)
    async with running() as proxy:
        before = await proxy.warmed_up()
        client, server = await proxy.pair()
        await server.send(b"+OK ")
        await client.expect(b"+OK ")
        await flood(server, client, piece, (GIB if FULL else GIB // 4) // len(piece) + 1)
        client.close()
        server.close()
        told = await proxy.ended(before)
        assert told["kinds"].pop("S Opaque TOO_LONG") > 1
        assert told["kinds"] == {"S StatusLine truncated": 1}


async def test_an_endless_reply_takes_little_memory() -> None:
    piece = b"..a line of text that has a dot at its start\r\n" * (PIECE // 46)
    async with running() as proxy:
        before = await proxy.warmed_up()
        client, server = await proxy.pair()
        await server.send(b"+OK\r\n")
        await client.expect(b"+OK\r\n")
        for line in (b"APOP bob ffff\r\n", b"RETR 1\r\n"):
            await client.send(line)
            await server.expect(line)
            await server.send(b"+OK\r\n")
            await client.expect(b"+OK\r\n")
        times = (4 * GIB if FULL else GIB // 2) // len(piece) + 1
        await flood(server, client, piece, times)
        await server.send(b".\r\n")
        await client.expect(b".\r\n")
        client.close()
        server.close()
        told = await proxy.ended(before)
        assert told["octets"]["S"] == len(piece) * times + 3 * 5 + 3
        assert told["kinds"].pop("S BodyPart") + told["kinds"].pop("S BodyPart truncated", 0) > 1
        assert told["kinds"] == {"S StatusLine": 3, "C CommandLine": 2, "S BodyEnd": 1}


@pytest.mark.parametrize("greeted", [True, False])
async def test_many_commands_to_a_silent_server_take_little_memory(*, greeted: bool) -> None:
    piece = b"NOOP\r\n" * LINES
    async with running() as proxy:
        before = await proxy.warmed_up()
        client, server = await proxy.pair()
        if greeted:
            await server.send(b"+OK\r\n")
            await client.expect(b"+OK\r\n")
        await flood(client, server, piece, MANY)
        client.close()
        server.close()
        told = await proxy.ended(before)
        kinds = told["kinds"]
        assert kinds["C CommandLine"] + kinds["C Opaque OUT_OF_STEP"] >= MANY * LINES


async def test_many_replies_to_nothing_take_little_memory() -> None:
    piece = b"+OK\r\n" * LINES
    async with running() as proxy:
        before = await proxy.warmed_up()
        client, server = await proxy.pair()
        await flood(server, client, piece, MANY)
        client.close()
        server.close()
        told = await proxy.ended(before)
        assert told["octets"]["S"] == MANY * len(piece)


async def test_many_empty_lines_take_little_memory() -> None:
    """The most frames that octets can make."""
    piece = b"\n" * LINES
    async with running() as proxy:
        before = await proxy.warmed_up()
        client, server = await proxy.pair()
        await flood(client, server, piece, MANY)
        client.close()
        server.close()
        await proxy.ended(before)


async def test_more_clients_than_files_are_allowed_harm_no_session_and_not_the_next() -> None:
    async with running() as proxy:
        client, server = await proxy.pair()
        resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, (40, 40))
        crowd = [await Wire.to(Url("pop3", "127.0.0.1", proxy.port)) for _ in range(60)]
        for _ in range(10):
            await server.send(b"+OK\r\n")
            await client.expect(b"+OK\r\n")
        for each in crowd:
            each.close()
        said = b""
        while not said:  # those who left are served in vain, or were turned away
            late, behind = await proxy.pair()
            with suppress(ConnectionError):
                await late.send(b"NOOP\r\n")
                said = await behind.some()
            late.close()
            behind.close()
        assert said == b"NOOP\r\n"
        client.close()
        server.close()
