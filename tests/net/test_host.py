"""A host: something that answers like a server, over real connections."""

import asyncio
import errno
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from net.responders import Reply, Scripted
from net.serving import Hosted, forgetting_who_was_about_to_come, hosting
from net.wires import PATIENCE, Wire
from pop3spy.errors import MaildropError
from pop3spy.net import observer
from pop3spy.net.limits import Limits
from pop3spy.protocol.frames import CommandLine, Opaque, Side
from pop3spy.session.events import Answered, Heard, Opened
from pop3spy.session.how import Ending, How
from pop3spy.session.responder import Answer
from postoffice.speaking import FIRST, SECOND, office

OK = Answer(b"+OK")
BYE = Answer(b"+OK bye", close=True)
TOO_LONG = b"-ERR this line is too long\r\n"
SECRET = "tanstaaf-Hunter2"
PATIENT = Limits(grace=60.0)


def body(*pieces: bytes) -> Callable[[], Answer]:
    return lambda: Answer(b"+OK", iter(pieces))


def failing(error: Exception) -> Callable[[], Answer]:
    """Return a reply that breaks off in its body."""

    def pieces() -> Iterator[bytes]:
        yield b"one line\r\n"
        raise error

    return lambda: Answer(b"+OK", pieces())


REPLIES: dict[str, Reply] = {
    "NOOP": OK,
    "QUIT": BYE,
    "LIST": body(b"1 10\r\n", b"2 20\r\n"),
    "AUTH": Answer(b"+ ", asks=True),
}


class House:
    """Responders that were made, one for each client."""

    def __init__(self, replies: dict[str, Reply] | None = None) -> None:
        self.replies = REPLIES | (replies or {})
        self.made: list[Scripted] = []

    def __call__(self) -> Scripted:
        self.made.append(Scripted(self.replies))
        return self.made[-1]

    @property
    def ends(self) -> list[int]:
        """How often each responder was told that its client is gone."""
        return [each.ended for each in self.made]


async def greeted(hosted: Hosted, *, receive_buffer: int = 0) -> Wire:
    client = await hosted.client(receive_buffer=receive_buffer)
    await client.expect(b"+OK ready\r\n")
    return client


async def test_a_client_is_answered_line_by_line() -> None:
    house = House()
    async with hosting(house) as hosted:
        client = await greeted(hosted)
        await client.talk(b"noop\r\n", b"+OK\r\n")
        await client.talk(b"LIST\r\n", b"+OK\r\n1 10\r\n2 20\r\n.\r\n")
        await client.talk(b"NOOP\n", b"+OK\r\n")
        await client.talk(b"XYZZY\r\n", b"-ERR unknown\r\n")
        await client.talk(b"\r\n", b"-ERR unknown\r\n")
        await client.talk(b"AUTH PLAIN\r\n", b"+ \r\n")
        await client.talk(b"QUIT\r\n", b"+OK logged in\r\n")  # an answer to the challenge
        await client.talk(b"QUIT\r\n", b"+OK bye\r\n")
        assert await client.rest() == b""
        assert await hosted.witness.ending() == Ending(How.QUIT)
        assert house.made[0].asked[-3:] == [b"AUTH PLAIN", b"QUIT", b"QUIT"]
        assert house.ends == [1]


async def test_a_post_office_serves_its_messages() -> None:
    async with hosting(office(FIRST, SECOND).session) as hosted:
        client = await hosted.client()
        assert (await client.line()).startswith(b"+OK")
        await client.send(b"USER demo\r\nPASS demo\r\nSTAT\r\nRETR 1\r\nDELE 2\r\nQUIT\r\n")
        said = await client.rest()
        assert b"\r\n..\r\nI sing of arms\r\n.\r\n" in said
        assert said.count(b"+OK") == 6
        assert await hosted.witness.ending() == Ending(How.QUIT)
        assert len(hosted.witness.of(Answered)) == 6


async def test_what_is_said_is_told_to_readers() -> None:
    async with hosting(House()) as hosted:
        client = await greeted(hosted)
        await client.talk(b"LIST\r\n", b"+OK\r\n1 10\r\n2 20\r\n.\r\n")
        await client.talk(b"PASS " + SECRET.encode() + b"\r\n", b"-ERR unknown\r\n")
        client.close()
        await hosted.witness.ending()
        assert b"1 10\r\n2 20\r\n.\r\n" in hosted.witness.heard(Side.SERVER)
        assert SECRET not in repr(hosted.witness.events)


