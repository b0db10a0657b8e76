"""Who asks the inspector, or for metrics, and does not read the answer."""

import asyncio
import socket
from typing import Any

import pytest

from lab.loopback import HOST
from pop3spy.web.server import WebServer

LARGE = 8 << 20
"""Octets; far more than the system takes for a peer that does not read."""
HEADERS = [(b"content-length", b"%d" % LARGE)]
UNREAD = 3.0
"""Seconds; more than a reader who goes on reading is ever held up."""
PATIENCE = 60.0


async def answer(_: Any, __: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": bytes(LARGE)})


async def asking(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(HOST, port, limit=4096)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    return reader, writer


async def test_who_reads_nothing_loses_its_place_and_who_reads_slowly_gets_everything() -> None:
    sock = socket.create_server((HOST, 0))
    port = sock.getsockname()[1]
    server = WebServer(answer, unread=UNREAD)
    async with (
        server.answering([sock], lambda error: pytest.fail(str(error))),
        asyncio.timeout(PATIENCE),
    ):
        stuck, slow = await asking(port), await asking(port)
        got = bytearray()
        while piece := await slow[0].read(1 << 16):
            got += piece
        assert got.endswith(bytes(LARGE))
        while server.server_state.connections:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        for _, writer in (stuck, slow):
            writer.close()
