"""A gated side is read first and sent then; what nobody touches goes on as it came."""

import asyncio
import hashlib
import random
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from statistics import median

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cuts import octets_of
from gate.talking import keeper
from net.serving import relaying
from net.test_fail_open import break_at
from net.wires import Wire
from pop3spy.gate.acts import Acts, Beginning, End, Gate, Hold, Keeper, Moment, Respond, Send, Wait
from pop3spy.gate.content import EditedReply, LineEdits
from pop3spy.gate.faults import FAULTS, Fault, FaultKeeper
from pop3spy.gate.holds import Holds
from pop3spy.net.half import Half
from pop3spy.net.link import Link
from pop3spy.net.listen import raise_file_limit
from pop3spy.protocol.frames import CommandLine, Frame, Side, StatusLine
from pop3spy.redaction.redactor import Redactor
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.deeds import in_words
from pop3spy.session.events import Answered, Blinded, Heard, Intervened, Told, Unanswered
from pop3spy.session.how import How
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading

HELD = 1000
BOTH = frozenset(Side)
CLIENT, SERVER = frozenset({Side.CLIENT}), frozenset({Side.SERVER})


@dataclass
class Passing:
    """Looks at everything and touches nothing."""

    sides: frozenset[Side] = BOTH
    seen: list[Frame] = field(default_factory=list)

    def may_act_on(self, _: Beginning) -> bool:
        return True

    def judge(self, moment: Moment, acts: Acts) -> Acts:
        self.seen.append(moment.frame)
        return acts


@dataclass
class Doing:
    """Does the same about every frame that begins with *start*."""

    start: bytes
    acts: Callable[[Moment], Acts] | Sequence[object]
    sides: frozenset[Side] = CLIENT

    def may_act_on(self, _: Beginning) -> bool:
        return True

    def judge(self, moment: Moment, acts: Acts) -> Acts:
        if not moment.frame.raw.startswith(self.start):
            return acts
        moment.note("test", in_words("did it"))
        return self.acts(moment) if callable(self.acts) else self.acts  # type: ignore[return-value]


@dataclass
class Holding:
    """Holds every command until the test lets it go."""

    held: list[Callable[[Acts], None]] = field(default_factory=list)
    sides: frozenset[Side] = CLIENT

    def may_act_on(self, _: Beginning) -> bool:
        return True

    def judge(self, moment: Moment, acts: Acts) -> Acts:
        if not isinstance(moment.frame, CommandLine):
            return acts
        moment.note("test", in_words("held it"))
        return (Hold(self.held.append),)


async def test_what_nobody_touches_arrives_unchanged() -> None:
    up, down = random.Random(1).randbytes(4 << 20), random.Random(2).randbytes(4 << 20)

    async def pour(wire: Wire, data: bytes) -> None:
        await wire.send(data)
        wire.finish()

    async def digest(wire: Wire) -> bytes:
        found = hashlib.sha256()
        while data := await wire.some():
            found.update(data)
        return found.digest()

    async with relaying(keepers=[Passing()]) as relayed:
        client, server = await relayed.pair()
        _, _, heard_up, heard_down = await asyncio.gather(
            pour(client, up), pour(server, down), digest(server), digest(client)
        )
    assert (heard_up, heard_down) == (hashlib.sha256(up).digest(), hashlib.sha256(down).digest())


async def test_a_message_passes_the_gate_in_frames_that_join_to_it() -> None:
    body = b"".join(b"line %d\r\n" % n for n in range(40000))
    reply = b"+OK\r\n" + body + b".\r\n"
    keeper = Passing(SERVER)
    async with relaying(keepers=[keeper]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"RETR 1\r\n")
        await server.expect(b"RETR 1\r\n")
        await asyncio.gather(server.send(reply), client.expect(reply))
    assert b"".join(frame.raw for frame in keeper.seen) == b"+OK ready\r\n" + reply