async def test_commands_sent_ahead_are_answered_in_order() -> None:
    async with hosting(House()) as hosted:
        client = await greeted(hosted)
        await client.send(b"NOOP\r\nLIST\r\nXYZZY\r\nQUIT\r\nNOOP\r\n")
        replies = b"+OK\r\n+OK\r\n1 10\r\n2 20\r\n.\r\n-ERR unknown\r\n+OK bye\r\n"
        assert await client.rest() == replies


async def test_commands_before_a_half_close_are_answered() -> None:
    async with hosting(House()) as hosted:
        client = await greeted(hosted)
        await client.send(b"NOOP\r\nNOOP\r\nNO")
        client.finish()
        assert await client.rest() == b"+OK\r\n+OK\r\n"
        assert await hosted.witness.ending() == Ending(How.CLIENT_CLOSED)


async def test_many_commands_of_one_client_do_not_keep_others_waiting() -> None:
    house = House()
    async with hosting(house) as hosted:
        eager, other = await greeted(hosted), await greeted(hosted)
        await eager.send(b"NOOP\r\n" * 10_000)
        await eager.expect(b"+OK\r\n")  # it has begun
        await other.talk(b"NOOP\r\n", b"+OK\r\n")
        assert len(house.made[0].asked) < 10_000
        await eager.expect(b"+OK\r\n" * 9_999)
        eager.close()
        await hosted.witness.ending(1)


# -- lines that are too long --------------------------------------------------------------------


@pytest.mark.parametrize("size", [16_385, 40_000, 1_000_000])
async def test_an_overlong_line_is_refused_and_the_session_goes_on(size: int) -> None:
    house = House()
    async with hosting(house) as hosted:
        client = await greeted(hosted)
        await client.send(b"x" * size + b"\r\nNOOP\r\n")
        await client.expect(TOO_LONG + b"+OK\r\n")
        assert house.made[0].asked == [b"NOOP"]
        client.close()
        await hosted.witness.ending()
        frames = [each.frame for each in hosted.witness.of(Heard)]
        assert [type(each) for each in frames if each.side is Side.CLIENT][:2] == [
            CommandLine,
            Opaque,
        ]


async def test_an_overlong_answer_to_a_challenge_cancels_it() -> None:
    """It was refused without the responder's knowledge, which went on waiting for an answer."""
    house = House()
    async with hosting(house) as hosted:
        client = await greeted(hosted)
        await client.talk(b"AUTH PLAIN\r\n", b"+ \r\n")
        await client.talk(b"x" * 50_000 + b"\r\n", TOO_LONG)
        await client.talk(b"NOOP\r\n", b"+OK\r\n")
        assert house.made[0].asked == [b"AUTH PLAIN", b"*", b"NOOP"]


async def test_a_post_office_goes_on_after_an_overlong_answer() -> None:
    async with hosting(office(FIRST).session) as hosted:
        client = await hosted.client()
        await client.line()
        await client.talk(b"AUTH PLAIN\r\n", b"+ \r\n")
        await client.talk(b"x" * 50_000 + b"\r\n", TOO_LONG)
        await client.send(b"USER demo\r\nPASS demo\r\n")
        assert (await client.line()).startswith(b"+OK")
        assert (await client.line()).startswith(b"+OK")


async def test_an_overlong_line_is_answered_before_it_ends() -> None:
    house = House()
    async with hosting(house) as hosted:
        client = await greeted(hosted)
        await client.send(b"x" * 20_000)
        await client.expect(TOO_LONG)
        await client.send(b"x" * 20_000)
        await client.talk(b"\r\nNOOP\r\n", b"+OK\r\n")
        assert house.made[0].asked == [b"NOOP"]


