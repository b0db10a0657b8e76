"""Clients that another proxy brings, and servers that are told of them (the PROXY protocol)."""

import asyncio
import socket
import ssl
from ipaddress import ip_network

import pytest

from net.certificates import Authority
from net.serving import Relayed, relaying
from net.wires import PATIENCE, Wire, door
from pop3spy.net.identity import Own
from pop3spy.net.introduction import Introductions
from pop3spy.net.leg import Legs
from pop3spy.net.limits import Limits
from pop3spy.net.trust import Trust
from pop3spy.protocol.foreign import PROXY_V2
from pop3spy.protocol.frames import Side
from pop3spy.protocol.proxyheader import Ends, read_header, write_header
from pop3spy.protocol.url import Url
from pop3spy.session.events import Opened
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer

TRUSTING = Introductions([ip_network("127.0.0.0/8"), ip_network("::1")])
NAMED = Ends(("192.0.2.7", 50312), ("198.51.100.1", 110))
SIX = Ends(("2001:db8::7", 50312), ("2001:db8::1", 110))
HEADERS = [write_header(version, ends) for version in ("v1", "v2") for ends in (NAMED, SIX)]
LOCAL = PROXY_V2 + b"\x20\x00\x00\x00"
IMPATIENT = Limits(grace=2.0, introduction=0.2)


async def relayed_as(header: bytes, *cuts: int) -> Peer:
    """Send *header* in pieces and a command behind it; return whose session that became."""
    async with relaying(introductions=TRUSTING) as relayed:
        client = await relayed.client()
        said, begin = header + b"CAPA\r\n", 0
        for cut in (*cuts, len(said)):
            await client.send(said[begin:cut])
            begin = cut
            await asyncio.sleep(0)
        server = await relayed.server()
        await server.expect(b"CAPA\r\n")
        await server.send(b"+OK ready\r\n")
        await client.expect(b"+OK ready\r\n")
        await relayed.witness.heard_all(Side.SERVER, b"+OK ready\r\n")
        (opened,) = relayed.witness.of(Opened)
        assert relayed.witness.heard(Side.CLIENT) == b"CAPA\r\n"
        assert not relayed.complaints
        return opened.session.client


async def until_it_waits(relayed: Relayed) -> None:
    """Return when a client is in, of which nobody knows who it is; nothing tells of that."""
    async with asyncio.timeout(PATIENCE):
        while not relayed.proxy._pending:  # noqa: ASYNC110
            await asyncio.sleep(0)


@pytest.mark.parametrize("header", HEADERS)
async def test_the_client_is_who_the_header_names_and_the_server_sees_no_header(
    header: bytes,
) -> None:
    expected = NAMED if b"PROXY TCP4" in header or b"\x21\x11" in header else SIX
    assert await relayed_as(header) == Peer(*expected.client)


@pytest.mark.parametrize("header", [HEADERS[0], HEADERS[2]])
async def test_a_header_may_be_cut_anywhere(header: bytes) -> None:
    for cut in range(1, len(header) + 2):
        assert await relayed_as(header, cut) == Peer(*NAMED.client)
    assert await relayed_as(header, *range(1, len(header) + 6)) == Peer(*NAMED.client)


@pytest.mark.parametrize("header", [LOCAL, b"PROXY UNKNOWN\r\n"])
async def test_a_proxy_that_speaks_for_itself_is_the_client(header: bytes) -> None:
    assert (await relayed_as(header)).host == "127.0.0.1"


async def test_a_client_that_waits_for_the_greeting_gets_it() -> None:
    """As POP3 is: the server speaks first, as soon as the header has come."""
    async with relaying(introductions=TRUSTING) as relayed:
        client = await relayed.client()
        await client.send(HEADERS[2])
        server = await relayed.server()
        await server.send(b"+OK ready\r\n")
        await client.expect(b"+OK ready\r\n")


async def test_who_is_not_trusted_is_a_client_and_its_header_is_what_it_says() -> None:
    """As HAProxy has it with expect-proxy: others may come to the same port directly."""
    others = Introductions([ip_network("192.0.2.0/24")])
    async with relaying(introductions=others) as relayed:
        client, server = await relayed.greeted()
        await client.send(HEADERS[0])
        await server.expect(HEADERS[0])
        (opened,) = relayed.witness.of(Opened)
        assert opened.session.client == Peer("127.0.0.1", client.port)


