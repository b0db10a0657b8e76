"""A session that is over leaves memory at once, without waiting for the cyclic collector."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator

import pytest

from net.legs import WAYS, arrive, granted, relay, up_to_tls
from net.responders import Scripted
from net.serving import Relayed, hosting, relaying
from net.shop import Shop
from net.test_fail_open import break_at
from net.test_legs_ends import LEGS
from net.test_stls_in_front import in_front_of
from net.wires import nobody
from pop3spy.gate.faults import FaultKeeper
from pop3spy.gate.faulttext import read_fault
from pop3spy.net.accepted_client import AcceptedClient
from pop3spy.net.evidence import Evidence
from pop3spy.net.guard import Guard
from pop3spy.net.half import Half
from pop3spy.net.handshakes import Handshakes
from pop3spy.net.layer import Layer
from pop3spy.net.limits import Limits
from pop3spy.net.link import Link
from pop3spy.net.observer import Observer
from pop3spy.net.pending_connection import PendingConnection
from pop3spy.protocol.decoder import Decoder
from pop3spy.session.model import Session
from pop3spy.session.reading import Reading
from pop3spy.session.responder import Answer
from pop3spy.session.tracker import Tracker

Gone = Callable[[], Awaitable[None]]

KINDS = (
    AcceptedClient,
    Decoder,
    Evidence,
    Guard,
    Half,
    Handshakes,
    Layer,
    Link,
    Observer,
    PendingConnection,
    Reading,
    Session,
    Tracker,
)


@pytest.fixture(autouse=True)
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def nothing_is_left() -> Gone:
    """Wait until the objects of all sessions of this test are gone.

    Transports let go of their protocols some turns of the loop after they have closed.
    """
    before = {id(each) for each in gc.get_objects() if isinstance(each, KINDS)}

    def left() -> list[str]:
        found = (each for each in gc.get_objects() if isinstance(each, KINDS))
        return [type(each).__name__ for each in found if id(each) not in before]

    async def check() -> None:
        for _ in range(200):
            if not left():
                return
            await asyncio.sleep(0)
        assert not left()

    return check


async def quits(relayed: Relayed) -> None:
    client, server = await relayed.greeted()
    commands = b"USER bob\r\nPASS tanstaaf\r\nRETR 1\r\nQUIT\r\n"
    await client.send(commands)
    await server.expect(commands)
    await server.send(b"+OK\r\n+OK\r\n+OK\r\nHello\r\n.\r\n+OK\r\n")
    server.close()
    await client.rest()
    client.close()


async def resets(relayed: Relayed) -> None:
    client, _ = await relayed.greeted()
    client.reset()


async def is_reset(relayed: Relayed) -> None:
    _, server = await relayed.greeted()
    server.reset()


async def breaks_off_in_a_body(relayed: Relayed) -> None:
    client, server = await relayed.greeted()
    await client.send(b"RETR 1\r\n")
    await server.line()
    await server.send(b"+OK\r\nhalf")
    await client.expect(b"+OK\r\nhalf")
    server.close()
    client.close()


async def is_opaque(relayed: Relayed) -> None:
    client, server = await relayed.greeted()
    await client.send(b"\x16\x03\x01\x00\x05hello")
    await server.receive(10)
    client.close()
    server.close()


@pytest.mark.promise("memory")
@pytest.mark.parametrize("story", [quits, resets, is_reset, breaks_off_in_a_body, is_opaque])
@pytest.mark.parametrize("idle", [0, 1000])
async def test_a_session_that_is_over_is_gone(
    story: Callable[[Relayed], Awaitable[None]],
    idle: float,
    nothing_is_left: Gone,
) -> None:
    async with relaying(Limits(idle_timeout=idle, grace=2.0)) as relayed:
        relayed.bus.subscribe(lambda _: lambda _: None)
        await story(relayed)
        await relayed.witness.ending()
        relayed.witness.events.clear()
        await nothing_is_left()


@pytest.mark.promise("memory")
@pytest.mark.parametrize(
    ("listener", "upstream"),
    [*LEGS, pytest.param("pop3", "pop3+stls", id="TLS that was asked of the server")],
)
async def test_a_session_inside_tls_is_gone(
    shop: Shop, listener: str, upstream: str, nothing_is_left: Gone
) -> None:
    """What is left of one is 50 KiB of OpenSSL's, which no collector knows to be in a hurry for."""
    stls = listener == "stls"
    async with relay(shop.legs(), *(("pop3", "pop3") if stls else (listener, upstream))) as relayed:
        if stls:
            client, server = await granted(relayed, shop)
        else:
            client, server = await arrive(relayed, listener, upstream, shop)
        await client.send(b"QUIT\r\n")
        await server.expect(b"QUIT\r\n")
        await server.send(b"+OK\r\n")
        server.close()
        await client.rest()
        client.close()
        await relayed.witness.ending()
        relayed.witness.events.clear()
        await nothing_is_left()


