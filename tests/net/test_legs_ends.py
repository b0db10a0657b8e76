"""How sessions inside TLS end, and what must not end them: alerts, closes, resets, slow peers."""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from net.legs import GREETING, arrive, granted, relay
from net.serving import Relayed
from net.shop import Shop
from net.test_pressure import HELD, PIECE, Talker, beginning
from net.wires import Wire
from pop3spy.protocol.frames import Side
from pop3spy.session.events import SideClosed
from pop3spy.session.how import How

WORDS = b"last words\r\n"
LEGS = [
    pytest.param("pop3s", "pop3s", id="TLS on both legs"),
    pytest.param("pop3s", "pop3", id="TLS with the client"),
    pytest.param("pop3", "pop3s", id="TLS with the server"),
    pytest.param("stls", "stls", id="inspected STLS"),
]
on_any_leg = pytest.mark.parametrize(("listener", "upstream"), LEGS)
from_each_side = pytest.mark.parametrize("side", Side)
from_each_side_with_tls = pytest.mark.parametrize(
    ("listener", "upstream", "side"),
    [
        ("pop3s", "pop3s", Side.CLIENT),
        ("pop3s", "pop3s", Side.SERVER),
        ("pop3s", "pop3", Side.CLIENT),
        ("pop3", "pop3s", Side.SERVER),
        ("stls", "stls", Side.CLIENT),
        ("stls", "stls", Side.SERVER),
    ],
)


@asynccontextmanager
async def session(
    shop: Shop, listener: str, upstream: str, side: Side
) -> AsyncIterator[tuple[Relayed, Wire, Wire]]:
    """Give a session behind its greeting: the proxy, the wire of *side*, and the other."""
    stls = listener == "stls"
    async with relay(shop.legs(), *(("pop3", "pop3") if stls else (listener, upstream))) as relayed:
        if stls:
            client, server = await granted(relayed, shop)
            await client.send(b"NOOP\r\n")
            await server.expect(b"NOOP\r\n")
            await server.send(b"+OK\r\n")
            await client.expect(b"+OK\r\n")  # else unread tickets would make a reset of a close
        else:
            client, server = await arrive(relayed, listener, upstream, shop)
        yield relayed, *((client, server) if side is Side.CLIENT else (server, client))


async def finish(wire: Wire) -> None:
    """Say that no more will come, in whatever the connection has."""
    if wire.tls:
        await wire.end_tls()
    else:
        wire.finish()


@from_each_side
@on_any_leg
async def test_a_half_close_is_a_half_close_and_the_other_way_stays_open(
    shop: Shop, listener: str, upstream: str, side: Side
) -> None:
    """In TLS a close_notify is enough; no FIN has to come with it."""
    async with session(shop, listener, upstream, side) as (relayed, one, other):
        await one.send(WORDS)
        await finish(one)
        assert await other.rest() == WORDS
        assert other.farewell is bool(other.tls)
        for word in (b"+OK heard\r\n", b"and more\r\n"):
            await other.send(word)
            await one.expect(word)
        await finish(other)
        assert await one.rest() == b""
        assert one.farewell is bool(one.tls)
        closed = How.CLIENT_CLOSED if side is Side.CLIENT else How.SERVER_CLOSED
        assert (await relayed.witness.ending()).how is closed
        assert [told.close_notify for told in relayed.witness.of(SideClosed)] == [
            True if wire.tls else None for wire in (one, other)
        ]


@from_each_side
@on_any_leg
async def test_who_hangs_up_without_ending_tls_is_passed_on_as_that(
    shop: Shop, listener: str, upstream: str, side: Side
) -> None:
    """A client that takes this for an attack has to be able to."""
    async with session(shop, listener, upstream, side) as (relayed, one, other):
        await one.send(WORDS)
        one.finish()
        assert await other.rest() == WORDS
        assert other.farewell is (bool(other.tls) and not one.tls)
        await other.send(b"+OK heard\r\n")
        await one.expect(b"+OK heard\r\n")
        other.close()
        assert await one.rest() == b""
        await relayed.witness.ending()
        assert [told.close_notify for told in relayed.witness.of(SideClosed)] == [
            False if wire.tls else None for wire in (one, other)
        ]


@from_each_side
@on_any_leg
async def test_what_was_said_right_before_a_close_arrives(
    shop: Shop, listener: str, upstream: str, side: Side
) -> None:
    async with session(shop, listener, upstream, side) as (relayed, one, other):
        much = bytes(1 << 20)
        sending = asyncio.get_running_loop().create_task(say_and_close(one, much))
        assert await other.rest() == much
        await sending
        other.close()
        await relayed.witness.ending()


async def say_and_close(wire: Wire, data: bytes) -> None:
    await wire.send(data)
    await finish(wire)
    wire.close()


@from_each_side
@on_any_leg
async def test_a_reset_is_a_reset_and_overtakes_no_octet(
    shop: Shop, listener: str, upstream: str, side: Side
) -> None:
    async with session(shop, listener, upstream, side) as (relayed, one, other):
        await one.send(WORDS)
        await other.expect(WORDS)
        one.reset()
        assert await other.until_reset() == b""
        how = How.CLIENT_RESET if side is Side.CLIENT else How.SERVER_RESET
        assert (await relayed.witness.ending()).how is how


@from_each_side_with_tls
async def test_what_comes_behind_the_end_of_tls_is_nobody_s(
    shop: Shop, listener: str, upstream: str, side: Side
) -> None:
    async with session(shop, listener, upstream, side) as (relayed, one, other):
        await one.send(WORDS)
        await one.end_tls()
        await one._send(b"USER mallory\r\n")
        one.close()
        assert await other.rest() == WORDS
        other.close()
        await relayed.witness.ending()
        assert "mallory" not in repr(relayed.witness.lines())


