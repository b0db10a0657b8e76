"""What bounds sessions: their number, their silence, and the end of the program."""

import asyncio
from contextlib import suppress

import pytest

from net.serving import Relayed, forgetting_who_was_about_to_come, relaying
from net.wires import Wire
from pop3spy.net.limits import Limits
from pop3spy.protocol.frames import Side
from pop3spy.session.events import Ended, Noted, Opened
from pop3spy.session.how import Ending, How

TWO = Limits(max_sessions=2, grace=2.0)
SOON = Limits(idle_timeout=0.3, grace=2.0)
LATER = Limits(idle_timeout=1.0, grace=2.0)
WHY_IDLE = "nobody spoke for 0.3 s"


async def test_one_client_too_many_is_sent_away() -> None:
    async with relaying(TWO) as relayed:
        pairs = [await relayed.greeted() for _ in range(2)]
        third = await relayed.client()
        assert await third.rest() == b""
        third.close()
        ending = await relayed.witness.ending(3)
        assert ending == Ending(How.REFUSED, "2 sessions are open already (--max-sessions)")
        assert not relayed.upstream.knocked
        for client, server in pairs:
            await client.send(b"NOOP\r\n")
            await server.expect(b"NOOP\r\n")


async def test_one_client_too_many_is_told_so_only_if_that_was_asked_for() -> None:
    async with relaying(TWO, answer_when_down=True) as relayed:
        for _ in range(2):
            await relayed.greeted()
        third = await relayed.client()
        assert await third.rest() == b"-ERR [SYS/TEMP] too many sessions\r\n"


async def test_a_session_that_ended_makes_room() -> None:
    async with relaying(TWO) as relayed:
        client, server = await relayed.greeted()
        await relayed.greeted()
        client.close()
        server.close()
        await relayed.witness.ending(1)
        await relayed.greeted()


async def test_who_is_sent_away_takes_nobodys_place() -> None:
    """A refused client was counted until it had left, and kept others out."""
    async with relaying(TWO) as relayed:
        client, server = await relayed.greeted()
        await relayed.greeted()
        for _ in range(5):
            assert await (await relayed.client()).rest() == b""  # it stays all the same
        client.close()
        server.close()
        await relayed.witness.ending(1)
        await relayed.greeted()


async def test_a_silent_session_is_closed() -> None:
    async with relaying(SOON) as relayed:
        client, server = await relayed.greeted()
        assert await client.rest() == b""
        assert await server.rest() == b""
        ending = await relayed.witness.ending()
        assert ending == Ending(How.TIMEOUT, WHY_IDLE)
        ended, opened = relayed.witness.of(Ended)[0].at, relayed.witness.events[1]
        assert ended - opened.at >= 0.3


@pytest.mark.parametrize("side", Side)
async def test_a_session_in_which_one_side_speaks_is_not_silent(side: Side) -> None:
    """Each word comes as soon as the one before was heard; together they outlast the limit."""
    async with relaying(LATER) as relayed:
        client, server = await relayed.greeted()
        one, other = (client, server) if side is Side.CLIENT else (server, client)
        since = relayed.witness.events[-1].at
        while relayed.witness.events[-1].at - since < 1.3:
            await one.send(b"+OK\r\n")
            await other.expect(b"+OK\r\n")
        assert not relayed.witness.of(Ended)


async def test_a_client_that_is_silent_while_nobody_answers_is_closed() -> None:
    async with relaying(SOON) as relayed:
        client, server = await relayed.pair()
        await client.send(b"USER b")
        await server.expect(b"USER b")
        assert await client.rest() == b""
        assert (await relayed.witness.ending()).how is How.TIMEOUT


async def test_without_a_limit_nobody_is_sent_away() -> None:
    async with relaying(Limits(max_sessions=0, idle_timeout=0, grace=2.0)) as relayed:
        for _ in range(50):
            await relayed.greeted()
        assert not relayed.witness.of(Ended)


# -- the end of the program ---------------------------------------------------------------------


async def test_a_stop_closes_idle_sessions_at_once_and_lets_nobody_in() -> None:
    async with relaying(Limits(grace=60.0)) as relayed:
        pairs = [await relayed.greeted() for _ in range(3)]
        await relayed.witness.heard_all(Side.SERVER, b"+OK ready\r\n")
        await relayed.stopped()
        for client, server in pairs:
            assert await client.rest() == b""
            assert await server.rest() == b""
        with pytest.raises(ConnectionRefusedError):
            await relayed.client()
        assert [relayed.witness.endings(n) for n in (1, 2, 3)] == [[Ending(How.SHUTDOWN)]] * 3


async def in_a_body(relayed: Relayed) -> tuple[Wire, Wire]:
    client, server = await relayed.greeted()
    await client.send(b"RETR 1\r\n")
    await server.expect(b"RETR 1\r\n")
    await server.send(b"+OK\r\nhalf of ")
    await client.expect(b"+OK\r\nhalf of ")
    await relayed.witness.until(lambda: b"half of" in relayed.witness.heard(Side.SERVER))
    return client, server


async def test_a_stop_lets_a_reply_that_is_on_its_way_arrive() -> None:
    async with relaying(Limits(grace=60.0)) as relayed:
        client, server = await in_a_body(relayed)
        relayed.stop.set()
        await relayed.witness.until(
            lambda: [e for e in relayed.witness.of(Noted) if e.what == "stopping"]
        )
        rest = b"a line\r\n" * 100_000 + b".\r\n"
        await server.send(rest)
        assert await client.rest() == rest
        assert await server.rest() == b""
        assert await relayed.witness.ending() == Ending(How.SHUTDOWN)


async def test_a_stop_cuts_off_a_reply_that_never_ends() -> None:
    async with relaying(Limits(grace=0.2)) as relayed:
        client, server = await in_a_body(relayed)
        await relayed.stopped()
        assert await client.rest() == b""
        assert await server.rest() == b""
        assert await relayed.witness.ending() == Ending(How.SHUTDOWN, "a reply was cut off")


async def test_a_stop_does_not_wait_for_a_client_that_takes_nothing() -> None:
    async with relaying(Limits(grace=0.2)) as relayed:
        client = await relayed.client(receive_buffer=4096)
        server = await relayed.server()
        with suppress(BlockingIOError):
            while True:
                server.sock.send(bytes(65536))
        await relayed.stopped()
        assert (await relayed.witness.ending()).how is How.SHUTDOWN
        del client


async def test_a_stop_without_sessions_is_immediate() -> None:
    async with relaying(Limits(grace=60.0)) as relayed:
        await relayed.stopped()
        assert [e.what for e in relayed.witness.of(Noted)] == ["listening"]


@pytest.mark.parametrize("turns", range(8))
async def test_a_client_that_comes_while_the_program_stops_harms_nothing(turns: int) -> None:
    """Its connection was made, but nobody had told the proxy, which was done already."""
    with forgetting_who_was_about_to_come():
        async with relaying(Limits(grace=0.1)) as relayed:
            relayed.client_at_once()
            for _ in range(turns):
                await asyncio.sleep(0)
            await relayed.stopped()
            for opened in relayed.witness.of(Opened):
                await relayed.witness.ending(opened.session.id)