@pytest.mark.promise("memory")
@pytest.mark.parametrize("way", ["in clear", "STLS", "TLS at once"])
async def test_a_session_with_a_host_behind_a_proxy_is_gone(
    shop: Shop, way: str, nothing_is_left: Gone
) -> None:
    scheme = "pop3s" if way == "TLS at once" else "pop3"
    responder = Scripted({"NOOP": Answer(b"+OK"), "QUIT": Answer(b"+OK bye", close=True)})
    async with in_front_of(lambda: responder, shop, scheme) as relayed:
        client = await relayed.client()
        if way == "TLS at once":
            await client.begin_tls(shop.client(), "proxy.example")
        assert await client.line() == b"+OK ready\r\n"
        if way == "STLS":
            await client.send(b"STLS\r\n")
            assert (await client.line()).startswith(b"+OK")
            await client.begin_tls(shop.client(), "proxy.example")
        await client.send(b"NOOP\r\nQUIT\r\n")
        await client.rest()
        client.close()
        await relayed.witness.ending()
        relayed.witness.events.clear()
        await nothing_is_left()


@pytest.mark.promise("memory")
@pytest.mark.parametrize("way", WAYS)
async def test_a_session_whose_handshake_failed_is_gone(
    shop: Shop, way: str, nothing_is_left: Gone
) -> None:
    async with relay(shop.legs(), "pop3", WAYS[way]) as relayed:
        client, server = await up_to_tls(relayed, way)
        assert await server.some()  # else it would be said in clear, behind the grant
        await server.send(b"this is no TLS\r\n")
        await client.rest()
        client.close()
        server.close()
        await relayed.witness.ending()
        relayed.witness.events.clear()
        await nothing_is_left()


@pytest.mark.promise("memory")
@pytest.mark.parametrize("story", [quits, resets, is_reset, breaks_off_in_a_body])
@pytest.mark.parametrize("leaves", [False, True])
async def test_a_session_that_was_judged_is_gone(
    story: Callable[[Relayed], Awaitable[None]], nothing_is_left: Gone, *, leaves: bool
) -> None:
    """So it is if nobody wanted to judge it any more before its end."""
    keeper = FaultKeeper(read_fault("slice when verb = LIST"), 0)
    async with relaying(keepers=[keeper]) as relayed:
        if leaves:
            client, server = await relayed.greeted()
            relayed.keep()
            await client.send(b"NOOP\r\n")
            await server.expect(b"NOOP\r\n")
            client.reset()
            await relayed.witness.ending()
            relayed.keep(keeper)
            relayed.witness.events.clear()
        await story(relayed)
        await relayed.witness.ending(2 if leaves else 1)
        relayed.witness.events.clear()
        await nothing_is_left()


async def test_a_session_that_went_blind_is_gone(
    monkeypatch: pytest.MonkeyPatch, nothing_is_left: Gone
) -> None:
    break_at(monkeypatch, Reading, "at_once", 1)
    async with relaying() as relayed:
        await resets(relayed)
        await relayed.witness.ending()
        relayed.witness.events.clear()
        await nothing_is_left()


async def test_a_session_that_never_had_a_server_is_gone(nothing_is_left: Gone) -> None:
    async with relaying(upstream=nobody()) as relayed:
        client = await relayed.client()
        assert await client.rest() == b""
        client.close()
        await relayed.witness.ending()
        relayed.witness.events.clear()
        await nothing_is_left()


async def test_a_client_that_was_sent_away_is_gone(nothing_is_left: Gone) -> None:
    async with relaying(Limits(max_sessions=1, grace=2.0)) as relayed:
        first, server = await relayed.greeted()
        client = await relayed.client()
        assert await client.rest() == b""
        client.close()
        await relayed.witness.ending(2)
        first.close()
        server.close()
        await relayed.witness.ending(1)
        relayed.witness.events.clear()
        await nothing_is_left()


async def test_a_guest_that_left_is_gone(nothing_is_left: Gone) -> None:
    responder = Scripted({"QUIT": Answer(b"+OK bye", close=True)})
    async with hosting(lambda: responder) as served:
        for last_words in (b"QUIT\r\n", b""):
            client = await served.client()
            assert await client.line() == b"+OK ready\r\n"
            await client.send(last_words)
            client.finish()
            await client.rest()
            client.close()
        await served.witness.ending(1)
        await served.witness.ending(2)
        served.witness.events.clear()
        await nothing_is_left()