async def test_strict_hides_whom_the_header_names() -> None:
    async with relaying(introductions=TRUSTING, strict=True) as relayed:
        client = await relayed.client()
        await client.send(HEADERS[0])
        server = await relayed.server()
        await server.send(b"+OK hello 192.0.2.7\r\n")
        await client.expect(b"+OK hello 192.0.2.7\r\n")
        await relayed.witness.heard_all(Side.SERVER, b"+OK hello host-1.invalid\r\n")
        (opened,) = relayed.witness.of(Opened)
        assert opened.session.client == Peer("host-1.invalid", 0)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"CAPA\r\n", "no PROXY header came first"),
        (b"\x16\x03\x01\x02\x00", "no PROXY header came first"),
        (b"PROXY TCP4 1.2.3.4 5.6.7.8 1 99999\r\n", "its PROXY header names a port 99999"),
        (PROXY_V2 + b"\x21\x11\xff\xff", "its PROXY header is to have 65551 octets"),
        (b"PROXY TCP4 " + b"9" * 100_000, "no PROXY header came first"),
        (b"", "its PROXY header did not come in 0.2 s"),
        (HEADERS[2][:-1], "its PROXY header did not come in 0.2 s"),
    ],
)
async def test_who_should_introduce_a_client_and_does_not_is_told_of_and_sent_away(
    said: bytes, why: str
) -> None:
    async with relaying(IMPATIENT, introductions=TRUSTING) as relayed:
        client = await relayed.client()
        await client.send(said)
        assert await client.rest() == b""
        client.close()
        ending = await relayed.witness.ending()
        assert ending.how is How.REFUSED
        assert ending.why.startswith(why)
        assert ending.why.endswith("(--accept-proxy-protocol)")
        assert not relayed.upstream.knocked


async def test_an_octet_now_and_then_does_not_buy_time() -> None:
    async with relaying(IMPATIENT, introductions=TRUSTING) as relayed:
        client = await relayed.client()
        resting = asyncio.get_running_loop().create_task(client.rest())
        for octet in b"PROXY TCP4 " + b"1" * 90:
            await client.send(bytes((octet,)))
            if (await asyncio.wait([resting], timeout=0.02))[0]:
                break
        assert resting.done(), "it had the time that a whole header takes"
        assert resting.result() == b""
        client.close()
        assert (await relayed.witness.ending()).how is How.REFUSED


@pytest.mark.parametrize("way", ["finish", "close", "reset"])
async def test_who_goes_before_the_header_is_whole_leaves_nothing_behind(way: str) -> None:
    async with relaying(introductions=TRUSTING) as relayed:
        client = await relayed.client()
        await client.send(HEADERS[0][:9])
        await until_it_waits(relayed)
        getattr(client, way)()
        ending = await relayed.witness.ending()
        assert ending == Ending(
            How.REFUSED, "it ended before its PROXY header did (--accept-proxy-protocol)"
        )
        assert not relayed.proxy._pending
        assert not relayed.upstream.knocked


async def test_who_has_yet_to_say_whom_it_brings_does_not_hold_up_the_end() -> None:
    async with relaying(introductions=TRUSTING) as relayed:
        client = await relayed.client()
        await client.send(HEADERS[0][:9])
        await until_it_waits(relayed)
        await asyncio.wait_for(relayed.stopped(), 2)
        assert await client.rest() == b""


async def test_a_crowd_without_headers_does_not_stop_one_with() -> None:
    limits = Limits(grace=2.0, max_sessions=1)
    async with relaying(limits, introductions=TRUSTING) as relayed:
        for _ in range(50):
            await relayed.client()
        client = await relayed.client()
        await client.send(HEADERS[0])
        server = await relayed.server()
        await server.send(b"+OK\r\n")
        await client.expect(b"+OK\r\n")


# -- told to the server -----------------------------------------------------------------------


