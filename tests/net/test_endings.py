"""Promise 4: a half-close, a close and a reset arrive as what they are, whoever makes them."""

from contextlib import suppress

import pytest

from net.serving import Relayed, relaying
from net.wires import Wire
from pop3spy.protocol.frames import Side
from pop3spy.session.how import Ending, How

OPEN = [(Side.SERVER, b"+OK ready\r\n")]
LOGGED_IN = [
    *OPEN,
    (Side.CLIENT, b"USER bob\r\nPASS tanstaaf\r\n"),
    (Side.SERVER, b"+OK\r\n+OK\r\n"),
]
PHASES = [
    pytest.param([], id="before the greeting"),
    pytest.param([(Side.CLIENT, b"USER bob\r\n")], id="before the greeting, asked"),
    pytest.param(OPEN, id="after the greeting"),
    pytest.param([*OPEN, (Side.CLIENT, b"USER b")], id="in a command"),
    pytest.param([*OPEN, (Side.CLIENT, b"AUTH PLAIN\r\n"), (Side.SERVER, b"+ \r\n")], id="in AUTH"),
    pytest.param([*LOGGED_IN], id="logged in"),
    pytest.param([*LOGGED_IN, (Side.CLIENT, b"STAT\r\n")], id="a reply is due"),
    pytest.param(
        [*LOGGED_IN, (Side.CLIENT, b"RETR 1\r\n"), (Side.SERVER, b"+OK\r\nFrom: a\r\n.")],
        id="in a body",
    ),
    pytest.param(
        [*LOGGED_IN, (Side.CLIENT, b"QUIT\r\n"), (Side.SERVER, b"+OK bye\r\n")], id="after QUIT"
    ),
]
in_every_phase = pytest.mark.parametrize("phase", PHASES)
from_each_side = pytest.mark.parametrize("side", Side)

Phase = list[tuple[Side, bytes]]


async def arrive_at(phase: Phase, side: Side, relayed: Relayed) -> tuple[Wire, Wire]:
    """Say what leads to *phase*; return the wire of *side* and the other."""
    client, server = await relayed.pair()
    for who, data in phase:
        one, other = (client, server) if who is Side.CLIENT else (server, client)
        await one.send(data)
        await other.expect(data)
    return (client, server) if side is Side.CLIENT else (server, client)


@from_each_side
@in_every_phase
async def test_a_half_close_is_a_half_close_and_the_other_way_stays_open(
    side: Side, phase: Phase
) -> None:
    async with relaying() as relayed:
        one, other = await arrive_at(phase, side, relayed)
        await one.send(b"last words")
        one.finish()
        assert await other.rest() == b"last words"
        for word in (b"+OK heard\r\n", b"and more\r\n"):
            await other.send(word)
            await one.expect(word)
        other.finish()
        assert await one.rest() == b""
        assert (await relayed.witness.ending()).how in {
            How.QUIT,
            How.CLIENT_CLOSED if side is Side.CLIENT else How.SERVER_CLOSED,
        }


@from_each_side
@in_every_phase
async def test_a_close_is_a_close(side: Side, phase: Phase) -> None:
    async with relaying() as relayed:
        one, other = await arrive_at(phase, side, relayed)
        await one.send(b"last words")
        one.close()
        assert await other.rest() == b"last words"
        other.close()
        await relayed.witness.ending()


@from_each_side
@in_every_phase
async def test_a_reset_is_a_reset_and_overtakes_no_octet(side: Side, phase: Phase) -> None:
    async with relaying() as relayed:
        one, other = await arrive_at(phase, side, relayed)
        await one.send(b"last words")
        await other.expect(b"last words")
        one.reset()
        assert await other.until_reset() == b""
        ending = await relayed.witness.ending()
        assert ending == Ending(How.CLIENT_RESET if side is Side.CLIENT else How.SERVER_RESET)


@from_each_side
async def test_what_was_said_right_before_a_reset_arrives(side: Side) -> None:
    async with relaying() as relayed:
        one, other = await arrive_at(OPEN, side, relayed)
        await one.send(b"last words\r\n")
        one.reset()
        assert await other.until_reset() == b"last words\r\n"