@given(sizes=st.lists(st.sampled_from([1, 16_384, 16_385, 32_768, 40_000, 70_000]), max_size=6))
@settings(max_examples=25)
def test_each_line_has_one_answer_however_long_it_is(sizes: list[int]) -> None:
    async def converse() -> None:
        async with hosting(House()) as hosted:
            client = await greeted(hosted)
            for size in sizes:
                await client.send(b"x" * (size - 1) + b"\n")
            await client.send(b"QUIT\r\n")
            refused = [TOO_LONG if size > 16_385 else b"-ERR unknown\r\n" for size in sizes]
            assert await client.rest() == b"".join(refused) + b"+OK bye\r\n"
            assert await hosted.witness.ending() == Ending(How.QUIT)
            answered = [each.exchange.status for each in hosted.witness.of(Answered)]
            assert len(answered) == len(sizes) + 1

    asyncio.run(converse())


async def test_a_line_without_an_end_is_bounded() -> None:
    house = House()
    async with hosting(house) as hosted:
        endless, other = await greeted(hosted), await greeted(hosted)
        with suppress(ConnectionError):  # it hears no more of it
            for _ in range(300):
                await endless.send(b"x" * 10_000)
        ending = await hosted.witness.ending(1)
        assert ending.how is How.SERVER_CLOSED
        assert re.fullmatch(r"a line of the client had no end after 1\d{6} octets", ending.why)
        assert hosted.witness.heard(Side.SERVER).count(b"-ERR") == 1
        await other.talk(b"NOOP\r\n", b"+OK\r\n")
        assert house.ends == [1, 0]


async def test_an_overlong_line_that_never_ends_is_no_reason_to_wait_for_ever() -> None:
    async with hosting(House(), Limits(idle_timeout=0.2)) as hosted:
        client = await greeted(hosted)
        await client.send(b"x" * 100_000)
        assert await client.rest() == TOO_LONG
        assert (await hosted.witness.ending()).how is How.TIMEOUT


# -- failed logins ------------------------------------------------------------------------------

WRONG = b"USER demo\r\nPASS wrong\r\n"


async def test_a_failed_login_that_waits_holds_nobody_else_up() -> None:
    async with hosting(office(FIRST, login_delay=3600).session, PATIENT) as hosted:
        waiting, other = await hosted.client(), await hosted.client()
        for client in (waiting, other):
            await client.line()
        await waiting.send(WRONG * 2)
        await hosted.witness.until(
            lambda: hosted.witness.heard(Side.CLIENT).count(b"PASS") == 2  # the second one waits
        )
        await other.send(b"USER demo\r\nPASS demo\r\nQUIT\r\n")
        assert (await other.rest()).count(b"+OK") == 3
        assert hosted.witness.heard(Side.SERVER).count(b"-ERR") == 1
        await hosted.stopped()  # nor the end of the program
        assert (await waiting.rest()).count(b"-ERR") == 2
        assert await hosted.witness.ending(1) == Ending(How.SHUTDOWN)


async def test_a_connection_ends_after_five_failed_logins() -> None:
    async with hosting(office(FIRST).session) as hosted:
        client = await hosted.client()
        await client.line()
        await client.send(WRONG * 7)
        said = await client.rest()
        assert said.count(b"-ERR [AUTH]") == 5
        assert said.endswith(b"; 5 logins have failed, good bye\r\n")
        assert (await hosted.witness.ending()).how is How.SERVER_CLOSED


# -- how it ends --------------------------------------------------------------------------------

BIG: dict[str, Reply] = {
    "RETR": lambda: Answer(b"+OK", (b"line\r\n" * 10_000 for _ in range(1000)))
}


async def vanishes_in_a_body(client: Wire) -> None:
    await client.send(b"RETR 1\r\n")
    await client.receive(100_000)
    client.reset()


async def leaves_in_a_body(client: Wire) -> None:
    await client.send(b"RETR 1\r\n")
    await client.receive(100_000)
    client.close()


async def resets(client: Wire) -> None:
    client.reset()


async def leaves_in_a_line(client: Wire) -> None:
    await client.send(b"NO")
    client.close()


async def leaves_in_auth(client: Wire) -> None:
    await client.talk(b"AUTH PLAIN\r\n", b"+ \r\n")
    client.close()


async def quits(client: Wire) -> None:
    await client.talk(b"QUIT\r\n", b"+OK bye\r\n")


async def quits_and_is_gone(client: Wire) -> None:
    await client.send(b"QUIT\r\n")
    client.reset()


async def leaves_in_an_overlong_line(client: Wire) -> None:
    await client.send(b"x" * 100_000)
    client.close()


