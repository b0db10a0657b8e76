"""Reading that is slower than the wire: the wire waits, and everything is read in order."""

import asyncio
import itertools
from contextlib import suppress

import pytest

from net.serving import Relayed, relaying
from net.wires import Wire
from pop3spy.net import observer
from pop3spy.net.observer import Observer
from pop3spy.protocol.frames import BodyPart, CommandLine, Side, StatusLine
from pop3spy.session.events import Answered, Event, Heard

ROUNDS = 120
AT_ONCE = 100
AHEAD = 30


def numbered(text: bytes, of: int) -> bytes:
    """Return the lines of one round."""
    return b"".join(b"%b %d\r\n" % (text, n) for n in range(of * AT_ONCE, (of + 1) * AT_ONCE))


class Volley:
    """A client that asks up to ``AHEAD`` rounds ahead; its server answers a round at once."""

    def __init__(self, client: Wire, server: Wire) -> None:
        self.client = client
        self.server = server
        self.ahead = asyncio.Semaphore(AHEAD)

    async def play(self) -> None:
        await asyncio.gather(self.ask(), self.answer(), self.hear())

    async def ask(self) -> None:
        for number in range(ROUNDS):
            await self.ahead.acquire()
            await self.client.send(numbered(b"NOOP", number))

    async def answer(self) -> None:
        for number in range(ROUNDS):
            await self.server.expect(numbered(b"NOOP", number))
            await self.server.send(numbered(b"+OK", number))

    async def hear(self) -> None:
        for number in range(ROUNDS):
            await self.client.expect(numbered(b"+OK", number))
            self.ahead.release()


async def login(relayed: Relayed) -> tuple[Wire, Wire]:
    client, server = await relayed.greeted()
    await client.send(b"APOP bob abcdefgh\r\n")
    await server.line()
    await server.send(b"+OK\r\n")
    await client.line()
    return client, server


@pytest.mark.parametrize("tape", [1000, observer.TAPE])
@pytest.mark.parametrize("burst", [1, observer.BURST])
async def test_nothing_is_lost_and_order_is_kept_when_reading_is_slow(
    monkeypatch: pytest.MonkeyPatch, tape: int, burst: int
) -> None:
    monkeypatch.setattr(observer, "TAPE", tape)
    monkeypatch.setattr(observer, "BURST", burst)
    async with relaying() as relayed:
        client, server = await login(relayed)
        await Volley(client, server).play()
        server.close()
        assert await client.rest() == b""
        client.close()
        witness = relayed.witness
        await witness.ending()
        assert len(witness.of(Answered)) == ROUNDS * AT_ONCE + 1
        frames = [event.frame for event in witness.of(Heard)][3:]
        for side, text in ((Side.CLIENT, b"NOOP"), (Side.SERVER, b"+OK")):
            said = b"".join(numbered(text, each) for each in range(ROUNDS))
            assert b"".join(frame.raw for frame in frames if frame.side is side) == said
        asked = itertools.accumulate(isinstance(frame, CommandLine) for frame in frames)
        answered = itertools.accumulate(isinstance(frame, StatusLine) for frame in frames)
        assert all(after <= before for before, after in zip(asked, answered, strict=True))


async def test_a_tape_that_is_full_holds_the_wire_and_lets_it_go_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What waits to be read never exceeds the tape by more than a read of each side."""
    monkeypatch.setattr(observer, "TAPE", 50_000)
    monkeypatch.setattr(observer, "BURST", 1)
    most = 0
    real = Observer._read_some

    def read_some(self: Observer) -> bool:
        nonlocal most
        most = max(most, self._taped)
        return real(self)

    monkeypatch.setattr(Observer, "_read_some", read_some)
    async with relaying(witnessed=False) as relayed:
        client, server = await login(relayed)
        said = b"\r\n".join(b"+OK %d" % n for n in range(150_000))
        await asyncio.gather(server.send(said), client.expect(said))
    assert 50_000 < most < 50_000 + 3 * 262_144


async def test_what_is_told_of_a_message_has_gone_to_the_client_before() -> None:
    line, at_hand, told, late = b"x" * 76 + b"\r\n", 0, 0, 0
    caught_up = asyncio.Event()

    def count(event: Event) -> None:
        nonlocal at_hand, told, late
        if isinstance(event, Heard) and isinstance(event.frame, BodyPart):
            told += len(event.frame.raw)
            with suppress(BlockingIOError):
                while data := client.sock.recv(1 << 20):
                    at_hand += len(data)
            late += told > at_hand
            caught_up.set()

    async with relaying() as relayed:
        client, server = await login(relayed)
        await client.send(b"RETR 1\r\n")
        await server.expect(b"RETR 1\r\n")
        await server.send(b"+OK\r\n")
        await client.expect(b"+OK\r\n")
        relayed.bus.subscribe(lambda _: count)
        due = 0
        for lines in (1, 5000, 1, 10_000, 2, 20_000, 1):
            due += lines * len(line)
            await server.send(lines * line)
            while told < due - 2:  # the end of a line may begin the end of the message
                caught_up.clear()
                await asyncio.wait_for(caught_up.wait(), client.patience)

    assert late == 0
