"""Many short sessions at once: a server that says yes to everything, and its clients."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from cli.program import PATIENCE

ASKED = (b"USER bob\r\n", b"PASS sesame123\r\n", b"STAT\r\n", b"QUIT\r\n")
AT_ONCE = 50


async def _say_yes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"+OK ready\r\n")
    try:
        while line := await reader.readline():
            writer.write(b"+OK\r\n")
            if line == ASKED[-1]:
                break
    finally:
        writer.close()


@contextmanager
def yes_server() -> Iterator[str]:
    """Run the server on a loop of its own while the block lasts; give its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def serve() -> asyncio.Server:
        return await asyncio.start_server(_say_yes, "127.0.0.1", 0, backlog=1024)

    async def end(server: asyncio.Server) -> None:
        server.close()
        talking = asyncio.all_tasks() - {asyncio.current_task()}
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(serve(), loop).result(PATIENCE)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(end(server), loop).result(PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _session(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await reader.readline() == b"+OK ready\r\n"
    for line in ASKED:
        writer.write(line)
        assert await reader.readline() == b"+OK\r\n"
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


def crowd(port: int, sessions: int) -> None:
    """Have so many *sessions*, each to its end, some of them at once."""

    async def one_after_the_other(count: int) -> None:
        for _ in range(count):
            await _session(port)

    async def all_of_them() -> None:
        async with asyncio.TaskGroup() as group:
            for place in range(AT_ONCE):
                mine = len(range(place, sessions, AT_ONCE))
                group.create_task(one_after_the_other(mine))

    asyncio.run(all_of_them())
