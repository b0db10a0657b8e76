"""Promise 24: what fails in reading costs no octet, is told once, and tells no secret."""

import asyncio
import random
from collections.abc import Callable

import pytest

from builds import needs_python
from net.serving import relaying
from pop3spy.gate.acts import Acts, Beginning, Moment
from pop3spy.protocol.decoder import Decoder
from pop3spy.protocol.frames import Side
from pop3spy.redaction.redactor import Redactor
from pop3spy.session.events import Blinded, Ended, Told
from pop3spy.session.how import Ending, How
from pop3spy.session.reading import Reading
from pop3spy.session.tracker import Tracker

SECRET = "tanstaaf-Hunter2"
READERS: list[tuple[type, str]] = [
    (Reading, "append"),  # these two can be made to fail in the compiled build as well:
    (Reading, "read"),  # the code that calls them is not compiled
    (Decoder, "append"),
    (Decoder, "next"),
    (Redactor, "mask"),
    (Tracker, "apply"),
]
UNJUDGED: list[tuple[type, str]] = [(Reading, "at_once"), (Decoder, "close"), (Tracker, "end")]


class BrokenError(Exception):
    """What a bug raises, with what it was reading in its message."""


def break_at(
    monkeypatch: pytest.MonkeyPatch, part: type, name: str, call: int
) -> Callable[[], bool]:
    """Let a method fail at its *call*th call and ever after; return whether it has failed."""
    if part is not Reading:
        needs_python(part, name)
    real = getattr(part, name)
    calls = 0

    def failing(self: object, *args: object, **kwargs: object) -> object:
        nonlocal calls
        calls += 1
        if calls >= call:
            raise BrokenError(f"PASS {SECRET} {args!r}")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(part, name, failing)
    return lambda: calls >= call


@pytest.mark.parametrize("call", [1, 2, 5])
@pytest.mark.parametrize(("part", "name"), READERS + UNJUDGED)
async def test_a_failure_in_reading_costs_no_octet_and_is_told_once(
    monkeypatch: pytest.MonkeyPatch, part: type, name: str, call: int
) -> None:
    failed = break_at(monkeypatch, part, name, call)
    async with relaying() as relayed:
        for number in (1, 2):
            client, server = await relayed.greeted()
            for line in (b"USER bob\r\n", b"PASS " + SECRET.encode() + b"\r\n", b"STAT\r\n"):
                await client.send(line)
                await server.expect(line)
                await server.send(b"+OK\r\n")
                await client.expect(b"+OK\r\n")
            data = random.Random(number).randbytes(100_000)
            await asyncio.gather(server.send(data), client.expect(data))
            client.close()
            assert await server.rest() == b""
            server.close()
            await relayed.witness.ending(number)
        witness = relayed.witness
        assert len(witness.of(Ended)) == 2
        blinded = witness.of(Blinded)
        assert bool(blinded) == failed()
        for number in (1, 2):
            assert len([told for told in blinded if told.session.id == number]) <= 1
        for told in blinded:
            assert told.why.startswith("reading failed, the bytes go on: BrokenError at ")
        assert SECRET not in repr(witness.events)
    assert not relayed.complaints


class Judging:
    """A keeper of both sides that acts on nothing, though it could on everything."""

    sides = frozenset(Side)

    def judge(self, _: Moment, acts: Acts) -> Acts:
        return acts

    def may_act_on(self, _: Beginning) -> bool:
        return True


@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize(("part", "name"), [*READERS, (Judging, "judge"), (Judging, "may_act_on")])
async def test_a_failure_costs_no_octet_where_what_is_said_is_judged_first(
    monkeypatch: pytest.MonkeyPatch, part: type, name: str, call: int
) -> None:
    """From the first octet on, whichever of them it is that cannot be taken in, read or judged."""
    failed = break_at(monkeypatch, part, name, call)
    greeting, said = b"+OK ready\r\n+OK half", b"USER bob\r\nNOOP\r\nSTAT\r\nhalf"
    async with relaying(keepers=[Judging()]) as relayed:
        client, server = await relayed.pair()
        await server.send(greeting[:5])
        await client.send(said)
        await server.send(greeting[5:])
        client.finish()
        assert await server.rest() == said
        server.finish()
        assert await client.rest() == greeting
        await relayed.witness.ending()
        assert len(relayed.witness.of(Blinded)) == 1
    assert failed()
    assert not relayed.complaints


async def test_a_session_that_is_not_read_any_more_still_tells_how_it_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    break_at(monkeypatch, Reading, "at_once", 1)
    async with relaying() as relayed:
        client, _ = await relayed.greeted()
        await relayed.witness.blinded()
        client.reset()
        assert await relayed.witness.ending() == Ending(How.CLIENT_RESET)


async def test_a_session_that_is_not_read_any_more_stops_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    break_at(monkeypatch, Tracker, "apply", 1)
    async with relaying() as relayed:
        client, _ = await relayed.greeted()
        await relayed.witness.blinded()
        await relayed.stopped()
        assert await client.rest() == b""


async def test_a_session_whose_end_cannot_be_told_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The program waited for ever for a session that had failed to say that it was over."""
    break_at(monkeypatch, Decoder, "release", 1)

    async def end_badly() -> None:
        async with relaying() as relayed:
            client, _ = await relayed.greeted()
            client.reset()
            await relayed.stopped()

    with pytest.raises(AssertionError, match=r"(?s)Exception in callback.*BrokenError"):
        await end_badly()


@pytest.mark.parametrize("call", [1, 4])
async def test_a_subscriber_that_fails_harms_neither_octets_nor_other_subscribers(
    call: int,
) -> None:
    calls = 0

    def full_disk(event: Told) -> None:
        nonlocal calls
        calls += 1
        if calls >= call:
            raise BrokenError(f"{SECRET} {event!r}")

    async with relaying() as relayed:
        relayed.bus.subscribe(lambda _: full_disk)
        witness = relayed.witness
        for number in (1, 2):
            client, server = await relayed.greeted()
            await client.send(b"PASS " + SECRET.encode() + b"\r\n")
            await server.expect(b"PASS " + SECRET.encode() + b"\r\n")
            server.close()
            assert await client.rest() == b""
            client.close()
            await witness.ending(number)
        assert not witness.of(Blinded)
        assert witness.heard(Side.SERVER, 2) == b"+OK ready\r\n"
        assert len(relayed.complaints) == 1
        assert calls > call


async def test_a_failure_in_one_session_is_no_failure_in_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needs_python(Redactor, "mask")
    real = Redactor.mask

    def mask(self: Redactor, *args: object) -> object:
        if b"poison" in getattr(args[0], "raw", b""):
            raise BrokenError(SECRET)
        return real(self, *args)  # type: ignore[arg-type] # passed on as it came

    monkeypatch.setattr(Redactor, "mask", mask)
    async with relaying() as relayed:
        (one, _), (two, _) = await relayed.greeted(), await relayed.greeted()
        await one.send(b"poison\r\n")
        assert (await relayed.witness.blinded()).session.id == 1
        await two.send(b"NOOP\r\n")
        await relayed.witness.until(
            lambda: relayed.witness.heard(Side.CLIENT, 2).endswith(b"NOOP\r\n")
        )
