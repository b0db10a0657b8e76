"""TLS on the legs of a proxy: at once, after STLS, on one of them, on both, on none."""

import asyncio
import ssl
from contextlib import suppress

import pytest

from net.legs import GRANT, GREETING, WAYS, arrive, grant, granted, relay
from net.shop import Shop
from net.test_fail_open import break_at
from net.wires import Wire
from pop3spy.gate.faults import FaultKeeper
from pop3spy.gate.faulttext import read_fault
from pop3spy.gate.holds import Holds
from pop3spy.net.leg import GRANT as OFFERED
from pop3spy.net.stls import NO_TLS, STLS_FIRST
from pop3spy.protocol.command_reader import AHEAD
from pop3spy.protocol.decoder import Decoder
from pop3spy.protocol.frames import Side
from pop3spy.redaction.redactor import Redactor
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Blinded, Intervened, Secured
from pop3spy.session.how import How

MESSAGE = b"+OK 12 octets\r\nLine\r\n..dot\r\n.\r\n"


UPSTREAMS = ["pop3", "pop3s", "pop3+stls"]
LISTENERS = ["pop3", "pop3s"]


@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("listener", LISTENERS)
async def test_whatever_the_legs_have_the_conversation_is_the_same(
    shop: Shop, listener: str, upstream: str
) -> None:
    async with relay(shop.legs(), listener, upstream) as relayed:
        client, server = await arrive(relayed, listener, upstream, shop)
        await client.send(b"RETR 1\r\n")
        await server.expect(b"RETR 1\r\n")
        await server.send(MESSAGE)
        await client.expect(MESSAGE)
        await client.send(b"QUIT\r\n")
        await server.expect(b"QUIT\r\n")
        await server.send(b"+OK\r\n")
        await client.expect(b"+OK\r\n")
        server.close()
        assert await client.rest() == b""
        client.close()
        assert (await relayed.witness.ending()).how is How.QUIT
        legs = {event.tls.side for event in relayed.witness.of(Secured)}
        assert legs == {
            side
            for side, tls in (("server", upstream != "pop3"), ("client", listener == "pop3s"))
            if tls
        }


async def test_what_is_said_behind_stls_is_read(shop: Shop) -> None:
    async with relay(shop.legs(), "pop3", "pop3") as relayed:
        client, server = await granted(relayed, shop)
        await client.send(b"PASS sesame123\r\n")
        await server.expect(b"PASS sesame123\r\n")
        await server.send(b"+OK 1 message\r\n")
        await client.expect(b"+OK 1 message\r\n")
        await relayed.witness.heard_all(Side.SERVER, b"+OK 1 message\r\n")
        assert "sesame" not in repr(relayed.witness.events)
        assert relayed.witness.lines()[1:] == [
            "C: STLS",
            "S: +OK go on",
            "C: PASS ********",
            "S: +OK 1 message",
        ]


@pytest.mark.promise("alpn")
@pytest.mark.parametrize("offered", [["pop3"], ["h2", "http/1.1"]])
@pytest.mark.parametrize("way", ["at once", "inspected"])
async def test_a_client_may_offer_any_protocol_by_alpn(
    shop: Shop, way: str, offered: list[str]
) -> None:
    """Nothing is chosen, and nothing asked of the server (RFC 7301): most know no ALPN for POP3."""
    context, server_context = shop.client(), shop.kinds["good"].context()
    context.set_alpn_protocols(offered)
    server_context.set_alpn_protocols(["pop3", "h2"])
    scheme = WAYS[way]
    async with relay(shop.legs(), scheme, scheme) as relayed:
        client = await relayed.client()

        async def serve() -> Wire:
            server = await relayed.server()
            if way == "at once":
                await server.begin_tls(server_context)
            await server.send(GREETING)
            return server

        async with asyncio.TaskGroup() as group:
            serving = group.create_task(serve())
            if way == "at once":
                await client.begin_tls(context, "proxy.example")
        await client.expect(GREETING)
        server = serving.result()
        if way == "inspected":
            await client.send(b"STLS\r\n")
            await server.expect(b"STLS\r\n")
            await server.send(GRANT)
            await server.begin_tls(server_context)
            await client.expect(GRANT)
            await client.begin_tls(context, "proxy.example")
        await client.send(b"NOOP\r\n")
        await server.expect(b"NOOP\r\n")
        assert client.tls is not None
        assert server.tls is not None
        assert client.tls.selected_alpn_protocol() is None
        assert server.tls.selected_alpn_protocol() is None


INJECTED = b"CAPA\r\nUSER eve\r\n"


