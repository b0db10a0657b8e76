"""Faults on real connections: what client and server each saw, octet by octet."""

import asyncio
import gc
import math
import time
import weakref
from dataclasses import dataclass

import pytest

from gate.talking import keeper
from net.serving import relaying
from net.wires import Wire
from pop3spy.gate.acts import Acts, Keeper, Moment
from pop3spy.gate.dryrun import DryRun
from pop3spy.gate.faulttext import read_rewrite
from pop3spy.protocol.frames import Side
from pop3spy.session.events import Blinded, Intervened
from pop3spy.session.how import How

BODY = b"Subject: x\r\n\r\n" + b"..stuffed\r\n" * 20_000
REPLY = b"+OK 120 octets\r\n" + BODY + b".\r\n"

OPEN, CLOSED, RESET, FINISHED = "open", "closed", "reset", "finished"


@dataclass
class Case:
    """A fault, the reply to RETR 1 that the client hears with it, and how the connection is then.

    None is what the server said.  ``asked`` is what the server hears of the command.
    """

    fault: str
    heard: bytes | None = None
    then: str = OPEN
    asked: bytes = b"RETR 1\r\n"


CASES = [
    Case("delay time=20ms jitter=5ms"),
    Case("delay side=client time=20ms"),
    Case("bandwidth rate=10M"),
    Case("slice size=5000 gap=0"),
    Case("slice side=client size=1"),
    Case("stall after=30 time=20ms"),
    Case("cut after=30", REPLY[:30], CLOSED),
    Case("cut after=200000", REPLY[:200_000], CLOSED),
    Case("cut after=3 side=client", b"", CLOSED, b"RET"),
    Case("reset after=30", REPLY[:30], RESET),
    Case("half-close after=30", REPLY[:30], FINISHED),
    Case("drop", b""),
    Case("drop side=client", b"", OPEN, b""),
    Case("answer", b"-ERR [IN-USE] maildrop is locked by another session\r\n", OPEN, b""),
    Case("answer side=server line='-ERR so'", b"-ERR so\r\n"),
    Case("unterminated", REPLY[:-3]),
    Case("extra-reply", REPLY + b"+OK\r\n"),
    Case("unstuffed", REPLY.replace(b"\n..", b"\n.")),
    Case("wrong-size", REPLY.replace(b"120", b"220")),
    Case("bare-lf", REPLY.replace(b"\r\n", b"\n")),
    Case("bare-lf side=client", None, OPEN, b"RETR 1\n"),
]


@pytest.mark.parametrize("case", CASES, ids=[case.fault for case in CASES])
async def test_what_each_side_sees(case: Case) -> None:
    fault = keeper(f"{case.fault} when verb = RETR")
    heard = REPLY if case.heard is None else case.heard
    async with relaying(keepers=[fault]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"RETR 1\r\n")
        await server.expect(case.asked)
        telling = asyncio.ensure_future(tell(server, case))  # noqa: TID251 - a test owns it
        if case.then == RESET:
            assert heard.startswith(await client.until_reset())
        else:
            await client.expect(heard)
        if case.then in (CLOSED, FINISHED):
            assert await client.some() == b""
        if case.then == FINISHED:  # it is still heard
            await client.send(b"NOOP\r\n")
            await server.expect(b"NOOP\r\n")
        await telling
        if case.then == OPEN:
            await client.send(b"NOOP\r\n")
            await server.expect(b"NOOP\r\n")
            await server.send(b"+OK noop\r\n")
            await client.expect(b"+OK noop\r\n")
        assert {event.by for event in relayed.witness.of(Intervened)} == {fault.fault.kind.name}
        if case.then in (CLOSED, RESET):
            assert (await relayed.witness.ending()).how is How.GATE


async def tell(server: Wire, case: Case) -> None:
    """Give the reply to what was asked, as far as somebody takes it."""
    if not case.asked or (case.then == CLOSED and not case.heard):
        return
    try:
        await server.send(REPLY)
    except ConnectionError:
        assert case.then in (CLOSED, RESET)


async def test_a_stall_for_ever_ends_when_both_sides_have_had_enough() -> None:
    async with relaying(keepers=[keeper("stall after=3 when verb = STAT")]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"STAT\r\n")
        await server.expect(b"STAT\r\n")
        await server.send(b"+OK 1 120\r\n")
        await client.expect(b"+OK")
        assert [(e.by, str(e.did)) for e in relayed.witness.of(Intervened)] == [
            ("stall", "stalled after 3 octets")
        ]
        client.finish()
        assert await server.some() == b""
        server.finish()
        assert await client.rest() == b""
        await relayed.witness.ending()


async def test_a_fault_of_one_session_leaves_the_others_alone() -> None:
    async with relaying(keepers=[keeper("stall when session = 1")]) as relayed:
        stalled, its_server = await relayed.greeted()
        await stalled.send(b"STAT\r\n")
        await its_server.expect(b"STAT\r\n")
        await its_server.send(b"+OK 1 120\r\n")
        client, server = await relayed.greeted()
        await client.send(b"STAT\r\n")
        await server.expect(b"STAT\r\n")
        await server.send(b"+OK 1 120\r\n")
        await client.expect(b"+OK 1 120\r\n")


