"""What a gated side has begun to say leaves at once, unless a keeper could act on what it becomes.

And no cut of what is said lets anything by that a keeper acts on where it comes whole.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gate.talking import keeper
from net.legs import grant, relay
from net.serving import Relayed, relaying
from net.shop import Shop
from net.wires import Wire
from pop3spy.gate.dryrun import DryRun
from pop3spy.gate.faulttext import read_rewrite
from pop3spy.gate.holds import Holds
from pop3spy.protocol.frames import Side
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Intervened

STLS_FROM_A_SERVER_OF_ITS_OWN = "pop3", "pop3"


@asynccontextmanager
async def inspected(shop: Shop) -> AsyncIterator[Relayed]:
    async with relay(shop.legs(), *STLS_FROM_A_SERVER_OF_ITS_OWN) as relayed:
        yield relayed


async def nothing_came(wire: Wire, teller: Wire, listener: Wire) -> bool:
    """Return whether *wire* has heard nothing, once a line of *teller*, said now, has come."""
    await teller.send(b"+OK and now?\r\n")
    await listener.expect(b"+OK and now?\r\n")
    try:
        return not wire.sock.recv(1)
    except BlockingIOError:
        return True


# -- inspection ---------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [b"+", b"+OK hel", b"220 hello", b"-ERR", b"* hello\r\n+OK"])
async def test_half_a_greeting_leaves_at_once(shop: Shop, said: bytes) -> None:
    async with inspected(shop) as relayed:
        client, server = await relayed.pair()
        await server.send(said)
        await client.expect(said)
        await server.send(b" and more\r\n")
        await client.expect(b" and more\r\n")


@pytest.mark.parametrize("said", [b"+OK 1 12", b"-", b"hm"])
async def test_half_a_reply_to_anything_but_stls_leaves_at_once(shop: Shop, said: bytes) -> None:
    async with inspected(shop) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"STAT\r\n")
        await server.expect(b"STAT\r\n")
        await server.send(said)
        await client.expect(said)


@pytest.mark.parametrize(
    "said", [b"N", b"NOO", b"USER bo", b"CAP", b"STLSX", b"\r", b" ", b"\xff", b"PROXY TC"]
)
async def test_half_a_command_that_is_no_stls_leaves_at_once(shop: Shop, said: bytes) -> None:
    async with inspected(shop) as relayed:
        client, server = await relayed.greeted()
        await client.send(said)
        await server.expect(said)
        await client.send(b"\r\nSTLS\r\n")
        await server.expect(b"\r\n")
        await server.send(b"+OK\r\n")
        await client.expect(b"+OK\r\n")
        await grant(client, server, shop)


@pytest.mark.parametrize("said", [b"S", b"ST", b"stl", b"STLS", b"STLS\r", b"STLS ", b"Stls\t"])
async def test_what_may_become_stls_waits(shop: Shop, said: bytes) -> None:
    async with inspected(shop) as relayed:
        client, server = await relayed.greeted()
        await client.send(said)
        assert await nothing_came(server, server, client)
        await client.send(b"tart\r\n")
        await server.expect(said + b"tart\r\n")


async def test_half_a_grant_waits(shop: Shop) -> None:
    async with inspected(shop) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"STLS\r\n")
        await server.expect(b"STLS\r\n")
        await server.send(b"+OK go")
        await relayed.witness.heard_all(Side.CLIENT, b"STLS\r\n")
        await server.send(b" on\r\n")
        await server.begin_tls(shop.kinds["good"].context())
        await client.expect(b"+OK go on\r\n")
        await client.begin_tls(shop.client(), "proxy.example")


BEHIND_AN_ODD_LINE = b"AUTH PLAIN\r\nNOOP\r\nSTLS\r\nUSER eve\r\nPASS sesame\r\n"


@pytest.mark.parametrize("said", [b"STLS\r\nUSER eve\r\n", BEHIND_AN_ODD_LINE])
async def test_what_is_said_ahead_behind_stls_never_crosses_in_clear(
    shop: Shop, said: bytes
) -> None:
    """Not even where a line without a status could be taken for the reply to what came before."""
    first, _, _ = said.partition(b"STLS\r\n")
    async with inspected(shop) as relayed:
        client, server = await relayed.greeted()
        await client.send(said)
        if first:
            await server.expect(b"AUTH PLAIN\r\n")
            for line in (b"hm\r\n", b"-ERR no\r\n"):
                await server.send(line)
                await client.expect(line)
            await server.expect(b"NOOP\r\n")
            await server.send(b"+OK\r\n")
            await client.expect(b"+OK\r\n")
        await grant(client, server, shop)
        await client.send(b"NOOP\r\n")
        await server.expect(b"NOOP\r\n")  # and nothing before it


# -- whatever the cuts --------------------------------------------------------------------------


async def said_in_two(wire: Wire, data: bytes, cut: int) -> None:
    """Say *data* with everybody having had a turn in between."""
    await wire.send(data[:cut])
    for _ in range(6):
        await asyncio.sleep(0)
    await wire.send(data[cut:])


async def said_slowly(wire: Wire, data: bytes) -> None:
    for octet in data:
        await wire.send(bytes([octet]))
        for _ in range(4):
            await asyncio.sleep(0)


async def said(wire: Wire, data: bytes, cut: int) -> None:
    """Say *data* in two pieces; octet by octet where *cut* is 0."""
    await (said_in_two(wire, data, cut) if cut else said_slowly(wire, data))


DELE = b"DELE 1\r\n"


@pytest.mark.parametrize("cut", range(len(DELE)))
async def test_no_cut_slips_past_a_hold(cut: int) -> None:
    holds = Holds(Clock())
    holds.match = lambda _, exchange: exchange.command.verb == "DELE"
    async with relaying(keepers=[holds]) as relayed:
        client, server = await relayed.greeted()
        await said(client, DELE, cut)
        await relayed.witness.until(lambda: holds.tickets)
        assert await nothing_came(server, server, client)
        (number,) = holds.tickets
        holds.edit(number, b"NOOP\r\n")
        await server.expect(b"NOOP\r\n")


@pytest.mark.parametrize("cut", range(len(b"LAST\r\n")))
async def test_no_cut_slips_past_a_rewrite_of_a_command(cut: int) -> None:
    async with relaying(keepers=[read_rewrite("client s/^LAST$/STAT/")]) as relayed:
        client, server = await relayed.greeted()
        await said(client, b"LAST\r\n", cut)
        await server.expect(b"STAT\r\n")


@pytest.mark.parametrize("cut", range(len(b"+OK 1 120\r\n")))
async def test_no_cut_slips_past_a_rewrite_of_a_reply(cut: int) -> None:
    rewrite = read_rewrite(r"server s/^\+OK \d+/+OK 7/ when verb = STAT")
    async with relaying(keepers=[rewrite]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"STAT\r\n")
        await server.expect(b"STAT\r\n")
        await said(server, b"+OK 1 120\r\n", cut)
        await client.expect(b"+OK 7 120\r\n")


UNEXPECTED = b"+OK\r\none\r\ntwo\r\n.\r\n"


@pytest.mark.parametrize("cut", range(len(UNEXPECTED)))
async def test_no_cut_slips_past_a_fault_in_a_body_that_nobody_expected(cut: int) -> None:
    """Nothing says that the reply to an unknown command has a body, but that one comes."""
    async with relaying(keepers=[keeper("bare-lf when session = 1")]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"XFOO\r\n")
        await server.expect(b"XFOO\r\n")
        await said(server, UNEXPECTED, cut)
        await client.expect(UNEXPECTED.replace(b"\r\n", b"\n"))


# -- the dry run --------------------------------------------------------------------------------


async def up_to_login(client: Wire, server: Wire) -> None:
    for line in (b"USER bob\r\n", b"PASS sesame\r\n"):
        await client.send(line)
        await server.expect(line)
        await server.send(b"+OK\r\n")
        await client.expect(b"+OK\r\n")


@pytest.mark.parametrize("cut", range(len(DELE)))
@pytest.mark.parametrize("before", [b"", b"NOOP\r\n", b"RETR 1\r\n"])
async def test_no_cut_lets_a_dele_by(before: bytes, cut: int) -> None:
    """Not behind other commands that were said ahead either, or behind a body."""
    async with relaying(keepers=[DryRun()]) as relayed:
        client, server = await relayed.greeted()
        await up_to_login(client, server)
        await said(client, before + DELE, cut and cut + len(before))
        await server.expect(before)
        if before:
            body = b"one\r\n.\r\n" if before.startswith(b"RETR") else b""
            await server.send(b"+OK\r\n" + body)
            await client.expect(b"+OK\r\n" + body)
        await server.expect(b"LIST 1\r\n")
        await said(server, b"+OK 1 120\r\n", cut)
        await client.expect(b"+OK message 1 deleted\r\n")


@pytest.mark.parametrize("cut", range(len(DELE)))
async def test_no_cut_lets_a_dele_by_behind_an_odd_line(cut: int) -> None:
    async with relaying(keepers=[DryRun()]) as relayed:
        client, server = await relayed.greeted()
        await up_to_login(client, server)
        await client.send(b"STAT\r\n")
        await server.expect(b"STAT\r\n")
        await server.send(b"debug: 1 message\r\n")
        await client.expect(b"debug: 1 message\r\n")
        await said(client, DELE, cut)
        await server.expect(b"LIST 1\r\n")
        await server.send(b"+OK 1 120\r\n")
        await client.expect(b"+OK message 1 deleted\r\n")


@pytest.mark.parametrize("cut", range(len(DELE)))
@pytest.mark.parametrize("ended", [b"-ERR no\r\n", b"hm\r\n-ERR no\r\n", b"ERR no\r\n"])
async def test_no_cut_lets_a_dele_by_behind_auth_that_ended(ended: bytes, cut: int) -> None:
    async with relaying(keepers=[DryRun()]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"AUTH PLAIN\r\n")
        await server.expect(b"AUTH PLAIN\r\n")
        await server.send(ended)
        await client.expect(ended)
        await said(client, DELE, cut)
        await server.expect(b"LIST 1\r\n")


@pytest.mark.parametrize("ahead", [True, False])
@pytest.mark.parametrize("line", [DELE, b" DELE 1\r\n", b"dele\t1\n"])
@pytest.mark.parametrize("said_to_auth", [b"+ \r\n", b"ERR no\r\n"])
async def test_no_answer_inside_auth_is_a_dele(
    said_to_auth: bytes, line: bytes, *, ahead: bool
) -> None:
    """By the letter it may be one; but what a server makes of it nobody knows."""
    async with relaying(keepers=[DryRun()]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"AUTH PLAIN\r\n" + (line if ahead else b""))
        await server.expect(b"AUTH PLAIN\r\n")
        await server.send(said_to_auth)
        await client.expect(said_to_auth)
        if not ahead:
            await client.send(line)
        client.finish()
        server.finish()
        assert b"DELE" not in (await server.rest()).upper()


@pytest.mark.parametrize("cut", range(1, len(b"+OK\r\n1 120\r\n2 80\r\n.\r\n")))
async def test_no_cut_shows_the_listing_that_came_for_the_list_of_a_dry_run(cut: int) -> None:
    async with relaying(keepers=[DryRun()]) as relayed:
        client, server = await relayed.greeted()
        await up_to_login(client, server)
        await client.send(DELE)
        await server.expect(b"LIST 1\r\n")
        await said(server, b"+OK\r\n1 120\r\n2 80\r\n.\r\n", cut)
        await client.expect(b"+OK message 1 deleted\r\n")
        await client.send(b"NOOP\r\n")
        await server.expect(b"NOOP\r\n")
        await server.send(b"+OK noop\r\n")
        await client.expect(b"+OK noop\r\n")


# -- a client that breaks off -------------------------------------------------------------------


async def broken_off(client: Wire, server: Wire) -> bytes:
    """Let both sides say no more; return what the server heard last."""
    client.finish()
    server.finish()
    return await server.rest()


@pytest.mark.parametrize("said", [b"DELE 1", b"DELE", b"dele 1\r"])
async def test_a_dele_without_its_end_goes_nowhere_in_a_dry_run(said: bytes) -> None:
    """Some servers take what comes last for a line."""
    async with relaying(keepers=[DryRun()]) as relayed:
        client, server = await relayed.greeted()
        await up_to_login(client, server)
        await client.send(said)
        assert await broken_off(client, server) == b""
        (told,) = relayed.witness.of(Intervened)
        assert (told.by, told.sent and told.sent.raw) == ("dry run", b"")


async def test_what_breaks_off_and_is_no_dele_goes_on_in_a_dry_run() -> None:
    async with relaying(keepers=[DryRun()]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"NOOP and half a li")
        assert await broken_off(client, server) == b"NOOP and half a li"


@pytest.mark.parametrize("said", [b"PASS sesame", b"USER bob", b"DELE 1"])
async def test_nothing_without_its_end_crosses_where_stls_is_asked_for(
    shop: Shop, said: bytes
) -> None:
    async with relay(shop.legs(), "pop3+stls", "pop3") as relayed:
        client, server = await relayed.greeted()
        await client.send(said)
        assert await broken_off(client, server) == b""
        (told,) = relayed.witness.of(Intervened)
        assert told.by == "stls"
        assert "sesame" not in repr(relayed.witness.events)


@pytest.mark.parametrize("behind", [b"PASS sesame\r\n", b"PASS sesame"])
async def test_what_stands_behind_stls_crosses_not_even_at_the_end(
    shop: Shop, behind: bytes
) -> None:
    async with inspected(shop) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"STLS\r\n" + behind)
        await server.expect(b"STLS\r\n")
        assert await broken_off(client, server) == b""
        assert "sesame" not in repr(relayed.witness.events)
