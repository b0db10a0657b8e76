"""A connection to a server, as its client."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from dialogue import told
from net.serving import nothing_in_the_log
from net.wires import PATIENCE, Door, Wire, door, nobody
from net.witness import Witness
from pop3spy.errors import ConnectError
from pop3spy.net.connection import Connection
from pop3spy.protocol.frames import Frame
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Answered, Opened
from pop3spy.session.how import Ending, How

PASSWORD = "tanstaaf-Hunter2"


class Talk:
    """A connection, its server in the hands of the test, and who reads along."""

    def __init__(self, connection: Connection, server: Wire, witness: Witness) -> None:
        self.connection = connection
        self.server = server
        self.witness = witness

    async def ask(self, line: bytes, *reply: bytes) -> str:
        """Ask, and answer with these pieces; return the frames of the reply as text."""
        await self.connection.send(line)
        await self.server.expect(line)
        return await self.hear(*reply)

    async def hear(self, *pieces: bytes) -> str:
        async with asyncio.TaskGroup() as group:
            heard = group.create_task(self.connection.reply())
            for piece in pieces:
                await self.server.send(piece)
        return text(heard.result())

    async def log_in(self) -> None:
        assert await self.hear(b"+OK ready\r\n") == "S - +OK ready"
        await self.ask(b"USER bob\r\n", b"+OK\r\n")
        await self.ask(b"PASS " + PASSWORD.encode() + b"\r\n", b"+OK\r\n")


def text(frames: Sequence[Frame]) -> str:
    return told(frames)


def _raise(_: object, error: Exception) -> None:
    raise error


@asynccontextmanager
async def talking(*, patience: float = 15.0, strict: bool = False) -> AsyncIterator[Talk]:
    witness = Witness()
    bus = Bus(_raise)
    witness.attach_to(bus)
    with nothing_in_the_log(), door() as opened:
        connection, server = await _meet(opened, bus, patience, strict=strict)
        try:
            async with connection:
                yield Talk(connection, server, witness)
        finally:
            server.reset()


async def _meet(
    opened: Door, bus: Bus, patience: float, *, strict: bool
) -> tuple[Connection, Wire]:
    async with asyncio.TaskGroup() as group:
        accepted = group.create_task(opened.accept())
        connection = await Connection.open(
            opened.url,
            bus,
            Clock(),
            patience=patience,
            number=7,
            names=Pseudonyms() if strict else None,
        )
    return connection, accepted.result()


async def test_whole_replies_are_returned() -> None:
    async with talking() as talk:
        await talk.log_in()
        assert await talk.ask(b"STAT\r\n", b"+OK 1 ", b"10\r\n") == "S 3 +OK 1 10"
        assert await talk.ask(b"LIST\r\n", b"+OK\r\n1 1", b"0\r", b"\n.\r\n") == (
            "S 4 +OK (body)\nS 4 | 1 10\\r\\n\nS 4 . (end)"
        )
        assert await talk.ask(b"RETR 9\r\n", b"-ERR no\r\n") == "S 5 -ERR no"


async def test_ask_sends_and_hears() -> None:
    async with talking() as talk:
        await talk.log_in()
        await talk.server.send(b"+OK early\r\n")
        assert text(await talk.connection.ask(b"NOOP\r\n")) == "S 3 +OK early"


async def test_a_challenge_ends_a_reply() -> None:
    async with talking() as talk:
        await talk.hear(b"+OK\r\n")
        assert await talk.ask(b"AUTH PLAIN\r\n", b"+ \r\n") == "S 1 + (challenge)"
        assert await talk.ask(b"eHh4eA==\r\n", b"-ERR no\r\n") == "S 1 -ERR no"


async def test_replies_that_came_together_are_told_apart() -> None:
    async with talking() as talk:
        await talk.log_in()
        await talk.connection.send(b"NOOP\r\nSTAT\r\n")
        assert await talk.hear(b"+OK one\r\n+OK 2 2\r\n") == "S 3 +OK one"
        assert text(await talk.connection.reply()) == "S 4 +OK 2 2"


@pytest.mark.parametrize(
    ("line", "pieces", "expected"),
    [
        pytest.param(b"HELP\r\n", [b"+OK help yourself\r\n"], "S 3 +OK help yourself", id="none"),
        pytest.param(
            b"HELP\r\n",
            [b"+OK\r\n", b"QUIT\r\n.\r\n"],
            "S 3 +OK (body)\nS 3 | QUIT\\r\\n\nS 3 . (end)",
            id="one",
        ),
        pytest.param(
            b"LIST 1\r\n",
            [b"+OK\r\n1 10\r\n", b"2 20\r\n.\r\n"],
            "S 3 +OK (body)\nS 3 | 1 10\\r\\n2 20\\r\\n\nS 3 . (end)",
            id="one where there should be none",
        ),
    ],
)
async def test_a_body_that_only_the_server_knows_of(
    line: bytes, pieces: list[bytes], expected: str
) -> None:
    async with talking() as talk:
        await talk.log_in()
        assert await talk.ask(line, *pieces) == expected
        assert await talk.ask(b"NOOP\r\n", b"+OK\r\n") == "S 4 +OK"


async def test_the_conversation_is_read_along() -> None:
    async with talking() as talk:
        await talk.log_in()
        await talk.ask(b"QUIT\r\n", b"+OK bye\r\n")
        await talk.connection.close()
        assert await talk.witness.ending(7) == Ending(How.QUIT)
        assert talk.witness.lines(7) == [
            "S: +OK ready",
            "C: USER bob",
            "S: +OK",
            "C: PASS ********",
            "S: +OK",
            "C: QUIT",
            "S: +OK bye",
        ]
        assert len(talk.witness.of(Answered)) == 3
        assert PASSWORD not in repr(talk.witness.events)
        (opened,) = talk.witness.of(Opened)
        assert opened.session.server.host == "127.0.0.1"
        assert talk.connection.session is opened.session


async def test_strict_hides_names() -> None:
    async with talking(strict=True) as talk:
        await talk.log_in()
        await talk.connection.close()
        assert "bob" not in repr(talk.witness.events)


async def test_a_server_that_closes_says_no_more() -> None:
    async with talking() as talk:
        await talk.log_in()
        await talk.connection.send(b"RETR 1\r\n")
        await talk.server.expect(b"RETR 1\r\n")
        await talk.server.send(b"+OK\r\nhalf a")
        talk.server.finish()
        assert text(await talk.connection.reply()) == "S 3 +OK (body)\nS 3 | half a"
        assert await talk.connection.hear() is None
        assert await talk.connection.reply() == []
        await talk.connection.close()
        assert await talk.witness.ending(7) == Ending(How.SERVER_CLOSED)


async def test_a_client_that_leaves_is_told_as_such() -> None:
    async with talking() as talk:
        await talk.log_in()
        await talk.connection.close()
        await talk.connection.close()
        assert talk.witness.endings(7) == [Ending(How.CLIENT_CLOSED)]
        assert await talk.server.rest() == b""


async def test_a_reset_is_one_line() -> None:
    async with talking() as talk:
        await talk.log_in()
        talk.server.reset()
        with pytest.raises(ConnectError, match=r"^pop3://127\.0\.0\.1:\d+: the connection broke$"):
            await talk.connection.ask(b"NOOP\r\n")
        await talk.connection.close()
        assert await talk.witness.ending(7) == Ending(How.SERVER_RESET)


async def test_a_silent_server_is_not_waited_for_forever() -> None:
    async with talking(patience=0.05) as talk:
        with pytest.raises(ConnectError, match=r": nothing happened for 0\.05 s$"):
            await talk.connection.reply()


async def test_a_server_that_takes_nothing_is_not_waited_for_forever() -> None:
    """Neither for its taking what is sent, nor for its end."""
    async with talking(patience=0.05) as talk:
        with pytest.raises(ConnectError, match=r": nothing happened for 0\.05 s$"):
            await talk.connection.send(b"x" * (32 << 20))
        await talk.connection.close()
        assert await talk.witness.ending(7) == Ending(How.TIMEOUT)


async def test_a_close_that_is_given_up_closes_for_all() -> None:
    """It waits for the server to take what was said, and somebody else waits for that."""
    async with talking(patience=0.05) as talk:
        with pytest.raises(ConnectError):
            await talk.connection.send(b"x" * (32 << 20))
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            closing = group.create_task(talk.connection.close())
            await asyncio.sleep(0)
            closing.cancel()
            await talk.connection.close()
        assert closing.cancelled()
        assert await talk.witness.ending(7) == Ending(How.TIMEOUT)


async def test_what_was_half_heard_is_heard_later() -> None:
    async with talking() as talk:
        await talk.log_in()
        await talk.connection.send(b"LIST\r\n")
        await talk.server.send(b"+OK\r\n1 1")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await talk.connection.reply()
        assert await talk.hear(b"0\r\n.\r\n") == "S 3 | 0\\r\\n\nS 3 . (end)"


async def test_a_large_reply_streams() -> None:
    line = b"x" * 98 + b"\r\n"
    async with talking() as talk:
        await talk.log_in()
        await talk.connection.send(b"RETR 1\r\n")
        async with asyncio.TaskGroup() as group:
            group.create_task(talk.server.send(b"+OK\r\n" + line * 100_000 + b".\r\n"))
            frames = [frame async for frame in _frames(talk.connection)]
        assert sum(len(frame.raw) for frame in frames) == 10_000_000 + 8


async def _frames(connection: Connection) -> AsyncIterator[Frame]:
    while (frame := await connection.hear()) and frame.raw != b".\r\n":
        yield frame
    assert frame
    yield frame


async def test_a_server_that_is_not_there_is_told() -> None:
    bus = Bus(_raise)
    with pytest.raises(ConnectError, match="connection refused"):
        await Connection.open(nobody(), bus, Clock())