async def test_what_is_dropped_never_reaches_the_server_and_can_be_answered() -> None:
    keeper = Doing(b"DELE", [Respond(b"-ERR not today\r\n")])
    async with relaying(keepers=[keeper]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"DELE 1\r\nNOOP\r\n")
        await client.expect(b"-ERR not today\r\n")
        await server.expect(b"NOOP\r\n")
        await server.send(b"+OK\r\n")
        await client.expect(b"+OK\r\n")
        session = relayed.witness.of(Heard)[0].session
    dele, noop = session.exchanges
    assert (dele.ok, dele.original is dele.line, noop.ok) == (False, True, True)
    assert [event.by for event in relayed.witness.of(Intervened)] == ["test"]


async def test_an_answer_that_waits_for_replies_is_over_when_the_server_says_no_more() -> None:
    async with relaying(keepers=[Doing(b"DELE", [Respond(b"-ERR no\r\n")])]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"STAT\r\nDELE 1\r\nNOOP\r\n")
        await server.expect(b"STAT\r\n")
        server.finish()
        assert await client.rest() == b""
        await server.expect(b"NOOP\r\n")
        client.finish()
        assert await server.rest() == b""
        assert (await relayed.witness.ending()).how is How.SERVER_CLOSED
        (did,) = relayed.witness.of(Intervened)
        assert did.answer is None


async def test_what_is_dropped_without_a_word_gets_no_reply() -> None:
    async with relaying(keepers=[Doing(b"DELE", [])]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"DELE 1\r\nNOOP\r\n")
        await server.expect(b"NOOP\r\n")
        await server.send(b"+OK\r\n")
        await client.expect(b"+OK\r\n")
    assert [event.exchange.command.verb for event in relayed.witness.of(Unanswered)] == ["DELE"]


async def test_an_answer_waits_for_the_replies_that_are_on_their_way() -> None:
    async with relaying(keepers=[Doing(b"DELE", [Respond(b"-ERR no\r\n")])]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"RETR 1\r\nDELE 1\r\nNOOP\r\n")
        await server.expect(b"RETR 1\r\n")
        await server.send(b"+OK\r\nbody\r\n")
        await client.expect(b"+OK\r\nbody\r\n")
        await server.send(b".\r\n")
        await client.expect(b".\r\n-ERR no\r\n")
        await server.expect(b"NOOP\r\n")


async def test_a_reply_is_read_as_that_of_the_command_that_the_server_heard() -> None:
    """LIST has a multi-line reply, LIST 1 has none: the reader must know which was sent."""
    async with relaying(keepers=[Doing(b"LIST", [Send(b"LIST 1\r\n")])]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"LIST\r\n")
        await server.expect(b"LIST 1\r\n")
        await server.send(b"+OK 1 120\r\n")
        await client.expect(b"+OK 1 120\r\n")
        await client.send(b"NOOP\r\n")
        await server.expect(b"NOOP\r\n")
        await server.send(b"+OK\r\n")
        await client.expect(b"+OK\r\n")
        session = relayed.witness.of(Heard)[0].session
    listed, noop = session.exchanges
    assert (listed.line.raw, listed.original and listed.original.raw) == (
        b"LIST 1\r\n",
        b"LIST\r\n",
    )
    assert (listed.body, listed.ok, noop.ok) == (None, True, True)


async def test_a_held_command_keeps_nobody_else_waiting() -> None:
    keeper = Holding()
    async with relaying(keepers=[keeper]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"DELE 1\r\nDELE 2\r\n")
        await relayed.witness.until(lambda: keeper.held)
        relayed.keep()  # who comes now is not held
        other, its_server = await relayed.greeted()
        await other.send(b"NOOP\r\n")
        await its_server.expect(b"NOOP\r\n")
        keeper.held[0]([Send(b"NOOP\r\n")])
        await server.expect(b"NOOP\r\nDELE 2\r\n")


