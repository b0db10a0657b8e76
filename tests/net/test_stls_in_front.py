"""STLS that a proxy grants in front of a host: what was said in clear counts no more."""

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from net.responders import Scripted
from net.serving import DEFAULT, Relayed, relaying
from net.shop import Shop
from net.wires import Wire
from pop3spy.net.host import Host
from pop3spy.net.leg import GRANT
from pop3spy.protocol.states import State
from pop3spy.protocol.url import parse_url
from pop3spy.replay.stand_in import StandIn
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Moved
from pop3spy.session.how import How
from pop3spy.session.responder import Answer, Responder
from postoffice.speaking import FIRST, office
from replay.tapes import behind_login

PLAIN = b"AUTH PLAIN " + base64.b64encode(b"\0demo\0demo")


def replayed() -> Responder:
    script = behind_login("C: STAT\nS: +OK 0 0\nC: QUIT\nS: +OK bye")
    return StandIn(script, users={b"demo": b"demo"}).session()


RESPONDERS = {"post office": office(FIRST).session, "replay": replayed}


@asynccontextmanager
async def in_front_of(
    responder: Callable[[], Responder], shop: Shop, scheme: str = "pop3"
) -> AsyncIterator[Relayed]:
    host = Host(responder, Bus(lambda *_: None), Clock(), DEFAULT)
    listen = (parse_url(f"{scheme}://127.0.0.1:0"),)
    async with relaying(DEFAULT, upstream=host, listen=listen, legs=shop.legs()) as relayed:
        yield relayed


async def ask(client: Wire, line: bytes) -> bytes:
    """Return whether the reply to *line* was positive: its status indicator."""
    await client.send(line + b"\r\n")
    return (await client.line()).split()[0]


@pytest.mark.parametrize("responder", RESPONDERS.values(), ids=RESPONDERS)
@pytest.mark.parametrize(
    ("in_clear", "inside"),
    [
        ([b"USER demo"], {b"PASS demo": b"-ERR"}),
        ([b"USER demo"], {b"USER demo": b"+OK", b"PASS demo": b"+OK"}),
        ([b"USER nobody"], {b"USER demo": b"+OK", b"PASS demo": b"+OK"}),
        ([b"USER demo"], {PLAIN: b"+OK"}),
        ([b"USER demo", b"PASS wrong"], {PLAIN: b"+OK"}),
        ([], {b"USER demo": b"+OK", b"PASS demo": b"+OK"}),
    ],
)
async def test_inside_tls_a_client_begins_anew(
    shop: Shop,
    responder: Callable[[], Responder],
    in_clear: list[bytes],
    inside: dict[bytes, bytes],
) -> None:
    async with in_front_of(responder, shop) as relayed:
        client = await relayed.client()
        await client.line()
        for line in in_clear:
            await ask(client, line)
        await client.talk(b"STLS\r\n", GRANT)
        await client.begin_tls(shop.client(), "proxy.example")
        assert {line: await ask(client, line) for line in inside} == inside


async def test_a_user_sent_ahead_of_stls_counts_no_more(shop: Shop) -> None:
    async with in_front_of(office(FIRST).session, shop) as relayed:
        client = await relayed.client()
        await client.line()
        await client.send(b"USER demo\r\nSTLS\r\nPASS demo\r\n")
        assert (await client.line()).startswith(b"+OK")
        await client.expect(GRANT)
        await client.begin_tls(shop.client(), "proxy.example")
        await client.talk(b"PASS demo\r\n", b"-ERR PASS must follow USER\r\n")
        client.close()
        await relayed.witness.ending()
        moves = [each.after for each in relayed.witness.of(Moved)]
        assert moves == [State.AUTHORIZATION, State.USER_GIVEN, State.AUTHORIZATION]


@pytest.mark.parametrize("scheme", ["pop3", "pop3+stls"])
async def test_a_host_is_told_of_tls_between_the_last_line_in_clear_and_the_first_inside(
    shop: Shop, scheme: str
) -> None:
    scripted = Scripted({"NOOP": Answer(b"+OK"), "CAPA": Answer(b"+OK", [])})
    async with in_front_of(lambda: scripted, shop, scheme) as relayed:
        client = await relayed.client()
        await client.line()
        await client.send(b"NOOP\r\n" * 3 + b"STLS\r\n")
        await client.expect(b"+OK\r\n" * 3 + GRANT)
        await client.begin_tls(shop.client(), "proxy.example")
        await client.talk(b"NOOP\r\n", b"+OK\r\n")
        assert scripted.asked == [*[b"NOOP"] * 3, b"(TLS)", b"NOOP"]


async def test_a_host_that_has_quit_is_told_nothing(shop: Shop) -> None:
    scripted = Scripted({"QUIT": Answer(b"+OK bye", close=True)})
    async with in_front_of(lambda: scripted, shop) as relayed:
        client = await relayed.client()
        await client.line()
        await client.send(b"QUIT\r\nSTLS\r\n")
        await client.rest()
        assert scripted.asked == [b"QUIT"]


async def test_an_overlong_line_is_answered_through_the_proxy_too(shop: Shop) -> None:
    async with in_front_of(lambda: Scripted({"NOOP": Answer(b"+OK")}), shop) as relayed:
        client = await relayed.client()
        await client.line()
        await client.send(b"x" * 40_000)
        await client.expect(b"-ERR this line is too long\r\n")
        await client.talk(b"\r\nNOOP\r\n", b"+OK\r\n")
        with suppress(ConnectionError):
            for _ in range(300):
                await client.send(b"x" * 10_000)
        assert (await relayed.witness.ending()).how is How.SERVER_RESET