@pytest.mark.promise("stls")
@pytest.mark.parametrize("cut", range(len(b"STLS\r\n") + len(INJECTED) + 1))
async def test_what_a_client_says_in_clear_behind_stls_goes_nowhere(shop: Shop, cut: int) -> None:
    async with relay(shop.legs(), "pop3", "pop3") as relayed:
        client, server = await relayed.greeted()
        wire = b"STLS\r\n" + INJECTED
        await client.send(wire[:cut])
        await relayed.witness.until(lambda: cut < 6 or "C: STLS" in relayed.witness.lines())
        await client.send(wire[cut:])
        await grant(client, server, shop)
        await client.send(b"NOOP\r\n")
        await server.expect(b"NOOP\r\n")
        assert any(event.by == "stls" for event in relayed.witness.of(Intervened))


@pytest.mark.parametrize("line", [b"USER eve\r\n", b"x"], ids=["lines", "no line"])
async def test_however_much_a_client_says_behind_stls_goes_nowhere(shop: Shop, line: bytes) -> None:
    much = line * (2 * AHEAD // len(line))
    async with relay(shop.legs(), "pop3", "pop3") as relayed:
        client, server = await relayed.greeted()
        await client.send(b"STLS\r\n" + much)
        await grant(client, server, shop)
        await client.send(b"NOOP\r\n")
        await server.expect(b"NOOP\r\n")
        (told,) = relayed.witness.of(Intervened)
        assert told.by == "stls"


async def test_what_a_server_says_in_clear_behind_its_grant_goes_nowhere(shop: Shop) -> None:
    """It is in the same segment; what comes later is no TLS, and ends the handshake."""
    async with relay(shop.legs(), "pop3", "pop3") as relayed:
        client, server = await relayed.greeted()
        await client.send(b"STLS\r\n")
        await server.expect(b"STLS\r\n")
        await server.send(GRANT + b"+OK injected\r\n")
        await server.begin_tls(shop.kinds["good"].context())
        await client.expect(GRANT)
        await client.begin_tls(shop.client(), "proxy.example")
        await client.send(b"NOOP\r\n")
        await server.expect(b"NOOP\r\n")
        await server.send(b"+OK done\r\n")
        await client.expect(b"+OK done\r\n")
        assert "S: +OK injected" in relayed.witness.lines()
        (told,) = relayed.witness.of(Intervened)
        assert told.by == "stls"
        assert told.sent is not None
        assert not told.sent.raw


@pytest.mark.promise("stls")
@pytest.mark.parametrize("cut", range(len(GRANT), len(GRANT) + 14))
async def test_what_a_server_says_in_clear_behind_its_grant_never_gets_to_the_client(
    shop: Shop, cut: int
) -> None:
    """Whatever of it arrives with the grant, and whatever later."""
    async with relay(shop.legs(), "pop3", "pop3") as relayed:
        client, server = await relayed.greeted()
        await client.send(b"STLS\r\n")
        await server.expect(b"STLS\r\n")
        wire = GRANT + b"+OK injected\r\n"
        await server.send(wire[:cut])
        await server.receive(1)  # the ClientHello begins
        await server.send(wire[cut:])
        server.finish()
        said = await client.rest()
        assert said == NO_TLS


@pytest.mark.parametrize(
    "fault",
    ["delay time=10ms", "slice size=4", "extra-reply line=+OK", "bare-lf", "stall time=10ms"],
)
async def test_a_fault_in_the_grant_keeps_nobody_from_inspection(shop: Shop, fault: str) -> None:
    async with relay(shop.legs(), "pop3", "pop3") as relayed:
        relayed.keep(FaultKeeper(read_fault(f"{fault} when verb = STLS"), 0))
        client, server = await relayed.greeted()
        await client.send(b"STLS\r\n" + INJECTED)
        await server.expect(b"STLS\r\n")
        await server.send(GRANT)
        await server.begin_tls(shop.kinds["good"].context())
        assert (await client.line()).rstrip() == GRANT.rstrip()
        if "extra" in fault:
            assert await client.line() == b"+OK\r\n"
        await client.begin_tls(shop.client(), "proxy.example")
        await client.send(b"NOOP\r\n")
        await server.expect(b"NOOP\r\n")


async def test_a_client_that_is_told_of_no_grant_begins_no_tls(shop: Shop) -> None:
    async with relay(shop.legs(), "pop3", "pop3") as relayed:
        relayed.keep(
            FaultKeeper(read_fault('answer side=server line="-ERR no" when verb = STLS'), 0)
        )
        client, server = await relayed.greeted()
        await client.send(b"STLS\r\n")
        await server.expect(b"STLS\r\n")
        await server.send(GRANT)
        await client.expect(b"-ERR no\r\n")
        await client.send(b"QUIT\r\n")
        await server.expect(b"QUIT\r\n")
        assert not relayed.witness.of(Secured)


async def test_a_fault_may_refuse_stls_where_the_proxy_offers_it(shop: Shop) -> None:
    async with relay(shop.legs(), "pop3+stls", "pop3") as relayed:
        client, _ = await relayed.greeted()
        relayed.keep(FaultKeeper(read_fault('answer line="-ERR no" when verb = STLS'), 0))
        await client.talk(b"STLS\r\n", b"-ERR no\r\n")
        await client.talk(b"USER bob\r\n", STLS_FIRST)
        relayed.keep(FaultKeeper(read_fault("delay time=10ms side=client when verb = STLS"), 0))
        await client.talk(b"STLS\r\n", OFFERED)
        await client.begin_tls(shop.client(), "proxy.example")
        assert {event.by for event in relayed.witness.of(Intervened)} >= {"answer", "delay"}


async def test_a_person_decides_about_stls_where_the_proxy_offers_it(shop: Shop) -> None:
    async with relay(shop.legs(), "pop3+stls", "pop3") as relayed:
        client, server = await relayed.greeted()
        holds = Holds(Clock())
        holds.match = lambda *_: True
        relayed.keep(holds)
        await client.send(b"STLS\r\n")
        await relayed.witness.until(lambda: 1 in holds.tickets)
        holds.answer(1, b"-ERR not now\r\n")
        await client.expect(b"-ERR not now\r\n")
        await client.send(b"STLS\r\n")
        await relayed.witness.until(lambda: 2 in holds.tickets)
        holds.edit(2, b"NOOP\r\n")
        await server.expect(b"NOOP\r\n")
        await server.send(b"+OK nothing\r\n")
        await client.expect(b"+OK nothing\r\n")
        await client.send(b"STLS\r\n")
        await relayed.witness.until(lambda: 3 in holds.tickets)
        holds.release(3)
        await client.expect(OFFERED)
        await client.begin_tls(shop.client(), "proxy.example")


async def test_stls_that_is_granted_behind_a_login_passes(shop: Shop) -> None:
    """No server should; at the time the server's side alone is still gated."""
    async with relay(shop.legs(), "pop3", "pop3") as relayed:
        client, server = await relayed.greeted()
        said = b"USER bob\r\nPASS sesame123\r\nUIDL\r\nSTLS\r\n"
        await client.send(said)
        await server.expect(said)
        begun = b"+OK\r\n+OK\r\n+OK\r\n1 a"
        await server.send(begun + b"\r\n")
        await client.expect(begun)
        await server.send(b".\r\n" + GRANT)
        await client.expect(b"\r\n.\r\n" + GRANT)
        async with asyncio.TaskGroup() as group:
            group.create_task(client.begin_tls(shop.client(), "localhost"))
            await server.begin_tls(shop.kinds["good"].context())
        assert not relayed.witness.of(Blinded)


async def test_a_server_whose_certificate_is_bad_gets_nothing_and_its_client_is_told(
    shop: Shop,
) -> None:
    async with relay(shop.legs(), "pop3", "pop3") as relayed:
        client, server = await relayed.greeted()
        await client.send(b"STLS\r\n")
        await server.expect(b"STLS\r\n")
        await server.send(GRANT)
        with pytest.raises(ssl.SSLError):
            await server.begin_tls(shop.kinds["expired"].context())
        assert (await client.rest()).startswith(b"-ERR [SYS/TEMP] the proxy has no TLS")
        client.close()
        ending = await relayed.witness.ending()
        assert ending.how is How.TLS
        assert "expired" in ending.why


@pytest.mark.parametrize("call", range(1, 9))
@pytest.mark.parametrize(
    ("part", "name"), [(Decoder, "next"), (Decoder, "cut_off"), (Redactor, "mask")]
)
async def test_a_failure_in_reading_leaves_nobody_hanging(
    monkeypatch: pytest.MonkeyPatch, shop: Shop, part: type, name: str, call: int
) -> None:
    """TLS passes unread then, is there on both legs, or the connections end."""
    break_at(monkeypatch, part, name, call)
    anybody = ssl.create_default_context(cafile=shop.ca)
    anybody.check_hostname = False

    async def serve() -> None:
        server = await relayed.server()
        with suppress(ssl.SSLError, ConnectionError, AssertionError):
            await server.send(GREETING)
            await server.expect(b"STLS\r\n")
            await server.send(GRANT)
            await server.begin_tls(shop.kinds["good"].context())
            await server.expect(b"NOOP\r\n")
            await server.send(b"+OK\r\n")
            await server.expect(b"QUIT\r\n")
        server.close()

    async with relay(shop.legs(), "pop3", "pop3") as relayed, asyncio.TaskGroup() as group:
        client = await relayed.client()
        group.create_task(serve())
        with suppress(ssl.SSLError, ConnectionError, AssertionError):
            await client.expect(GREETING)
            await client.send(b"STLS\r\nNOOP in clear\r\n"[: 6 if call % 2 else None])
            await client.expect(GRANT)
            await client.begin_tls(anybody, "localhost")
            await client.send(b"NOOP\r\n")
            await client.expect(b"+OK\r\n")
            await client.send(b"QUIT\r\n")
        client.close()
        await relayed.witness.ending()