async def test_the_server_speaks_on_while_a_command_is_held() -> None:
    keeper = Holding()
    async with relaying(keepers=[keeper]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"NOOP\r\n")
        await relayed.witness.until(lambda: keeper.held)
        await server.send(
            b"-ERR idle for too long\r\n"
        )  # and not the answer to what it never heard
        await client.expect(b"-ERR idle for too long\r\n")
        keeper.held[0]([Send(b"NOOP\r\n")])
        await server.expect(b"NOOP\r\n")
        await server.send(b"+OK\r\n")
        await client.expect(b"+OK\r\n")
        session = relayed.witness.of(Heard)[0].session
    assert [exchange.ok for exchange in session.exchanges] == [True]


async def test_a_half_close_waits_behind_what_is_held() -> None:
    keeper = Holding()
    async with relaying(keepers=[keeper]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"QUIT\r\nhalf a li")
        client.finish()
        await relayed.witness.until(lambda: keeper.held)
        keeper.held[0]([Send(b"QUIT\r\n")])
        await server.expect(b"QUIT\r\nhalf a li")
        assert await server.some() == b""
        await server.send(b"+OK bye\r\n")
        await client.expect(b"+OK bye\r\n")


async def test_a_client_that_goes_while_it_is_held_ends_its_session() -> None:
    keeper = Holding()
    async with relaying(keepers=[keeper]) as relayed:
        client, _ = await relayed.greeted()
        await client.send(b"NOOP\r\n")
        await relayed.witness.until(lambda: keeper.held)
        client.reset()
        assert (await relayed.witness.ending()).how is How.CLIENT_RESET
        keeper.held[0]([Send(b"NOOP\r\n")])  # nobody is there any more


@pytest.mark.parametrize("end", End)
async def test_the_gate_ends_connections(end: End) -> None:
    keeper = Doing(b"+OK 1", [Send(b"+OK"), end], SERVER)
    async with relaying(keepers=[keeper]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"STAT\r\n")
        await server.expect(b"STAT\r\n")
        await server.send(b"+OK 1 120\r\n")
        if end is End.RESET:
            with pytest.raises(ConnectionResetError):
                assert await client.rest() != b"+OK 1 120\r\n"
        else:
            assert await client.rest() == b"+OK"
        if end is not End.FINISH:
            assert (await relayed.witness.ending()).how is How.GATE


async def test_pauses_come_between_pieces() -> None:
    keeper = Doing(b"+OK r", [Send(b"+OK"), Wait(0.02), Send(b" ready\r\n")], SERVER)
    async with relaying(keepers=[keeper]) as relayed:
        client, server = await relayed.pair()
        await server.send(b"+OK ready\r\n+OK2\r\n")
        await client.expect(b"+OK ready\r\n+OK2\r\n")
    assert [event.sent for event in relayed.witness.of(Intervened)] == [None]


async def test_a_command_before_the_server_is_there_is_judged_and_kept() -> None:
    async with relaying(keepers=[Doing(b"CAPA", [Send(b"NOOP\r\n")])]) as relayed:
        client = await relayed.client()
        await client.send(b"CAPA\r\nSTAT\r\n")
        server = await relayed.server()
        await server.expect(b"NOOP\r\nSTAT\r\n")


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("at", [1, 2, 4])
async def test_a_gate_that_fails_opens(side: Side, at: int) -> None:
    """Promise 24, at the gate: the octets that were kept go on, and the others after them."""
    left = at

    def fail(_: Moment) -> Acts:
        nonlocal left
        left -= 1
        if not left:
            raise ValueError("hunter2-tanstaafl")
        return [Send(b"NOOP\r\n")]

    async with relaying(keepers=[Doing(b"NOOP", fail, frozenset({side}))]) as relayed:
        client, server = await relayed.greeted()
        one, other = (client, server) if side is Side.CLIENT else (server, client)
        await one.send(b"NOOP\r\n" * 6 + b"half")
        await other.expect(b"NOOP\r\n" * 6 + b"half")
        await one.send(b" a line\r\n")
        await other.expect(b" a line\r\n")
    (blinded,) = relayed.witness.of(Blinded)
    assert "hunter2" not in blinded.why


