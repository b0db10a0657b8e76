"""Promise 20 and its like: who is slow slows nobody else, and makes nobody keep much."""

import asyncio
import hashlib
import random
import time
from itertools import cycle
from statistics import median

import pytest

from net.serving import Relayed, relaying
from net.wires import Wire
from pop3spy.gate.faults import FaultKeeper
from pop3spy.gate.faulttext import read_fault
from pop3spy.net.limits import Limits
from pop3spy.net.listen import raise_file_limit
from pop3spy.protocol.frames import Side
from pop3spy.session.events import Clogged, Ended

ENOUGH = 64 << 20
"""More than the buffers of two connections, in kernel and proxy, can ever hold."""
HELD = 16 << 20
SMALL = 65536
PIECE = random.Random(4).randbytes(1 << 20).replace(b"\n", b".")


async def slow_pair(relayed: Relayed, side: Side) -> tuple[Wire, Wire]:
    """Return who will talk, *side*, and who will not listen."""
    client = await relayed.client(receive_buffer=0 if side is Side.CLIENT else SMALL)
    server = await relayed.server()
    await server.send(b"+OK\r\n")
    await client.expect(b"+OK\r\n")
    return (client, server) if side is Side.CLIENT else (server, client)


def beginning(size: int) -> str:
    """Return the hash of the first *size* octets of an endless row of pieces."""
    found = hashlib.sha256()
    for _ in range(size // len(PIECE)):
        found.update(PIECE)
    found.update(PIECE[: size % len(PIECE)])
    return found.hexdigest()


class Talker:
    """Sends piece after piece for as long as somebody takes them."""

    def __init__(self, wire: Wire, most: int = ENOUGH) -> None:
        self.wire = wire
        self.most = most
        self.sent = 0

    async def talk(self) -> None:
        loop = asyncio.get_running_loop()
        for piece in cycle([PIECE]):
            if self.sent >= self.most:
                break
            await loop.sock_sendall(self.wire.sock, piece)
            self.sent += len(piece)
        self.wire.finish()

    async def is_stopped(self) -> None:
        """Wait until nothing was taken for a while; there is nothing else to wait for."""
        seen, since = -1, time.monotonic()
        while time.monotonic() - since < 0.3:
            if self.sent != seen:
                seen, since = self.sent, time.monotonic()
            await asyncio.sleep(0.01)


@pytest.mark.promise("slow")
@pytest.mark.parametrize("side", Side)
async def test_who_talks_to_a_peer_that_does_not_listen_is_stopped_and_loses_nothing(
    side: Side,
) -> None:
    async with relaying() as relayed:
        one, other = await slow_pair(relayed, side)
        talker = Talker(one)
        async with asyncio.TaskGroup() as group:
            group.create_task(talker.talk())
            await talker.is_stopped()
            assert talker.sent < HELD
            found, size = hashlib.sha256(), 0
            while data := await other.some():
                found.update(data)
                size += len(data)
        assert (size, found.hexdigest()) == (talker.sent, beginning(talker.sent))
        assert size >= ENOUGH


@pytest.mark.parametrize("line", [b"STLS\r\n", b"AUTH PLAIN\r\n", b"XTND XMIT\r\n"])
async def test_who_talks_at_a_gate_ahead_of_a_reply_is_stopped_and_loses_nothing(
    line: bytes,
) -> None:
    """What comes behind such a line is not read until the server has answered that."""
    async with relaying(keepers=[FaultKeeper(read_fault("stall when verb = STAT"), 0)]) as relayed:
        client, server = await relayed.greeted()
        await client.send(line)
        await server.expect(line)
        talker = Talker(client)
        async with asyncio.TaskGroup() as group:
            group.create_task(talker.talk())
            await talker.is_stopped()
            assert talker.sent < HELD
            await server.send(b"-ERR\r\n")
            found, size = hashlib.sha256(), 0
            while data := await server.some():
                found.update(data)
                size += len(data)
        assert (size, found.hexdigest()) == (talker.sent, beginning(talker.sent))
        assert size >= ENOUGH


@pytest.mark.promise("slow")
async def test_a_client_that_does_not_listen_slows_only_its_own_server() -> None:
    async with relaying() as relayed:
        one, _ = await slow_pair(relayed, Side.SERVER)
        talker = Talker(one)
        async with asyncio.TaskGroup() as group:
            talking = group.create_task(talker.talk())
            await talker.is_stopped()
            client, server = await relayed.greeted()
            await server.send(PIECE)
            await client.expect(PIECE)
            talking.cancel()


@pytest.mark.promise("slow")
async def test_the_other_way_stays_open_while_one_is_clogged() -> None:
    async with relaying() as relayed:
        server, client = await slow_pair(relayed, Side.SERVER)
        talker = Talker(server)
        async with asyncio.TaskGroup() as group:
            talking = group.create_task(talker.talk())
            await talker.is_stopped()
            for number in range(100):
                await client.send(b"NOOP %d\r\n" % number)
                await server.expect(b"NOOP %d\r\n" % number)
            talking.cancel()


async def test_a_reset_reaches_the_server_although_its_client_was_clogged() -> None:
    async with relaying() as relayed:
        server, client = await slow_pair(relayed, Side.SERVER)
        talker = Talker(server)
        talking = asyncio.gather(talker.talk(), return_exceptions=True)
        await talker.is_stopped()
        client.reset()
        (error,) = await talking
        assert isinstance(error, ConnectionResetError)
        await relayed.witness.ending()


@pytest.mark.promise("slow")
async def test_five_hundred_slow_sessions_do_not_slow_a_new_one() -> None:
    """Each says octet after octet and never ends its line, here as fast as it goes."""
    raise_file_limit()
    async with relaying(Limits(grace=1.0), witnessed=False) as relayed:
        slow: list[tuple[Wire, Wire]] = []
        for _ in range(500):
            slow.append(await relayed.pair())
            await slow[-1][0].send(b"x")
        everywhere = asyncio.Event()

        async def trickle() -> None:
            while True:
                for number, (client, server) in enumerate(slow):
                    client.sock.send(b"x")
                    server.sock.send(b"+")
                    if not number % 10:
                        await asyncio.sleep(0)
                everywhere.set()

        async with asyncio.TaskGroup() as group:
            trickling = group.create_task(trickle())
            took: list[float] = []
            while not (everywhere.is_set() and took):
                began = time.monotonic()
                client, server = await relayed.greeted()
                await client.send(b"QUIT\r\n")
                await server.expect(b"QUIT\r\n")
                await server.send(b"+OK bye\r\n")
                server.close()
                assert await client.rest() == b"+OK bye\r\n"
                took.append(time.monotonic() - began)
            trickling.cancel()
        assert median(took) < 1
        for client, server in slow:
            assert set(await client.some()) == {ord("+")}
            assert set(await server.some()) == {ord("x")}
        assert not relayed.witness.of(Ended)


async def test_that_neither_side_takes_what_is_sent_is_told_until_one_does_again() -> None:
    async with relaying() as relayed:
        client = await relayed.client(receive_buffer=SMALL)
        server = await relayed.server()
        talkers = Talker(client), Talker(server)
        async with asyncio.TaskGroup() as group:
            talking = [group.create_task(talker.talk()) for talker in talkers]
            for talker in talkers:
                await talker.is_stopped()
            assert [event.both for event in relayed.witness.of(Clogged)] == [True]
            for each in talking:
                each.cancel()
        while len(relayed.witness.of(Clogged)) == 1:
            assert await client.some()
        assert [event.both for event in relayed.witness.of(Clogged)][:2] == [True, False]
