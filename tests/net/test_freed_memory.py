"""What sessions have freed goes back to the system, when nobody has to wait for that."""

import asyncio
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from lab.loopback import until
from net.jumping_loop import lived
from net.responders import Scripted
from net.serving import Served, hosting, relaying
from pop3spy.net.freed_memory import FreedMemory
from pop3spy.protocol.url import parse_url

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")

MIB = 1 << 20
FREED = 32
"""MiB."""
BLOCK = 1 << 16
CROWD = 100


def resident() -> float:
    """Return how many MiB of memory of its own this process really has."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous")) / 1024


@pytest.fixture
def kept() -> Iterator[list[bytes]]:
    """Keep every second block of a stretch of memory, so that what is free is not at its top."""
    gc.collect()  # nothing of other tests is to go meanwhile
    blocks = [b"." * BLOCK for _ in range(2 * FREED * MIB // BLOCK)]
    del blocks[::2]
    yield blocks
    blocks.clear()


async def after(seconds: float) -> float:
    """Return how many MiB went back to the system within so many *seconds* of the loop's."""
    before = resident()
    await asyncio.sleep(seconds)
    return before - resident()


def ends(memory: FreedMemory, count: int, *, others: bool) -> float:
    """Let so many sessions end; return how many MiB went back meanwhile."""
    before = resident()
    for _ in range(count):
        memory.session_ended(others=others)
    return before - resident()


@pytest.mark.usefixtures("kept")
def test_it_goes_back_a_second_after_a_crowd_has_left() -> None:
    async def life() -> None:
        memory = FreedMemory()
        assert ends(memory, CROWD, others=False) < FREED / 2
        assert await after(0.9) < FREED / 2
        assert await after(0.2) > FREED / 2

    lived(life())


@pytest.mark.usefixtures("kept")
def test_whoever_comes_again_at_once_does_not_wait_for_it() -> None:
    async def life() -> None:
        memory = FreedMemory()
        ends(memory, CROWD, others=False)
        memory.session_began()
        assert await after(59.0) < FREED / 2
        ends(memory, 1, others=False)
        assert await after(1.1) > FREED / 2

    lived(life())


@pytest.mark.usefixtures("kept")
def test_where_one_after_another_comes_too_soon_it_goes_back_within_a_minute() -> None:
    async def life() -> None:
        memory = FreedMemory()
        before = resident()
        ends(memory, CROWD, others=False)
        for _ in range(70):
            memory.session_began()
            await asyncio.sleep(0.9)
            ends(memory, 1, others=False)
        assert before - resident() > FREED / 2

    lived(life())


@pytest.mark.usefixtures("kept")
def test_of_a_few_sessions_it_stays() -> None:
    async def life() -> None:
        memory = FreedMemory()
        ends(memory, CROWD - 1, others=False)
        assert await after(3600.0) < FREED / 2

    lived(life())


def test_while_somebody_is_always_connected_it_goes_back_once_a_minute(kept: list[bytes]) -> None:
    async def life() -> None:
        memory = FreedMemory()
        await asyncio.sleep(60.0)
        assert ends(memory, CROWD, others=True) > FREED / 2
        del kept[::2]
        assert ends(memory, 10 * CROWD, others=True) < FREED / 4
        await asyncio.sleep(60.0)
        assert ends(memory, 1, others=True) > FREED / 4

    lived(life())


def test_it_goes_back_when_all_have_left_though_it_did_a_moment_ago(kept: list[bytes]) -> None:
    async def life() -> None:
        memory = FreedMemory()
        await asyncio.sleep(60.0)
        assert ends(memory, CROWD, others=True) > FREED / 2
        del kept[::2]
        ends(memory, 1, others=False)
        assert await after(1.1) > FREED / 4

    lived(life())


def host() -> AbstractAsyncContextManager[Served]:
    return hosting(Scripted)


def proxy() -> AbstractAsyncContextManager[Served]:
    return relaying(upstream=parse_url("pop3://127.0.0.1:1"))


@pytest.mark.promise("memory")
@pytest.mark.parametrize("serving", [host, proxy])
async def test_a_server_that_a_crowd_has_left_gives_memory_back(
    serving: Callable[[], AbstractAsyncContextManager[Served]], kept: list[bytes]
) -> None:
    before = resident()
    async with serving() as served:
        for number in range(1, CROWD + 1):
            client = await served.client()
            client.close()
            await served.witness.ending(number)
        less = before - FREED / 2
        await asyncio.to_thread(until, lambda: resident() < less or None, "memory goes back")
    assert kept
