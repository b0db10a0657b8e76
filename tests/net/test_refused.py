"""A server that sends its client away with -ERR: what may be said behind that, and in clear.

The session was once taken for over there, and everything behind the greeting passed the gate.
"""

import pytest

from net.legs import grant, relay
from net.shop import Shop
from pop3spy.net.leg import GRANT
from pop3spy.net.stls import STLS_FIRST
from pop3spy.protocol.frames import Side
from pop3spy.session.how import How

GREETINGS = [
    pytest.param(b"-ERR\r\n", id="nothing but the indicator"),
    pytest.param(b"-ERR come back later\r\n", id="a text"),
    pytest.param(b"-ERR [IN-USE] another session\r\n", id="a response code"),
    pytest.param(b"-err busy\r\n", id="lower case"),
    pytest.param(b"- ERR busy\r\n", id="a blank inside"),
    pytest.param(b"-ERR\tbusy\n", id="a tab, and LF alone"),
    pytest.param(b"a banner\r\n-ERR busy\r\n", id="a line before it"),
    pytest.param(b"-ERR besch\xe4ftigt\r\n", id="8-bit text"),
]
SAID = [b"USER bob\r\n", b"PASS sesame123\r\n", b"DELE 1\r\n", b"APOP bob 0\r\n", b"sesame\r\n"]


AHEAD = [
    b"USER eve\r\n",
    b"PASS sesame123\r\n",
    b"APOP eve c4c9334bac560ecc979e58001b3e22fb\r\n",
    b"AUTH PLAIN AGV2ZQBzZXNhbWUxMjM=\r\n",
    b"DELE 1\r\n",
    b"USER eve\r\nPASS sesame123\r\nDELE 1\r\nQUIT\r\n",
]


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize("greeting", GREETINGS)
async def test_stls_behind_it_is_inspected_all_the_same(
    shop: Shop, greeting: bytes, ahead: bytes
) -> None:
    """What stands behind it in the same segment is heard neither in clear nor inside TLS."""
    async with relay(shop.legs(), "pop3", "pop3") as relayed:
        client, server = await relayed.pair()
        await server.send(greeting)
        await client.expect(greeting)
        await client.send(b"STLS\r\n" + ahead)
        await grant(client, server, shop)
        await client.send(b"PASS sesame123\r\n")
        await server.expect(b"PASS sesame123\r\n")
        await server.send(b"+OK\r\n")
        await client.expect(b"+OK\r\n")
        await relayed.witness.heard_all(Side.SERVER, b"+OK\r\n")
        assert "sesame" not in repr(relayed.witness.events)
        assert relayed.witness.lines()[-2:] == ["C: PASS ********", "S: +OK"]


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("greeting", [b"+OK ready\r\n", *(each.values[0] for each in GREETINGS)])
async def test_where_stls_is_asked_for_nothing_secret_crosses_before_it(
    shop: Shop, greeting: bytes, said: bytes
) -> None:
    async with relay(shop.legs(), "pop3+stls", "pop3") as relayed:
        client, server = await relayed.pair()
        await server.send(greeting)
        await client.expect(greeting)
        await client.send(said)
        await client.expect(STLS_FIRST)
        await client.send(b"STLS\r\n")
        await client.expect(GRANT)
        await client.begin_tls(shop.client(), "proxy.example")
        await client.send(said)
        await server.expect(said)  # nothing was before it
        assert "sesame" not in repr(relayed.witness.events)


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize("greeting", GREETINGS)
async def test_nor_does_what_is_said_with_stls_in_one_segment(
    shop: Shop, greeting: bytes, ahead: bytes
) -> None:
    async with relay(shop.legs(), "pop3+stls", "pop3") as relayed:
        client, server = await relayed.pair()
        await server.send(greeting)
        await client.expect(greeting)
        refused = len([line for line in ahead.splitlines() if line != b"QUIT"])
        before = ahead.removesuffix(b"QUIT\r\n")
        await client.send(before + b"STLS\r\n" + ahead)
        await client.expect(STLS_FIRST * refused + GRANT)
        await client.begin_tls(shop.client(), "proxy.example")
        await client.send(b"NOOP\r\n")
        await server.expect(b"NOOP\r\n")  # nothing was before it
        assert "sesame" not in repr(relayed.witness.events)


async def test_nor_does_it_where_the_server_answers_as_if_somebody_had_logged_in(
    shop: Shop,
) -> None:
    async with relay(shop.legs(), "pop3+stls", "pop3") as relayed:
        client, server = await relayed.pair()
        await server.send(b"+OK ready\r\n")
        await client.expect(b"+OK ready\r\n")
        await client.send(b"STAT\r\n")
        await server.expect(b"STAT\r\n")
        await server.send(b"+OK 1 120\r\n")
        await client.expect(b"+OK 1 120\r\n")
        await client.talk(b"DELE 1\r\n", STLS_FIRST)
        await client.talk(b"PASS sesame123\r\n", STLS_FIRST)


async def test_nor_does_the_rest_of_an_overlong_line(shop: Shop) -> None:
    async with relay(shop.legs(), "pop3+stls", "pop3") as relayed:
        client, server = await relayed.pair()
        await server.send(b"+OK ready\r\n")
        await client.expect(b"+OK ready\r\n")
        await client.send(b"PASS " + b"sesame" * 8000 + b"\r\nCAPA\r\n")
        await client.expect(STLS_FIRST)
        await server.expect(b"CAPA\r\n")


@pytest.mark.parametrize("greeting", GREETINGS)
async def test_an_upstream_that_is_to_be_asked_for_stls_hears_no_client_in_clear(
    shop: Shop, greeting: bytes
) -> None:
    async with relay(shop.legs(), "pop3", "pop3+stls") as relayed:
        client, server = await relayed.pair()
        await client.send(b"USER bob\r\nPASS sesame123\r\nDELE 1\r\n")
        await server.send(greeting)
        assert await server.rest() == b""
        assert await client.rest() == greeting
        client.close()
        assert (await relayed.witness.ending()).how is How.TLS
        assert "sesame" not in repr(relayed.witness.events)


async def test_what_a_surplus_argument_says_is_refused_and_offers_nothing(shop: Shop) -> None:
    """Neither does a refusal of it make a list of capabilities, nor does it begin TLS."""
    async with relay(shop.legs(), "pop3+stls", "pop3") as relayed:
        client, server = await relayed.pair()
        await server.send(b"+OK\r\n")
        await client.expect(b"+OK\r\n")
        await client.send(b"CAPA x\r\n")
        await server.expect(b"CAPA x\r\n")
        await server.send(b"-ERR no argument\r\n")
        await client.expect(b"-ERR no argument\r\n")
        await client.send(b"STLS x\r\n")
        await client.expect(b"-ERR too many arguments: STLS\r\n")
        await client.send(b"STLS\r\n")
        await client.expect(GRANT)