@pytest.mark.parametrize(
    ("story", "how"),
    [
        (vanishes_in_a_body, {How.CLIENT_RESET}),
        (leaves_in_a_body, {How.CLIENT_RESET}),  # it does not take what is sent
        (resets, {How.CLIENT_RESET}),
        (leaves_in_a_line, {How.CLIENT_CLOSED}),
        (leaves_in_auth, {How.CLIENT_CLOSED}),
        (quits, {How.QUIT}),
        (quits_and_is_gone, {How.QUIT, How.CLIENT_RESET}),
        (leaves_in_an_overlong_line, {How.CLIENT_CLOSED}),
    ],
)
async def test_a_responder_is_told_once_that_its_client_is_gone(
    story: Callable[[Wire], Awaitable[None]], how: set[How]
) -> None:
    house = House(BIG)
    async with hosting(house) as hosted:
        await story(await greeted(hosted))
        ending = await hosted.witness.ending()
        assert ending.how in how
        assert house.ends == [1]
        assert len(hosted.witness.endings(1)) == 1
    assert house.ends == [1]


async def test_a_body_that_cannot_be_read_to_its_end_gets_no_end() -> None:
    """A lone dot would say that the message is whole."""
    house = House({"RETR": failing(MaildropError("message 1 has gone"))})
    async with hosting(house) as hosted:
        client = await greeted(hosted)
        await client.send(b"RETR 1\r\n")
        with suppress(ConnectionResetError):
            assert await client.rest() == b"+OK\r\none line\r\n"
        assert await hosted.witness.ending() == Ending(How.SERVER_CLOSED, "message 1 has gone")
        await greeted(hosted)
        assert house.ends == [1, 0]


@pytest.mark.parametrize("error", [ValueError(SECRET), OSError(errno.EIO, SECRET), TimeoutError()])
@pytest.mark.parametrize("where", ["greet", "answer", "answer_sasl", "body"])
async def test_a_bug_in_a_responder_costs_its_own_session_and_no_other(
    monkeypatch: pytest.MonkeyPatch, error: Exception, where: str
) -> None:
    def broken(*_: object) -> None:
        raise error

    house = House({"RETR": failing(error)})
    async with hosting(house) as hosted:
        other = await greeted(hosted)
        if where == "greet":
            monkeypatch.setattr(Scripted, where, broken)
            client = await hosted.client()
        else:
            client = await greeted(hosted)
            await client.talk(b"AUTH PLAIN\r\n", b"+ \r\n")
            if where != "body":
                monkeypatch.setattr(Scripted, where, broken)
            if where != "answer_sasl":
                await client.talk(b"AbC=\r\n", b"+OK logged in\r\n")
            await client.send(b"RETR 1\r\n")
        with suppress(ConnectionResetError):
            assert not (await client.rest()).endswith(b".\r\n")
        ending = await hosted.witness.ending(2)
        assert ending.how is How.SERVER_CLOSED
        assert ending.why.startswith(f"{type(error).__name__} at ")
        assert SECRET not in ending.why
        monkeypatch.undo()
        await other.talk(b"NOOP\r\n", b"+OK\r\n")
        assert house.ends == [0, 1]


async def test_a_responder_that_cannot_end_costs_its_own_session_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def end(_: Scripted) -> None:
        raise ValueError(SECRET)

    monkeypatch.setattr(Scripted, "end", end)
    async with hosting(House()) as hosted:
        client, other = await greeted(hosted), await greeted(hosted)
        await client.talk(b"QUIT\r\n", b"+OK bye\r\n")
        assert (await hosted.witness.ending()).why.startswith("ValueError at ")
        await other.talk(b"NOOP\r\n", b"+OK\r\n")


async def test_a_connection_that_the_network_gave_up_costs_nobody_else() -> None:
    """It ends with a TimeoutError, which was taken for --idle-timeout and ended the host."""
    house = House()
    async with hosting(house) as hosted:
        await greeted(hosted)
        other = await greeted(hosted)
        lost = next(iter(hosted.host._accepted))
        lost._reader.set_exception(TimeoutError(errno.ETIMEDOUT, "Connection timed out"))
        assert await hosted.witness.ending(1) == Ending(How.CLIENT_RESET)
        await other.talk(b"NOOP\r\n", b"+OK\r\n")
        assert house.ends == [1, 0]


