"""A stand-in over the network: mail programs get from it what they got from the server."""

import asyncio
import poplib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from dialogue import said
from net.serving import Hosted, hosting
from net.wires import Wire
from pop3spy.postoffice import DEMO_ACCOUNTS, PostOffice, maildrops_for
from pop3spy.protocol.frames import Side, StatusLine
from pop3spy.protocol.url import Url
from pop3spy.replay.assemble import read_script
from pop3spy.replay.compare import compare
from pop3spy.replay.pace import Pace
from pop3spy.replay.script import Script
from pop3spy.replay.stand_in import StandIn
from pop3spy.session.events import Answered, Heard
from pop3spy.session.how import Ending, How
from pop3spy.session.responder import Responder
from replay.tapes import Recorder, behind_login, script


def office() -> PostOffice:
    """Return a post office with the demo's messages; the clock does what clocks do."""
    return PostOffice(
        DEMO_ACCOUNTS,
        maildrops_for(DEMO_ACCOUNTS, None),
        hostname="post.example",
        pid=7,
        clock=iter(range(1, 100)).__next__,
    )


Download = tuple[list[bytes], ...]


def download(url: Url, password: str) -> Download:
    """Return all that poplib can get, listings and messages."""
    client = poplib.POP3(url.host, url.port, timeout=15)
    client.capa()
    client.user("demo")
    client.pass_(password)
    count, octets = client.stat()
    listing, ids = client.list()[1], client.uidl()[1]
    messages = [client.retr(number)[1] for number in range(1, count + 1)]
    tops = [client.top(number, 1)[1] for number in range(1, count + 1)]
    client.dele(2)
    left = client.list()[1]
    client.quit()
    return ([b"%d" % count, b"%d" % octets], listing, ids, *messages, *tops, left)


@asynccontextmanager
async def recording(responder: Callable[[], Responder]) -> AsyncIterator[tuple[Hosted, Recorder]]:
    recorder = Recorder()
    async with hosting(responder) as hosted:
        hosted.bus.subscribe(recorder)
        yield hosted, recorder


async def recorded() -> tuple[Script, Download]:
    """Return what poplib did with a post office, and what it got."""
    async with recording(office().session) as (hosted, recorder):
        got = await asyncio.to_thread(download, hosted.urls[0], "demo")
        await hosted.witness.ending()
    return read_script(iter(recorder.items)), got


async def test_poplib_gets_the_same_from_a_stand_in() -> None:
    read, got = await recorded()
    async with hosting(StandIn(read, strict=True).session) as hosted:
        assert await asyncio.to_thread(download, hosted.urls[0], "another password") == got
        assert await hosted.witness.ending() == Ending(How.QUIT)
        assert all(event.exchange.ok for event in hosted.witness.of(Answered))


async def test_the_octets_are_the_same() -> None:
    """Sessions over the network, each recorded, say the same when one is played as the other."""
    read, _ = await recorded()
    async with recording(StandIn(read, cuts=True).session) as (hosted, recorder):
        await asyncio.to_thread(download, hosted.urls[0], "demo")
        await hosted.witness.ending()
    again = read_script(iter(recorder.items))
    assert [step.line for step in again.steps] == [step.line for step in read.steps]
    assert [step.reply.raw for step in again.steps if step.reply] == [
        step.reply.raw for step in read.steps if step.reply
    ]


async def test_many_clients_at_once() -> None:
    read, got = await recorded()
    async with hosting(StandIn(read).session) as hosted:
        downloads = (asyncio.to_thread(download, hosted.urls[0], "x") for _ in range(5))
        assert await asyncio.gather(*downloads) == [got] * 5


async def test_a_reply_that_broke_off_breaks_off_again() -> None:
    read = behind_login("C: RETR 1\nS: +OK\nS| half", How.SERVER_CLOSED)
    async with hosting(StandIn(read).session) as hosted:
        client = await hosted.client()
        await client.send(b"USER bob\r\nPASS x\r\nRETR 1\r\n")
        assert await client.rest() == b"+OK ready\r\n+OK\r\n+OK logged in\r\n+OK\r\nhalf\r\n"
        assert await hosted.witness.ending() == Ending(How.SERVER_CLOSED)


