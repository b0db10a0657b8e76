"""Where browsers and scrapes come: an HTTP server in the proxy's own loop.

Rules: 1. whatever fails here, the traffic goes on; 2. who connects and says nothing, or too slowly,
or reads nothing of an answer, is sent away, and more than a few at a time are not taken.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from socket import socket
from typing import Any, Final, cast

import uvicorn
import uvicorn.lifespan.off  # it would be looked for when the server begins
from uvicorn.protocols.http.h11_impl import H11Protocol

App = Callable[[Any, Any, Any], Awaitable[None]]
"""What answers a request (ASGI)."""
CONNECTIONS: Final = 64
"""Connections that may be open at a time: of each page its events, and a few questions."""
HEAD: Final = 10.0
"""Seconds in which a request has to have come."""
UNREAD: Final = 30.0
"""Seconds in which whoever is told something has to read some of it."""
KEEP_ALIVE: Final = 30
"""Seconds for which a connection is kept that asks nothing more."""
LARGEST_HEAD: Final = 32 << 10
"""Octets of a request without its body."""
GRACE: Final = 1
"""Seconds for answers on their way when the proxy has stopped."""


class BoundedProtocol(H11Protocol):
    """A connection, if there is room for it, that has to ask something and to read before long.

    Of an answer something has to be read in *unread* seconds, however large it is.
    """

    def __init__(self, *args: Any, unread: float = UNREAD, **named: Any) -> None:
        super().__init__(*args, **named)
        self._unread = unread

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take in whoever comes."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
            return
        self.loop.call_later(HEAD, self._give_up)
        self.loop.call_later(self._unread, self._look, 0)

    def _give_up(self) -> None:
        if self.cycle is None:
            self.transport.abort()

    def _look(self, before: int) -> None:
        """Send away who has read nothing of what was waiting *before*, in octets."""
        if self not in self.connections:
            return
        waiting = self.transport.get_write_buffer_size()
        if 0 < before <= waiting:
            self.transport.abort()
        else:
            self.loop.call_later(self._unread, self._look, waiting)


class WebServer(uvicorn.Server):
    """Answers by *app*; signals are the program's business.

    Who reads nothing of an answer for *unread* seconds is sent away.
    """

    def __init__(self, app: App, *, unread: float = UNREAD) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=cast("Any", partial(BoundedProtocol, unread=unread)),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=GRACE,
                h11_max_incomplete_event_size=LARGEST_HEAD,
            )
        )
        logging.getLogger("uvicorn").addHandler(logging.NullHandler())
        logging.getLogger("uvicorn").propagate = False

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    @asynccontextmanager
    async def answering(
        self, sockets: Sequence[socket], failed: Callable[[Exception], None]
    ) -> AsyncIterator[None]:
        """Answer whoever comes to *sockets* while the block lasts.

        *failed* is told what ends it before, and the block goes on.
        """
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(self._answer(sockets, failed))
            try:
                yield
            finally:
                self.should_exit = True
                await asyncio.wait((serving,))

    async def _answer(self, sockets: Sequence[socket], failed: Callable[[Exception], None]) -> None:
        try:
            await self.serve(sockets=list(sockets))
        except Exception as error:  # noqa: BLE001 - whatever fails here, the traffic goes on
            failed(error)
