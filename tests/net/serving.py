"""A proxy or a host on a free port of this machine, and who speaks through it."""

import asyncio
import gc
import logging
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from net.wires import PATIENCE, Door, Wire, door
from net.witness import Witness
from pop3spy.gate.acts import Gate, Keeper
from pop3spy.net.host import Host
from pop3spy.net.introduction import Introductions
from pop3spy.net.leg import Legs
from pop3spy.net.limits import Limits
from pop3spy.net.listen import Places
from pop3spy.net.proxy import Proxy
from pop3spy.protocol.url import Url, parse_url
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.session.bus import Bus, NoteReader, Subscriber
from pop3spy.session.chunk import Clock
from pop3spy.session.responder import Responder

HERE = parse_url("pop3://127.0.0.1:0")
DEFAULT = Limits(grace=2.0)

Run = Callable[[Places, asyncio.Event], Coroutine[Any, Any, None]]


class Served:
    """What a test sees of a running server, and the clients it brings."""

    def __init__(self) -> None:
        self.witness = Witness()
        self.complaints: list[Exception] = []
        self.bus = Bus(self.complain)
        self.witness.attach_to(self.bus)
        self.stop = asyncio.Event()
        self.urls: list[Url] = []
        self.running: asyncio.Task[None] | None = None
        self.wires: list[Wire] = []

    def complain(self, _: Subscriber | NoteReader, error: Exception) -> None:
        self.complaints.append(error)

    async def client(self, *, receive_buffer: int = 0, at: int = 0) -> Wire:
        """Connect to address *at* of the server."""
        return self._keep(await Wire.to(self.urls[at], receive_buffer=receive_buffer))

    def client_at_once(self) -> Wire:
        """Connect before the loop has a turn."""
        return self._keep(Wire.at_once(self.urls[0]))

    async def stopped(self) -> None:
        """Stop, and wait until everything has ended."""
        self.stop.set()
        assert self.running is not None
        await asyncio.wait_for(asyncio.shield(self.running), PATIENCE)

    def _keep(self, wire: Wire) -> Wire:
        self.wires.append(wire)
        return wire


class Relayed(Served):
    """A proxy, and the door at which it asks for a server."""

    def __init__(self, upstream: Door) -> None:
        super().__init__()
        self.upstream = upstream

    proxy: Proxy
    gate: Gate

    def keep(self, *keepers: Keeper) -> None:
        """Let *keepers*, and nobody else, keep the gate from now on."""
        self.gate.keepers[:] = keepers
        self.proxy.regate()

    async def caught_up(self, number: int) -> None:
        """Wait until all that was said in session *number* up to now has been read."""
        if (link := self.proxy.link(number)) is not None:
            read = asyncio.Event()
            link._observer.later(read.set)
            await asyncio.wait_for(read.wait(), PATIENCE)

    async def server(self) -> Wire:
        """Be the server for the next client."""
        return self._keep(await self.upstream.accept())

    async def pair(self) -> tuple[Wire, Wire]:
        """Return a new client and its server."""
        return await self.client(), await self.server()

    async def greeted(self) -> tuple[Wire, Wire]:
        """Return a new client that has had its server's greeting."""
        client, server = await self.pair()
        await server.send(b"+OK ready\r\n")
        await client.expect(b"+OK ready\r\n")
        return client, server


class Hosted(Served):
    """A host, and whom it talks with."""

    host: Host


@asynccontextmanager
async def relaying(  # noqa: PLR0913 - whatever a proxy can be told
    limits: Limits = DEFAULT,
    *,
    upstream: Url | Host | None = None,
    listen: Places = (HERE,),
    answer_when_down: bool = False,
    strict: bool = False,
    witnessed: bool = True,
    keepers: Sequence[Keeper] = (),
    legs: Legs | None = None,
    introductions: Introductions | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Relayed]:
    """Run a proxy while the block lasts; without *upstream* it asks at ``Relayed.upstream``."""
    with door() as own:
        relayed = Relayed(own)
        relayed.gate = Gate(keepers)
        relayed.proxy = proxy = Proxy(
            upstream or own.url,
            relayed.bus,
            clock or Clock(),
            limits,
            answer_when_down=answer_when_down,
            names=Pseudonyms() if strict else None,
            gate=relayed.gate,
            legs=legs,
            introductions=introductions,
        )
        async with _running(proxy.run, listen, relayed):
            if not witnessed:
                relayed.bus._subscribers.clear()
            yield relayed


@asynccontextmanager
async def hosting(
    responder: Callable[[], Responder], limits: Limits = DEFAULT, *, listen: Places = (HERE,)
) -> AsyncIterator[Hosted]:
    """Let *responder* speak to clients while the block lasts."""
    hosted = Hosted()
    hosted.host = Host(responder, hosted.bus, Clock(), limits)
    async with _running(hosted.host.run, listen, hosted):
        yield hosted


@asynccontextmanager
async def _running(run: Run, listen: Places, served: Served) -> AsyncIterator[None]:
    with nothing_in_the_log():
        served.running = asyncio.get_running_loop().create_task(run(listen, served.stop))
        try:
            served.urls = await served.witness.addresses(len(listen))
            yield
        finally:
            for wire in served.wires:
                wire.reset()
            await served.stopped()


@contextmanager
def forgetting_who_was_about_to_come() -> Iterator[None]:
    """Let asyncio's own loop leave a connection open that it was taking in when its server closed.

    It ends with the program; here the collector ends it, inside the block, without a warning.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


@contextmanager
def nothing_in_the_log() -> Iterator[None]:
    """Fail if the event loop had something to complain of: an error that nobody caught."""
    said: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(self.format(record))

    logger, listener = logging.getLogger("asyncio"), Listener(logging.WARNING)
    logger.addHandler(listener)
    try:
        yield
    finally:
        logger.removeHandler(listener)
    assert not said, "\n".join(said)
