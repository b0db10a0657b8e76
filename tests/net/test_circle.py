"""Proxies that are each other's server: it is noticed, and no other client is kept waiting."""

import socket
from collections.abc import Callable

import pytest

from net.serving import relaying
from net.wires import Wire
from pop3spy.errors import ConnectError
from pop3spy.net.circle import Circle, Lap
from pop3spy.protocol.url import Url
from pop3spy.session.events import Ended, Opened
from pop3spy.session.how import How

LEADS_BACK = "the server leads back to this proxy"


class Day:
    """A clock that goes on only where somebody waits, and a circle that lives by it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self.circle = Circle(lambda: self.now, self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def came(self, host: str = "192.0.2.1", silent: Callable[[], bool] = lambda: True) -> Lap:
        return self.circle.came(host, silent)


async def test_a_call_that_comes_back_at_once_each_time_is_refused_in_the_end() -> None:
    day = Day()
    for _ in range(105):
        await day.circle.call(day.came())
        day.now += 0.1
    with pytest.raises(ConnectError, match=LEADS_BACK):
        await day.circle.call(day.came())
    assert day.slept == [0.1, 0.2, 0.4, 0.8, 1.6]


@pytest.mark.parametrize("every", [interval / 20 for interval in range(1, 60)])
async def test_clients_that_come_regularly_while_the_server_is_silent_are_no_circle(
    every: float,
) -> None:
    """A client whose delay lasts is not called yet when the next one comes."""
    now, delays = 0.0, [0.0]

    async def sleep(seconds: float) -> None:
        delays.append(seconds)

    circle = Circle(lambda: now, sleep)
    delayed: list[tuple[float, Lap]] = []
    for number in range(250):
        now = number * every
        for at, lap in delayed:
            lap.called_at = at if at <= now else None
        lap = circle.came("192.0.2.1", lambda: True)
        delays[:] = [0.0]
        await circle.call(lap)  # raises if it were one
        delayed.append((now + delays[-1], lap))


@pytest.mark.parametrize(
    "broken",
    [
        lambda day, _: day.came(),
        lambda day, _: setattr(day, "now", day.now + 1),
        lambda _, said: said.append(True),
    ],
    ids=["one came while the next was not called", "one came late", "somebody said something"],
)
async def test_whatever_no_circle_does_begins_the_count_anew(
    broken: Callable[[Day, list[bool]], object],
) -> None:
    day, said = Day(), list[bool]()
    for _ in range(7):
        lap = day.came(silent=lambda: not said)
        await day.circle.call(lap)
    assert lap.number == 7
    broken(day, said)
    assert day.came().number == 1


async def test_clients_of_other_hosts_do_not_hide_a_circle() -> None:
    day = Day()
    for number in range(1, 9):
        lap = day.came()
        assert lap.number == number
        assert day.came(f"198.51.100.{number}").number == 1
        await day.circle.call(lap)


async def test_the_memory_of_hosts_is_bounded() -> None:
    day = Day()
    for number in range(3000):
        day.came(f"host {number}")
    assert len(day.circle._last) == 1024


async def test_a_hundred_clients_of_a_silent_server_are_relayed_one_by_one() -> None:
    """A program that is both client and server does that, and is no circle."""
    async with relaying() as relayed:
        for client, server in [await relayed.pair() for _ in range(100)]:
            await server.send(b"+OK\r\n")
            await client.expect(b"+OK\r\n")


async def test_two_proxies_that_are_each_others_server_end_the_session_and_say_so() -> None:
    socks = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    urls = [Url("pop3", *sock.getsockname()) for sock in socks]
    async with (
        relaying(upstream=urls[1], listen={urls[0]: socks[0]}) as one,
        relaying(upstream=urls[0], listen={urls[1]: socks[1]}) as other,
    ):
        client = await Wire.to(urls[0])
        assert await client.rest() == b""
        client.close()
        for relayed in (one, other):
            await relayed.stopped()
        endings = [ended.ending for both in (one, other) for ended in both.witness.of(Ended)]
        (why,) = [ending.why for ending in endings if ending.how is How.UNREACHABLE]
        assert why.startswith(LEADS_BACK)
        # On a busy machine a lap may come too late to be counted, and the row begins anew.
        assert len(one.witness.of(Opened)) <= 5 * 106
        assert len(other.witness.of(Opened)) <= 5 * 106