async def header_of(server: Wire) -> Ends | None:
    """Take the header from what *server* hears."""
    said = b""
    while (read := read_header(said)) is None:
        said += await server.receive(1)
    return read[1]


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_the_server_is_told_of_the_client_before_anything_else(
    version: str, host: str
) -> None:
    telling = Introductions(announced=version)
    async with relaying(introductions=telling, listen=[Url("pop3", host, 0)]) as relayed:
        client = await relayed.client()
        await client.send(b"CAPA\r\n")
        server = await relayed.server()
        here = relayed.urls[0]
        assert await header_of(server) == Ends((host, client.port), (here.host, here.port))
        await server.expect(b"CAPA\r\n")
        await relayed.witness.heard_all(Side.CLIENT, b"CAPA\r\n")
        assert relayed.witness.heard(Side.CLIENT) == b"CAPA\r\n"


async def test_the_header_does_not_wait_for_the_client() -> None:
    async with relaying(introductions=Introductions(announced="v2")) as relayed:
        await relayed.client()
        assert await header_of(await relayed.server())


async def test_whom_another_proxy_brought_is_whom_the_server_is_told_of() -> None:
    both = Introductions(TRUSTING.trusted, "v1")
    async with relaying(introductions=both) as relayed:
        client = await relayed.client()
        await client.send(HEADERS[2])
        assert await header_of(await relayed.server()) == NAMED


async def test_addresses_of_ipv4_are_plain_where_a_socket_takes_both_families() -> None:
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as both:
        port = both.getsockname()[1]
        async with relaying(
            introductions=TRUSTING, listen={Url("pop3", "::", port): both}
        ) as relayed:
            client = await Wire.to(Url("pop3", "127.0.0.1", port))
            await client.send(LOCAL)
            await relayed.server()
            (opened,) = relayed.witness.of(Opened)
            assert opened.session.client == Peer("127.0.0.1", client.port)
            client.close()


# -- and TLS ----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("introduction") / "ca")


@pytest.mark.parametrize("cut", [None, 20, 60])
async def test_tls_begins_behind_the_header(authority: Authority, cut: int | None) -> None:
    """Even if the first octets of TLS come in the same piece as the last of the header."""
    shown = authority.issue("shown", names="DNS:proxy.example")
    legs = Legs(identity=Own(shown.chain, shown.key), timeout=5.0)
    place = [Url("pop3s", "127.0.0.1", 0)]
    async with relaying(introductions=TRUSTING, listen=place, legs=legs) as relayed:
        client = await relayed.client()
        await client.send(HEADERS[0][:cut])
        if cut:
            await client.send(HEADERS[0][cut:])

        async def serve() -> None:
            server = await relayed.server()
            await server.send(b"+OK inside\r\n")

        async with asyncio.TaskGroup() as group:
            group.create_task(serve())
            context = ssl.create_default_context(cafile=authority.certificate)
            await client.begin_tls(context, "proxy.example")
        await client.expect(b"+OK inside\r\n")
        (opened,) = relayed.witness.of(Opened)
        assert opened.session.client == Peer(*NAMED.client)


@pytest.mark.parametrize("scheme", ["pop3s", "pop3+stls"])
async def test_the_server_is_told_of_the_client_before_tls(
    authority: Authority, scheme: str
) -> None:
    shown = authority.issue("server")
    legs = Legs(Trust(ca=authority.certificate), timeout=5.0)
    with door() as far:
        url = Url(scheme, "localhost", far.url.port)
        telling = Introductions(announced="v2")
        async with relaying(introductions=telling, upstream=url, legs=legs) as relayed:
            client = await relayed.client()
            server = await far.accept()
            told = await header_of(server)
            assert told
            assert told.client == ("127.0.0.1", client.port)
            if scheme == "pop3s":
                await server.begin_tls(shown.context())
                await server.send(b"+OK inside\r\n")
                await client.expect(b"+OK inside\r\n")
            else:
                await server.send(b"+OK outside\r\n")
                await server.expect(b"STLS\r\n")
                await server.send(b"+OK\r\n")
                await server.begin_tls(shown.context())
                await client.expect(b"+OK outside\r\n")
            server.close()