@from_each_side
async def test_a_peer_that_is_gone_resets_who_goes_on_talking(side: Side) -> None:
    """As without a proxy: octets that nobody takes are answered by a reset."""
    async with relaying() as relayed:
        one, other = await arrive_at(OPEN, side, relayed)
        one.close()
        assert await other.rest() == b""
        await other.until_nobody_takes(b"is anybody there?\r\n")
        await relayed.witness.ending()


async def test_a_reply_to_a_command_that_is_followed_by_a_half_close_arrives() -> None:
    body = b"line\r\n" * 500_000
    async with relaying() as relayed:
        client, server = await relayed.greeted()
        await client.send(b"RETR 1\r\n")
        client.finish()
        assert await server.rest() == b"RETR 1\r\n"
        await server.send(b"+OK\r\n" + body + b".\r\n")
        server.close()
        assert await client.rest() == b"+OK\r\n" + body + b".\r\n"


@from_each_side
async def test_much_that_waits_for_a_slow_peer_arrives_before_the_close(side: Side) -> None:
    """It waits inside the proxy when the connection that it came by is gone already."""
    async with relaying() as relayed:
        one, other = await arrive_at(OPEN, side, relayed)
        much = bytes(6_000_000)
        sent = 0
        while sent < len(much):  # until nobody takes any more
            try:
                sent += one.sock.send(much[sent : sent + 65536])
            except BlockingIOError:
                break
        one.close()
        assert len(await other.rest()) == sent


async def said_goodbye(relayed: Relayed) -> None:
    client, server = await relayed.greeted()
    await client.send(b"QUIT\r\n")
    await server.expect(b"QUIT\r\n")
    await server.send(b"+OK bye\r\n")
    server.close()
    assert await client.rest() == b"+OK bye\r\n"
    client.close()


async def client_hung_up(relayed: Relayed) -> None:
    client, server = await relayed.greeted()
    client.close()
    assert await server.rest() == b""
    server.close()


async def server_hung_up(relayed: Relayed) -> None:
    client, server = await relayed.greeted()
    server.close()
    assert await client.rest() == b""
    client.close()


async def client_reset(relayed: Relayed) -> None:
    client, _ = await relayed.greeted()
    client.reset()


async def server_reset(relayed: Relayed) -> None:
    _, server = await relayed.greeted()
    server.reset()


async def quit_was_never_answered(relayed: Relayed) -> None:
    client, server = await relayed.greeted()
    await client.send(b"QUIT\r\n")
    await server.expect(b"QUIT\r\n")
    server.close()
    assert await client.rest() == b""
    client.close()


@pytest.mark.parametrize(
    ("story", "how"),
    [
        (said_goodbye, How.QUIT),
        (client_hung_up, How.CLIENT_CLOSED),
        (server_hung_up, How.SERVER_CLOSED),
        (quit_was_never_answered, How.SERVER_CLOSED),
        (client_reset, How.CLIENT_RESET),
        (server_reset, How.SERVER_RESET),
    ],
)
async def test_how_it_ended_is_told_once(story: object, how: How) -> None:
    assert callable(story)
    async with relaying() as relayed:
        await story(relayed)
        assert await relayed.witness.ending() == Ending(how)
    assert relayed.witness.endings(1) == [Ending(how)]


async def test_a_client_that_resets_while_its_server_is_dialled_is_told_of() -> None:
    async with relaying() as relayed:
        client = await relayed.client()
        await client.send(b"USER bob\r\n")
        client.reset()
        assert (await relayed.witness.ending()).how is How.CLIENT_RESET


async def test_clients_that_reset_before_they_are_accepted_harm_nobody() -> None:
    async with relaying() as relayed:
        for _ in range(50):
            relayed.client_at_once().reset()
        for number in range(1, 51):
            await relayed.witness.ending(number)
        client = await relayed.client()
        await client.send(b"NOOP\r\n")
        said = b""
        while not said:  # servers were dialled for some of those who are gone
            server = await relayed.server()
            with suppress(ConnectionError):
                said = await server.some()
        assert said == b"NOOP\r\n"