@from_each_side_with_tls
async def test_what_came_whole_before_such_a_record_arrives(
    shop: Shop, listener: str, upstream: str, side: Side
) -> None:
    async with session(shop, listener, upstream, side) as (relayed, one, other):
        assert one.tls
        one.tls.write(WORDS)
        await one._send(one._records[1].read() + b"\x17\x03\x03\0\5junk!")
        assert await other.rest() == WORDS
        other.close()
        assert (await relayed.witness.ending()).how is How.TLS


@from_each_side_with_tls
async def test_a_record_that_was_tampered_with_ends_the_session_and_is_told(
    shop: Shop, listener: str, upstream: str, side: Side
) -> None:
    async with session(shop, listener, upstream, side) as (relayed, one, other):
        assert one.tls
        one.tls.write(b"USER mallory\r\n")
        record = bytearray(one._records[1].read())
        record[-1] ^= 1
        await one._send(bytes(record))
        with pytest.raises(ssl.SSLError, match="bad record mac"):
            await one.rest()
        assert await other.rest() == b""
        assert not other.farewell
        other.close()
        ending = await relayed.witness.ending()
        assert ending.how is How.TLS
        assert ending.why
        assert "mallory" not in repr(relayed.witness.events)


@pytest.mark.promise("tickets")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_client_that_comes_again_takes_its_session_up(
    shop: Shop, version: ssl.TLSVersion
) -> None:
    """Tickets come when nobody expects octets, and must neither stall a session nor break it."""
    context = shop.client()
    context.minimum_version = context.maximum_version = version
    async with relay(shop.legs(), "pop3s", "pop3") as relayed:
        known: ssl.SSLSession | None = None
        for number in range(1, 4):
            client = await relayed.client()
            loop = asyncio.get_running_loop()
            serving = loop.create_task(relayed.server())
            tls = await client.begin_tls(context, "proxy.example", session=known)
            server = await serving
            await server.send(GREETING)
            await client.expect(GREETING)
            assert tls.session_reused is (number > 1)
            known = tls.session
            await client.send(b"QUIT\r\n")
            await server.expect(b"QUIT\r\n")
            await server.send(b"+OK\r\n")
            server.close()
            assert await client.rest() == b"+OK\r\n"
            client.close()
            assert (await relayed.witness.ending(number)).how is How.QUIT


class TlsTalker(Talker):
    """Talks inside TLS."""

    async def talk(self) -> None:
        while self.sent < self.most:
            await self.wire.send(PIECE)
            self.sent += len(PIECE)
        await finish(self.wire)


@pytest.mark.promise("slow")
@from_each_side
@on_any_leg
async def test_who_talks_to_a_peer_that_does_not_listen_is_stopped_and_loses_nothing(
    shop: Shop, listener: str, upstream: str, side: Side
) -> None:
    async with session(shop, listener, upstream, side) as (_, one, other):
        talker = TlsTalker(one, most=24 << 20)
        async with asyncio.TaskGroup() as group:
            group.create_task(talker.talk())
            await talker.is_stopped()
            assert talker.sent < HELD
            found, size = hashlib.sha256(), 0
            while data := await other.some():
                found.update(data)
                size += len(data)
        assert (size, found.hexdigest()) == (talker.sent, beginning(talker.sent))


@on_any_leg
async def test_the_other_way_stays_open_while_one_is_clogged(
    shop: Shop, listener: str, upstream: str
) -> None:
    async with session(shop, listener, upstream, Side.SERVER) as (_, server, client):
        talker = TlsTalker(server, most=64 << 20)
        async with asyncio.TaskGroup() as group:
            talking = group.create_task(talker.talk())
            await talker.is_stopped()
            for number in range(100):
                await client.send(b"NOOP %d\r\n" % number)
                await server.expect(b"NOOP %d\r\n" % number)
            talking.cancel()


@on_any_leg
async def test_a_proxy_that_stops_ends_tls_as_it_should(
    shop: Shop, listener: str, upstream: str
) -> None:
    async with session(shop, listener, upstream, Side.CLIENT) as (relayed, client, server):
        relayed.stop.set()
        for wire in (client, server):
            assert await wire.rest() == b""
            assert wire.farewell is bool(wire.tls)
            with suppress(OSError):
                wire.close()
        assert (await relayed.witness.ending()).how is How.SHUTDOWN


@pytest.mark.promise("stls")
@pytest.mark.parametrize(("listener", "upstream"), [("pop3s", "pop3s"), ("stls", "stls")])
async def test_stls_inside_tls_is_a_command_as_any_other_however_it_is_cut(
    shop: Shop, listener: str, upstream: str
) -> None:
    async with session(shop, listener, upstream, Side.CLIENT) as (relayed, client, server):
        for cut in range(len(b"STLS\r\n") + 1):
            await client.send(b"STLS\r\n"[:cut])
            if cut:
                await server.expect(b"STLS\r\n"[:cut])
            await client.send(b"STLS\r\n"[cut:] + b"NOOP\r\n")
            await server.expect(b"STLS\r\n"[cut:] + b"NOOP\r\n")
            await server.send(b"-ERR TLS is there\r\n+OK\r\n")
            await client.expect(b"-ERR TLS is there\r\n+OK\r\n")
        assert relayed.witness.lines()[-4:-2] == ["C: STLS", "S: -ERR TLS is there"]