async def test_what_is_held_goes_on_when_reading_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    holding = Holding()
    async with relaying(keepers=[holding]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"STAT\r\n")
        await relayed.witness.until(lambda: holding.held)
        break_at(monkeypatch, Redactor, "mask", 1)
        await server.send(b"+OK unasked\r\n")
        await server.expect(b"STAT\r\n")
        await client.expect(b"+OK unasked\r\n")


async def test_what_a_gate_changes_of_a_reply_is_told_with_what_it_was() -> None:
    keeper = Doing(b"+OK 1", [Send(b"-ERR [IN-USE] no\r\n")], SERVER)
    async with relaying(keepers=[keeper]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"STAT\r\n")
        await server.expect(b"STAT\r\n")
        await server.send(b"+OK 1 120\r\n")
        await client.expect(b"-ERR [IN-USE] no\r\n")
    (told,) = relayed.witness.of(Intervened)
    assert isinstance(told.sent, StatusLine)
    assert told.frame is not None
    assert (told.frame.raw, told.sent.ok, told.sent.code) == (b"+OK 1 120\r\n", False, "IN-USE")


# -- people at the gate -------------------------------------------------------------------------


async def test_an_injected_command_is_answered_to_nobody() -> None:
    async with relaying() as relayed:
        client, server = await relayed.greeted()
        link = relayed.proxy.link(1)
        assert link is not None
        link.inject(b"LIST\r\n", "console")
        await server.expect(b"LIST\r\n")
        await client.send(b"NOOP\r\n")
        await server.expect(b"NOOP\r\n")
        await server.send(b"+OK\r\n1 120\r\n.\r\n+OK noop\r\n")
        await client.expect(b"+OK noop\r\n")
        await client.send(b"QUIT\r\n")
        await server.expect(b"QUIT\r\n")
        session = relayed.witness.of(Heard)[0].session
    assert [(x.command.verb, x.injected) for x in session.exchanges] == [
        ("LIST", True),
        ("NOOP", False),
        ("QUIT", False),
    ]


async def test_a_command_is_injected_only_once_nothing_is_outstanding() -> None:
    async with relaying() as relayed:
        client, server = await relayed.greeted()
        await client.send(b"RETR 1\r\n")
        await server.expect(b"RETR 1\r\n")
        link = relayed.proxy.link(1)
        assert link is not None
        link.inject(b"STAT\r\n", "console")
        link.inject(b"NOOP\r\n", "console")
        await server.send(b"+OK\r\nsome\r\n")
        await client.expect(b"+OK\r\nsome")  # the line end may begin the end of the message
        await server.send(b".\r\n")
        await client.expect(b"\r\n.\r\n")
        await server.expect(b"STAT\r\n")
        await server.send(b"+OK 1 120\r\n")
        await server.expect(b"NOOP\r\n")
        await server.send(b"+OK\r\n")
        await client.send(b"QUIT\r\n")
        await server.expect(b"QUIT\r\n")
        await server.send(b"+OK bye\r\n")
        await client.expect(b"+OK bye\r\n")


async def test_a_command_is_injected_only_once_nothing_is_held() -> None:
    """The client never hears what the server says to it, and each reply finds its command."""
    keeper = Holding()
    async with relaying(keepers=[keeper]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"DELE 1\r\n")
        await relayed.witness.until(lambda: keeper.held)
        link = relayed.proxy.link(1)
        assert link is not None
        link.inject(b"STAT\r\n", "console")
        await server.send(b"-ERR idle\r\n")  # whatever is said meanwhile
        await client.expect(b"-ERR idle\r\n")
        keeper.held[0]([Send(b"DELE 1\r\n")])
        await server.expect(b"DELE 1\r\n")
        await server.send(b"+OK deleted\r\n")
        await client.expect(b"+OK deleted\r\n")
        await server.expect(b"STAT\r\n")
        await server.send(b"+OK 1 120\r\n")
        await relayed.witness.until(lambda: len(relayed.witness.of(Answered)) == 2)
        session = relayed.witness.of(Heard)[0].session
    assert [(x.command.verb, x.injected, x.ok) for x in session.exchanges] == [
        ("DELE", False, True),
        ("STAT", True, True),
    ]


