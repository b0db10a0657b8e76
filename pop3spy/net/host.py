"""Lets something that answers like a server speak to clients over the network."""

import asyncio
from collections.abc import Callable, Sequence

from pop3spy.net.guest import Guest
from pop3spy.net.limits import Limits
from pop3spy.net.listen import listen
from pop3spy.protocol.lane import LINE
from pop3spy.protocol.url import Url
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading
from pop3spy.session.responder import Responder


class Host:
    """Gives every client that comes a responder of its own, and publishes what they say.

    *strict* hides user names and addresses.
    """

    def __init__(
        self,
        responder: Callable[[], Responder],
        bus: Bus,
        clock: Clock,
        limits: Limits,
        *,
        strict: bool = False,
    ) -> None:
        self._responder = responder
        self._bus = bus
        self._clock = clock
        self._limits = limits
        self._strict = strict
        self._number = 0
        self._guests: dict[Guest, asyncio.Task[None]] = {}
        self._group = asyncio.TaskGroup()

    async def run(self, urls: Sequence[Url], stop: asyncio.Event) -> None:
        """Serve until *stop* is set, then let replies that are on their way arrive.

        Raise ListenError if an address cannot be listened on.
        """
        servers, in_use = await listen(urls, self._protocol)
        async with self._group:
            for url in in_use:
                self._bus.publish(Noted("listening", self._clock.now(), {"url": str(url)}))
            await stop.wait()
            for server in servers:
                server.close()
            await self._wind_up()

    async def _wind_up(self) -> None:
        for guest, task in self._guests.items():
            guest.stop()
            if guest.waiting:
                task.cancel()
        if self._guests:
            await asyncio.wait(self._guests.values(), timeout=self._limits.grace)
        for task in self._guests.values():
            task.cancel()

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(limit=LINE), self._welcome)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._number += 1
        client = Peer(*(writer.get_extra_info("peername") or ("", 0))[:2])
        server = Peer(*(writer.get_extra_info("sockname") or ("", 0))[:2])
        reading = Reading(
            self._number, client, server, self._clock.now(), self._bus.publish, strict=self._strict
        )
        guest = Guest(reader, writer, reading, self._clock, self._limits.idle_timeout)
        most = self._limits.max_sessions
        if most and len(self._guests) >= most:
            work = guest.send_away(f"{most} sessions are open already (--max-sessions)")
        else:
            work = guest.converse(self._responder())
        task = self._group.create_task(work, name=f"session {self._number}")
        self._guests[guest] = task
        task.add_done_callback(lambda _: self._guests.pop(guest))