# -- limits -------------------------------------------------------------------------------------


async def test_a_silent_client_is_closed() -> None:
    house = House()
    async with hosting(house, Limits(idle_timeout=0.2)) as hosted:
        client = await greeted(hosted)
        await client.send(b"NOO")
        assert await client.rest() == b""
        ending = await hosted.witness.ending()
        assert ending == Ending(How.TIMEOUT, "nobody spoke for 0.2 s")
        assert house.ends == [1]


async def test_a_client_that_takes_nothing_is_closed() -> None:
    """It was waited for, for ever."""
    house = House(BIG)
    async with hosting(house, Limits(idle_timeout=0.2)) as hosted:
        client = await greeted(hosted, receive_buffer=4096)
        await client.send(b"RETR 1\r\n")
        assert (await hosted.witness.ending()).how is How.TIMEOUT
        assert house.ends == [1]


async def test_one_client_too_many_is_told_so() -> None:
    house = House()
    async with hosting(house, Limits(max_sessions=2)) as hosted:
        first = await greeted(hosted)
        await greeted(hosted)
        third = await hosted.client()
        assert await third.rest() == b"-ERR [SYS/TEMP] too many sessions\r\n"
        ending = await hosted.witness.ending(3)
        assert ending == Ending(How.REFUSED, "2 sessions are open already (--max-sessions)")
        await first.talk(b"QUIT\r\n", b"+OK bye\r\n")
        await hosted.witness.ending(1)
        await greeted(hosted)
        assert house.ends == [1, 0, 0]


async def test_a_slow_client_gets_a_large_body_piece_by_piece() -> None:
    made = 0

    def pieces() -> Iterator[bytes]:
        nonlocal made
        for _ in range(1000):
            made += 1
            yield b"x" * 65534 + b"\r\n"

    async with hosting(House({"RETR": lambda: Answer(b"+OK", pieces())})) as hosted:
        client = await greeted(hosted, receive_buffer=65536)
        await client.send(b"RETR 1\r\n")
        await client.expect(b"+OK\r\n")
        other = await greeted(hosted)
        seen = -1
        while seen != made:  # until it has stopped
            seen = made
            for _ in range(100):
                await other.talk(b"NOOP\r\n", b"+OK\r\n")
        assert made < 160  # 10 MB, most of it in the kernel
        left = 1000 * 65536
        while left:
            left -= len(await client.some(left))
        await client.expect(b".\r\n")


# -- the end of the program ---------------------------------------------------------------------


async def test_a_stop_closes_waiting_clients_at_once_and_lets_nobody_in() -> None:
    house = House()
    async with hosting(house, PATIENT) as hosted:
        clients = [await greeted(hosted) for _ in range(3)]
        await clients[1].send(b"NOO")
        await hosted.stopped()
        for client in clients:
            assert await client.rest() == b""
        assert [hosted.witness.endings(n) for n in (1, 2, 3)] == [[Ending(How.SHUTDOWN)]] * 3
        assert house.ends == [1, 1, 1]
        with pytest.raises(ConnectionRefusedError):
            await hosted.client()


async def test_a_stop_lets_a_reply_that_is_on_its_way_arrive() -> None:
    line, times = b"a line of text\r\n" * 1000, 2000
    house = House({"RETR": lambda: Answer(b"+OK", (line for _ in range(times)))})
    async with hosting(house, PATIENT) as hosted:
        client = await greeted(hosted, receive_buffer=65536)
        await client.send(b"RETR 1\r\nNOOP\r\n")
        await client.expect(b"+OK\r\n")
        hosted.stop.set()
        rest = await client.rest()
        assert len(rest) == times * len(line) + len(b".\r\n")
        assert rest.endswith(b"\r\n.\r\n")
        assert await hosted.witness.ending() == Ending(How.SHUTDOWN)