async def test_a_command_is_injected_behind_no_half_line_of_the_clients() -> None:
    async with relaying() as relayed:
        client, server = await relayed.greeted()
        await client.send(b"ST")
        await server.expect(b"ST")
        link = relayed.proxy.link(1)
        assert link is not None
        link.inject(b"NOOP\r\n", "console")
        await client.send(b"AT\r\n")
        await server.expect(b"AT\r\n")
        await server.send(b"+OK 1 120\r\n")
        await client.expect(b"+OK 1 120\r\n")
        await server.expect(b"NOOP\r\n")


@pytest.mark.parametrize("last", [b"QUIT\r\n", b""], ids=["QUIT", "a half-close"])
async def test_nothing_is_injected_where_the_client_has_said_its_last(last: bytes) -> None:
    async with relaying() as relayed:
        client, server = await relayed.greeted()
        await client.send(b"STAT\r\n" + last)
        await server.expect(b"STAT\r\n" + last)
        link = relayed.proxy.link(1)
        assert link is not None
        link.inject(b"NOOP\r\n", "console")
        if not last:
            client.finish()
            assert await server.rest() == b""
        await server.send(b"+OK 1 120\r\n+OK bye\r\n")
        await client.expect(b"+OK 1 120\r\n+OK bye\r\n")
        server.finish()
        assert await client.rest() == b""
        client.close()
        assert await server.rest() == b""


async def test_an_answer_to_a_client_that_was_told_of_the_end_goes_nowhere() -> None:
    keeper = Holding()
    async with relaying(keepers=[keeper]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"DELE 1\r\n")
        await relayed.witness.until(lambda: keeper.held)
        server.finish()
        assert await client.rest() == b""
        keeper.held[0]([Respond(b"-ERR no\r\n")])
        await client.send(b"NOOP\r\n")
        await relayed.witness.until(lambda: len(keeper.held) == 2)
        keeper.held[1]([Send(b"NOOP\r\n")])
        await server.expect(b"NOOP\r\n")
        assert not relayed.witness.of(Blinded)


@pytest.mark.parametrize(
    ("decide", "server_hears", "client_hears"),
    [
        (lambda holds: holds.release(1), b"DELE 1\r\n", b""),
        (lambda holds: holds.edit(1, b"NOOP\r\n"), b"NOOP\r\n", b""),
        (lambda holds: holds.drop(1), b"", b""),
        (lambda holds: holds.answer(1, b"-ERR no\r\n"), b"", b"-ERR no\r\n"),
        (lambda holds: holds.release_all(), b"DELE 1\r\n", b""),
    ],
    ids=["released", "edited", "dropped", "answered", "all released"],
)
async def test_a_person_decides_about_a_held_command(
    decide: Callable[[Holds], None], server_hears: bytes, client_hears: bytes
) -> None:
    holds = Holds(Clock())
    holds.match = lambda _, exchange: exchange.command.verb == "DELE"
    async with relaying(keepers=[holds]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"DELE 1\r\nQUIT\r\n")
        await relayed.witness.until(lambda: holds.tickets)
        assert [str(event.did) for event in relayed.witness.of(Intervened)] == ["held as 1"]
        decide(holds)
        await server.expect(server_hears + b"QUIT\r\n")
        await client.expect(client_hears)
        assert not holds.tickets


async def test_a_thousand_held_sessions_cost_the_others_nothing() -> None:
    raise_file_limit()
    holds = Holds(Clock())
    holds.match = lambda _, exchange: exchange.command.verb == "DELE"
    async with relaying(keepers=[holds]) as relayed:
        for _ in range(HELD):
            client, _ = await relayed.greeted()
            await client.send(b"DELE 1\r\n")
        await relayed.witness.until(lambda: len(holds.tickets) == HELD)
        client, server = await relayed.greeted()
        took = []
        for _ in range(100):
            began = time.process_time()  # other programs may keep the cores busy
            await client.send(b"NOOP\r\n")
            await server.expect(b"NOOP\r\n")
            await server.send(b"+OK\r\n")
            await client.expect(b"+OK\r\n")
            took.append(time.process_time() - began)
        assert median(took) < 0.01


