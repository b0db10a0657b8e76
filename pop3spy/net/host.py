"""Lets something that answers like a server speak to clients over the network."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from pop3spy.net.accepted_client import AcceptedClient
from pop3spy.net.closing_reader import ClosingReader
from pop3spy.net.freed_memory import FreedMemory
from pop3spy.net.limits import Limits
from pop3spy.net.listen import Places, listen, serving
from pop3spy.protocol.line_buffer import LINE
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.redaction.secret_memory import SecretMemory
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading
from pop3spy.session.responder import Responder


class Host:
    """Gives every client that comes a responder of its own, and publishes what they say.

    *names* gives what stands for names that nobody may learn.
    """

    def __init__(
        self,
        responder: Callable[[], Responder],
        bus: Bus,
        clock: Clock,
        limits: Limits,
        *,
        names: Pseudonyms | None = None,
    ) -> None:
        self._responder = responder
        self._bus = bus
        self._clock = clock
        self._memory = SecretMemory(clock.started)
        self._limits = limits
        self._names = names
        self._number = 0
        self._accepted: dict[AcceptedClient, asyncio.Task[None]] = {}
        self._executor = ThreadPoolExecutor(1, "maildrop")  # one thread: nothing in it needs a lock
        self._group = asyncio.TaskGroup()
        self._stopping = False
        self._freed = FreedMemory()
        self._idle = asyncio.Event()

    async def run(self, urls: Places, stop: asyncio.Event) -> None:
        """Serve until *stop* is set, then let replies that are on their way arrive.

        Raise ListenError if an address cannot be listened on.
        """
        in_use = await listen(urls)
        async with self._group:
            async with serving(in_use, lambda _: self._protocol()):
                for url in in_use:
                    self._bus.publish(Noted("listening", self._clock.now(), {"url": str(url)}))
                await stop.wait()
            await self._wind_up()
            self._executor.shutdown(wait=False)

    async def connect(
        self,
        factory: Callable[[], asyncio.BaseProtocol],
        answered_by: Callable[[AcceptedClient], None],
    ) -> None:
        """Let a protocol of this process, from *factory*, be a client.

        *answered_by* is told who talks with it, before it is there.
        """
        near, far = socket.socketpair()
        loop = asyncio.get_running_loop()
        await loop.create_connection(partial(self._protocol, answered_by), sock=near)
        await loop.create_connection(factory, sock=far)

    async def _wind_up(self) -> None:
        self._stopping = True
        for accepted in self._accepted:
            accepted.stop()
        try:
            async with asyncio.timeout(self._limits.grace):
                await self._until_empty()
        except TimeoutError:
            for task in self._accepted.values():
                task.cancel()
            await self._until_empty()

    async def _until_empty(self) -> None:
        while self._accepted:
            self._idle.clear()
            await self._idle.wait()

    def _protocol(
        self, answered_by: Callable[[AcceptedClient], None] | None = None
    ) -> asyncio.StreamReaderProtocol:
        reader = ClosingReader(LINE, self._clock)
        # The protocol keeps what it calls, so that must not keep who waits: he has the client.
        waiting = [answered_by] if answered_by else []
        return asyncio.StreamReaderProtocol(reader, partial(self._welcome, waiting))

    def _welcome(
        self,
        waiting: list[Callable[[AcceptedClient], None]],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        assert isinstance(reader, ClosingReader)
        if self._stopping:
            writer.close()
            return
        self._number += 1
        self._freed.session_began()
        client = Peer(*(writer.get_extra_info("peername") or ("", 0))[:2])
        server = Peer(*(writer.get_extra_info("sockname") or ("", 0))[:2])
        reading = Reading(
            *(self._number, client, server, self._clock.now(), self._bus.publish),
            names=self._names,
            memory=self._memory,
        )
        idle = self._limits.idle_timeout
        accepted = AcceptedClient(
            reader,
            writer,
            reading,
            self._clock,
            executor=self._executor,
            ended=self._ended,
            idle=idle,
        )
        if waiting:
            waiting.pop()(accepted)
        most = self._limits.max_sessions
        if most and len(self._accepted) >= most:
            work = accepted.send_away(f"{most} sessions are open already (--max-sessions)")
        else:
            work = accepted.converse(self._responder())
        name = f"session {self._number}"
        self._accepted[accepted] = self._group.create_task(work, name=name)

    def _ended(self, accepted: AcceptedClient) -> None:
        del self._accepted[accepted]
        self._freed.session_ended(others=bool(self._accepted))
        self._idle.set()