ODD = """
    S: Welcome to POP3
    S: +OK
    C: USER bob
    S: debug
    S| +OK
    C: PASS x
    S: OK
    C: STAT
    S: ?
    S: +OK 1 10
    C: RETR 1
    S: +OK
    S| a: b
    S: -ERR the disk has gone
"""


@pytest.mark.parametrize("cuts", [False, True])
async def test_odd_lines_and_an_error_inside_a_body_reach_the_client(*, cuts: bool) -> None:
    chunks = [(side, data or b"") for side, data in said(ODD)]
    server = b"".join(data for side, data in chunks if side is Side.SERVER)
    read = script(ODD, How.SERVER_CLOSED)
    async with recording(StandIn(read, cuts=cuts).session) as (hosted, recorder):
        client = await hosted.client()
        await client.expect(b"Welcome to POP3\r\n+OK\r\n")
        await client.talk(b"USER bob\r\n", b"debug\r\n+OK\r\n")
        await client.talk(b"PASS x\r\n", b"OK\r\n")
        await client.talk(b"STAT\r\n", b"?\r\n+OK 1 10\r\n")
        await client.send(b"RETR 1\r\n")
        assert await client.rest() == b"+OK\r\na: b\r\n-ERR the disk has gone\r\n"
        assert await hosted.witness.ending() == Ending(How.SERVER_CLOSED)
        assert hosted.witness.heard(Side.SERVER) == server
    again = read_script(iter(recorder.items))
    assert compare(read.outcomes, again.outcomes) == []


async def test_a_slow_server_is_slow_again() -> None:
    """A tenth of a second was recorded, and half as fast is a fifth."""
    read = script("S: +OK\nC: CAPA\nS(0.1): +OK\nS(0.1): TOP\nS| .\nC: QUIT\nS: +OK")
    async with hosting(StandIn(read, pace=Pace(0.5)).session) as hosted:
        client = await hosted.client()
        await client.line()
        begun = asyncio.get_running_loop().time()
        await client.talk(b"CAPA\r\n", b"+OK\r\n")
        await client.expect(b"TOP\r\n.\r\n")
        assert asyncio.get_running_loop().time() - begun >= 0.38
        assert await quit_from(client)


async def quit_from(client: Wire) -> bool:
    await client.send(b"QUIT\r\n")
    return (await client.rest()).startswith(b"+OK")


async def test_pieces_arrive_one_by_one() -> None:
    read = script("S: +OK\nC: QUIT\nS< +\nS< O\nS< K\nS< \\r\nS< \\n")
    async with hosting(StandIn(read, cuts=True).session) as hosted:
        client = await hosted.client()
        await client.line()
        await client.send(b"QUIT\r\n")
        assert await client.rest() == b"+OK\r\n"
        await hosted.witness.ending()
        status = [e for e in hosted.witness.of(Heard) if isinstance(e.frame, StatusLine)][-1]
        assert [offset for offset, _ in status.frame.cuts] == [1, 2, 3, 4]


@pytest.mark.parametrize("strict", [False, True])
async def test_commands_sent_ahead_are_answered_in_order(*, strict: bool) -> None:
    read = behind_login("C: NOOP\nS: +OK\nC: STAT\nS: +OK 1 10\nC: QUIT\nS: +OK bye")
    async with hosting(StandIn(read, strict=strict).session) as hosted:
        client = await hosted.client()
        await client.send(b"USER eve\r\nPASS x\r\nSTAT\r\nNOOP\r\nQUIT\r\n")
        assert await client.rest() == (
            b"+OK ready\r\n+OK\r\n+OK logged in\r\n+OK 1 10\r\n+OK\r\n+OK bye\r\n"
        )