async def test_a_stop_waits_until_a_slow_client_has_taken_its_reply() -> None:
    """The reply was out of the host's hands, but not yet out of the program."""
    reply = b"x" * 58_000 + b"\r\n"  # as much as a transport takes without a word
    house = House({"RETR": body(reply)})
    async with hosting(house, PATIENT) as hosted:
        client = await greeted(hosted, receive_buffer=4096)
        accepted = next(iter(hosted.host._accepted))
        sock = accepted._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        await client.talk(b"RETR 1\r\n", b"+OK\r\n")
        assert accepted._writer.transport.get_write_buffer_size() > 0
        hosted.stop.set()
        for _ in range(50):
            await asyncio.sleep(0)
        assert hosted.running is not None
        assert not hosted.running.done()
        assert await client.rest() == reply + b".\r\n"
        assert await hosted.witness.ending() == Ending(How.SHUTDOWN)


async def test_a_body_is_sent_no_faster_than_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observer, "TAPE", 50_000)
    monkeypatch.setattr(observer, "BURST", 1)
    most = 0
    real = observer.Observer._read_some

    def read_some(self: observer.Observer) -> bool:
        nonlocal most
        most = max(most, self._taped)
        return real(self)

    monkeypatch.setattr(observer.Observer, "_read_some", read_some)
    line = b"a line of text\r\n"
    house = House({"RETR": lambda: Answer(b"+OK", (line for _ in range(20_000)))})
    async with hosting(house) as hosted:
        client = await greeted(hosted)
        await client.send(b"RETR 1\r\n")
        await client.expect(b"+OK\r\n" + line * 20_000 + b".\r\n")
        assert 50_000 < most < 60_000


async def test_a_stop_cuts_off_a_client_that_takes_nothing() -> None:
    house = House(BIG)
    async with hosting(house, Limits(grace=0.2)) as hosted:
        client = await greeted(hosted, receive_buffer=4096)
        await client.send(b"RETR 1\r\n")
        await client.expect(b"+OK\r\n")
        await hosted.stopped()
        assert await hosted.witness.ending() == Ending(How.SHUTDOWN, "a reply was cut off")
        assert house.ends == [1]


async def test_every_ending_is_told_before_the_host_is_done() -> None:
    """What ended last was told when nobody listened any more."""
    async with hosting(House(), PATIENT) as hosted:
        clients = [await greeted(hosted) for _ in range(20)]
        for client in clients:
            await client.send(b"NOOP\r\n" * 500)
        hosted.stop.set()
        assert hosted.running is not None
        await asyncio.wait([hosted.running])
        assert all(len(hosted.witness.endings(n)) == 1 for n in range(1, 21))


@pytest.mark.parametrize("turns", range(8))
async def test_a_client_that_comes_while_the_program_stops_harms_nothing(turns: int) -> None:
    with forgetting_who_was_about_to_come():
        async with hosting(House(), PATIENT) as hosted:
            hosted.client_at_once()
            for _ in range(turns):
                await asyncio.sleep(0)
            await hosted.stopped()
            for opened in hosted.witness.of(Opened):
                await hosted.witness.ending(opened.session.id)


async def test_a_login_that_takes_long_holds_nobody_up() -> None:
    somebody_was_answered = threading.Event()

    def noop() -> Answer:
        somebody_was_answered.set()
        return OK

    def login() -> Answer:
        return OK if somebody_was_answered.wait(PATIENCE / 2) else Answer(b"-ERR all waited")

    async with hosting(House({"PASS": login, "NOOP": noop})) as hosted:
        first, second = await greeted(hosted), await greeted(hosted)
        await first.send(b"PASS x\r\n")
        await second.send(b"NOOP\r\n")
        await second.expect(b"+OK\r\n")
        await first.expect(b"+OK\r\n")


async def test_a_stop_gives_the_maildrop_back_behind_an_update_that_has_begun() -> None:
    begun, go_on = threading.Event(), threading.Event()
    done: list[str] = []

    class Slow(Scripted):
        def end(self) -> None:
            done.append("given back")

    def update() -> Answer:
        begun.set()
        go_on.wait(PATIENCE)
        done.append("updated")
        return BYE

    async with hosting(lambda: Slow({"QUIT": update}), Limits(grace=0.0)) as hosted:
        client = await greeted(hosted)
        await client.send(b"QUIT\r\n")
        await asyncio.to_thread(begun.wait, PATIENCE)
        hosted.stop.set()
        for _ in range(100):  # the grace is over, and the client is cut off
            await asyncio.sleep(0)
        go_on.set()
        await hosted.stopped()
        assert done == ["updated", "given back"]