# -- seams --------------------------------------------------------------------------------------

Op = tuple[Side, bytes] | Passing | int | list[Keeper]
said = st.sampled_from(Side).flatmap(lambda side: octets_of(side).map(lambda data: (side, data)))
gated = st.sampled_from([frozenset[Side](), CLIENT, SERVER, BOTH]).map(Passing)
turns = st.integers(0, 3)


async def conversation(ops: list[Op]) -> tuple[dict[Side, bytes], dict[Side, bytes]]:
    """Let two peers speak over a link whose gates open and shut; return what was said and heard."""
    loop, clock = asyncio.get_running_loop(), Clock()
    events: list[Told] = []
    bus = Bus(lambda *_: pytest.fail("a subscriber failed"))
    bus.subscribe(lambda _: events.append)
    gate, over = Gate(), asyncio.Event()
    reading = Reading(1, Peer("c", 1), Peer("s", 2), clock.now(), bus.publish)
    link = Link(reading, clock, lambda _: over.set(), gate=gate)
    wires: dict[Side, Wire] = {}
    for side in Side:
        far, near = socket.socketpair()
        wires[side] = Wire(far)
        await loop.create_connection(partial(Half, side, link.join), sock=near)
    spoken = dict.fromkeys(Side, b"")
    for op in ops:
        match op:
            case int():
                for _ in range(op):
                    await asyncio.sleep(0)
            case Passing() | list():
                gate.keepers[:] = op if isinstance(op, list) else [op]
                link.regate()
            case (side, data):
                spoken[side] += data
                await wires[side].send(data)
    for wire in wires.values():
        wire.finish()
    heard = {side: await wires[side.other].rest() for side in Side}
    await over.wait()
    for wire in wires.values():
        wire.close()
    assert not [event for event in events if isinstance(event, Blinded)]
    return spoken, heard


@settings(max_examples=60)
@example([(Side.CLIENT, b"\r\nQUIT\n"), (Side.SERVER, b"+OK\r\n+OK\r\n"), Passing(SERVER)])
@given(st.lists(said | gated | turns, min_size=2, max_size=20))
def test_a_gate_that_opens_and_shuts_anywhere_loses_and_doubles_nothing(ops: list[Op]) -> None:
    spoken, heard = asyncio.run(conversation(ops))
    assert heard == spoken


def lagging() -> FaultKeeper:
    """Return a fault that keeps the beginning of a line back, and changes nothing in the end."""

    def work(*_: object) -> EditedReply:
        return EditedReply(
            "lag",
            in_words("kept"),
            status=LineEdits(bytes),
            body=LineEdits(bytes),
            end=LineEdits(bytes),
        )

    kind = replace(FAULTS["bare-lf"], name="lag", work=work)
    return FaultKeeper(Fault(kind, Side.SERVER, (), None, 1.0, 1, "lag"), 1)


lags = st.integers(0, 2).map(lambda count: [lagging() for _ in range(count)])
REPLIES = b"+OK ready\r\n+OK\r\n1 120\r\n2 \r20\r\n\n..\r\n.\r\n+OK 1 2\r\n+OK\r\nhalf a li"
cut_anywhere = st.lists(st.integers(0, len(REPLIES)), max_size=12).map(sorted)


@settings(max_examples=100)
@given(cut_anywhere, st.lists(lags | turns, max_size=13))
def test_faults_that_come_and_go_anywhere_lose_and_double_nothing(
    cuts: list[int], between: list[list[Keeper] | int]
) -> None:
    ops: list[Op] = [(Side.CLIENT, b"LIST\r\nSTAT\r\nRETR 1\r\n")]
    for start, end in pairwise([0, *cuts, len(REPLIES)]):
        ops += [(Side.SERVER, REPLIES[start:end]), 2, *between[:1], 2]
        between = between[1:]
    spoken, heard = asyncio.run(conversation(ops))
    assert heard == spoken