async def test_what_is_slowed_takes_its_time() -> None:
    async with relaying(keepers=[keeper("bandwidth rate=1000 when verb = STAT")]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"STAT\r\n")
        await server.expect(b"STAT\r\n")
        began = time.monotonic()
        reply = b"+OK " + b"1" * 100 + b"\r\n"
        await server.send(reply)
        await client.expect(reply)
        assert time.monotonic() - began > 0.08


@pytest.mark.parametrize("side", Side)
async def test_a_fault_that_fails_opens_the_gate(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise 24 for faults: what was said arrives, and the session is read no more."""
    fault = keeper(f"delay time=1ms side={'client' if side is Side.CLIENT else 'server'}")

    def fail(_: Moment, __: Acts) -> Acts:
        raise ValueError("hunter2")

    async with relaying() as relayed:
        client, server = await relayed.greeted()
        monkeypatch.setattr(fault, "judge", fail)
        relayed.keep(fault)
        await client.send(b"STAT\r\n")
        await server.expect(b"STAT\r\n")
        await server.send(b"+OK 1 120\r\n")
        await client.expect(b"+OK 1 120\r\n")
        told = await relayed.witness.blinded()
    assert isinstance(told, Blinded)
    assert "hunter2" not in told.why


async def test_a_server_that_talks_on_behind_a_half_close_fills_no_memory() -> None:
    async with relaying(keepers=[keeper("half-close after=5 when verb = RETR")]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"RETR 1\r\n")
        await server.expect(b"RETR 1\r\n")
        await server.send(b"+OK\r\n" + b"x" * (8 << 20) + b"\r\n.\r\n")
        await client.expect(b"+OK\r\n")
        assert await client.some() == b""
        link = relayed.proxy.link(1)
        assert link is not None
        assert link._observer._guards[Side.SERVER]._kept == 0
        assert link._observer._reading.unfinished(Side.SERVER) < 1 << 20


# -- the dry run --------------------------------------------------------------------------------


async def test_a_dry_run_answers_in_the_order_in_which_it_was_asked() -> None:
    async with relaying(keepers=[DryRun()]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"DELE 1\r\nDELE 1\r\nNOOP\r\nRETR 1\r\nQUIT\r\n")
        await server.expect(b"LIST 1\r\n")
        await server.send(b"+OK 1 120\r\n")
        await server.expect(b"NOOP\r\n")
        await server.send(b"+OK noop\r\n")
        await server.expect(b"QUIT\r\n")
        await server.send(b"+OK bye\r\n")
        await client.expect(
            b"+OK message 1 deleted\r\n-ERR message 1 is deleted\r\n+OK noop\r\n"
            b"-ERR message 1 is deleted\r\n+OK bye\r\n"
        )


async def test_a_dele_behind_a_login_that_goes_on_alone_is_not_let_through() -> None:
    """The client closes its side before the server says what the login came to."""
    async with relaying(keepers=[DryRun()]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"AUTH PLAIN AGJvYgBzZWNyZXQ=\r\nDELE 1\r\nQUIT\r\n")
        client.finish()
        await server.expect(b"AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n")
        await server.send(b"+OK welcome\r\n")
        await client.expect(b"+OK welcome\r\n")
        await server.expect(b"LIST 1\r\nQUIT\r\n")
        assert await server.some() == b""
        await server.send(b"+OK 1 120\r\n+OK bye\r\n")
        await client.expect(b"+OK message 1 deleted\r\n+OK bye\r\n")


async def test_a_server_that_goes_before_it_answers_a_login_ends_the_session() -> None:
    async with relaying(keepers=[DryRun()]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"AUTH PLAIN AGJvYgBzZWNyZXQ=\r\nNOOP\r\n")
        client.finish()
        await server.expect(b"AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n")
        server.finish()
        await client.expect(b"")
        assert await client.rest() == b""
        await relayed.witness.ending()


async def test_a_rewritten_command_reaches_the_server_in_its_new_words() -> None:
    async with relaying(keepers=[read_rewrite("client s/^STAT$/LIST/")]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"STAT\r\n")
        await server.expect(b"LIST\r\n")
        await server.send(b"+OK\r\n1 120\r\n.\r\n")
        await client.expect(b"+OK\r\n1 120\r\n.\r\n")
    assert [str(e.did) for e in relayed.witness.of(Intervened)] == [
        "changed the command, whose reply has another shape"
    ]


def test_forever_is_longer_than_any_patience() -> None:
    assert dict(keeper("stall").fault.values)["time"] == math.inf


async def test_a_session_with_faults_is_forgotten_without_the_cyclic_collector() -> None:
    faults = ("unstuffed", "wrong-size", "slice size=5000 gap=0")
    keepers: list[Keeper] = [*map(keeper, faults), DryRun()]
    gc.disable()
    try:
        async with relaying(keepers=keepers, witnessed=False) as relayed:
            client, server = await relayed.greeted()
            for command in (b"DELE 1\r\n", b"LIST\r\n", b"QUIT\r\n"):
                await client.send(command)
                await server.line()
                await server.send(b"+OK 1 120\r\n" + b"1 120\r\n.\r\n" * (command[:4] == b"LIST"))
                await client.line()
            link = weakref.ref(relayed.proxy.link(1) or relayed)
            server.close()
            await client.rest()
            client.close()
            while relayed.proxy.link(1):  # noqa: ASYNC110 - nobody is told any more
                await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert link() is None
    finally:
        gc.enable()