async def test_a_fault_that_is_taken_away_ends_with_the_reply_that_it_began() -> None:
    async with relaying(keepers=[keeper("bare-lf")]) as relayed:
        client, server = await relayed.pair()
        await server.send(b"+OK ready\r\n")
        await client.expect(b"+OK ready\n")
        await client.send(b"RETR 1\r\nSTAT\r\n")
        await server.expect(b"RETR 1\r\nSTAT\r\n")
        await server.send(b"+OK\r\none\r\nt")
        await client.expect(b"+OK\none\nt")
        relayed.keep()
        await server.send(b"wo\r\n.\r\n+OK 1 2\r\n")
        await client.expect(b"wo\n.\n+OK 1 2\r\n")


async def test_a_fault_that_is_set_in_the_middle_of_a_reply_begins_with_the_next() -> None:
    async with relaying() as relayed:
        client, server = await relayed.greeted()
        await client.send(b"RETR 1\r\nSTAT\r\n")
        await server.expect(b"RETR 1\r\nSTAT\r\n")
        await server.send(b"+OK\r\none\r\n")
        await client.expect(b"+OK\r\none\r\n")
        relayed.keep(keeper("bare-lf"))
        await server.send(b"two\r\n.\r\n+OK 1 2\r\n")
        await client.expect(b"two\r\n.\r\n+OK 1 2\n")


async def test_a_gate_that_is_wanted_again_before_it_opened_stays_shut() -> None:
    fault = keeper("bare-lf")
    async with relaying(keepers=[fault]) as relayed:
        client, server = await relayed.pair()
        await server.send(b"+OK ready\r\n")
        await client.expect(b"+OK ready\n")
        await client.send(b"RETR 1\r\nSTAT\r\n")
        await server.expect(b"RETR 1\r\nSTAT\r\n")
        await server.send(b"+OK\r\none\r\n")
        await client.expect(b"+OK\none")
        relayed.keep()
        await server.send(b"t")
        await client.expect(b"\nt")
        relayed.keep(fault)
        await server.send(b"wo\r\n.\r\n")
        await client.expect(b"wo\n.\n")
        await server.send(b"+OK 1 2\r\n")
        await client.expect(b"+OK 1 2\n")


async def test_what_waited_unread_when_the_gate_shut_is_read_once_the_server_lets_it() -> None:
    async with relaying() as relayed:
        client, server = await relayed.greeted()
        said = b"AUTH PLAIN\r\nAGJvYgBzZWNyZXQ=\r\nSTAT\r\n"
        await client.send(said)
        await server.expect(said)
        relayed.keep(Passing(BOTH))
        for reply in (b"+ \r\n", b"+OK\r\n", b"+OK 1 120\r\n"):
            await server.send(reply)
            await client.expect(reply)
        await relayed.witness.until(lambda: len(relayed.witness.of(Answered)) == 2)
        session = relayed.witness.of(Heard)[0].session
    assert [(x.command.verb, x.ok) for x in session.exchanges] == [("AUTH", True), ("STAT", True)]


async def test_a_client_that_is_not_gated_is_read_as_soon_as_a_gated_server_lets_it() -> None:
    async with relaying(keepers=[Passing(SERVER)]) as relayed:
        client, server = await relayed.greeted()
        await client.send(b"AUTH PLAIN AGJvYgBzZWNyZXQ=\r\nSTAT\r\n")
        await server.expect(b"AUTH PLAIN AGJvYgBzZWNyZXQ=\r\nSTAT\r\n")
        await server.send(b"+OK\r\n")
        await client.expect(b"+OK\r\n")
        await relayed.witness.heard_all(Side.CLIENT, b"STAT\r\n")
