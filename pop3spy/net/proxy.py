"""The proxy: every client that comes is linked to a connection of its own to the server."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any, Final
from weakref import ReferenceType, ref

from pop3spy.errors import ConnectError, Pop3SpyError
from pop3spy.gate.acts import Gate
from pop3spy.net.capacity import Capacity, SessionPlaces
from pop3spy.net.circle import Batch, Circle
from pop3spy.net.freed_memory import FreedMemory
from pop3spy.net.half import Half, Owner
from pop3spy.net.handshakes import Connect, Handshakes
from pop3spy.net.host import Host
from pop3spy.net.introduction import Arrival, Introductions, introduced
from pop3spy.net.leg import Legs
from pop3spy.net.limits import Limits
from pop3spy.net.link import Link
from pop3spy.net.listen import Places, listen, serving
from pop3spy.net.loop_turn import LoopTurn
from pop3spy.net.original import Original
from pop3spy.net.pending_connection import PendingConnection
from pop3spy.net.upstream import Servers, Upstream
from pop3spy.protocol.frames import Side
from pop3spy.protocol.proxyheader import HeaderError
from pop3spy.protocol.text import MASK
from pop3spy.protocol.url import Url
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.redaction.secret_memory import SecretMemory
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted
from pop3spy.session.failure import describe
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading

_UNDER_WAY: Final = 4 << 20
"""Octets that are under way, rarely more: read, sent on, waiting to be recorded.

Until glibc has seen one block of that size come and go, it hands the memory of each large read back
to the system, and gets it anew page by page (mallopt(3)): up to half of what a megabyte costs.
"""


class Proxy:
    """Relays between clients and *upstream*, and publishes on *bus* what they say.

    The upstream may be a server for each address that the proxy listens at.  An upstream that is a
    host of this process runs for as long as the proxy does, and nobody else can connect to it; its
    clients see no difference, so for them the proxy's address is its own.  With *answer_when_down*
    a client whose server cannot be reached is told so with ``-ERR``; otherwise its connection is
    closed without a word.  *names* gives what stands for names that nobody may learn.  *gate*
    decides what goes on, if anybody keeps it; say ``regate`` when its keepers have changed.  *legs*
    tell how TLS is used.  *introductions* tell who may bring clients of others, and how servers are
    told of clients.  Where several processes are one proxy, *numbers* are what this one calls its
    sessions, and *capacity* counts those of all; without them it is alone.
    """

    def __init__(  # noqa: PLR0913 - what a proxy is made of
        self,
        upstream: Servers | Host | Original,
        bus: Bus,
        clock: Clock,
        limits: Limits,
        *,
        answer_when_down: bool = False,
        names: Pseudonyms | None = None,
        gate: Gate | None = None,
        legs: Legs | None = None,
        introductions: Introductions | None = None,
        numbers: Iterator[int] | None = None,
        capacity: SessionPlaces | None = None,
    ) -> None:
        self._legs = legs or Legs()
        self._introductions = introductions or Introductions()
        self._pending: set[PendingConnection] = set()  # yet to say whom they bring
        self._gate = gate or Gate()
        self._upstream = Upstream(upstream)
        self._circle = Circle(clock.now)
        self._bus = bus
        self._clock = clock
        self._limits = limits
        self._answer_when_down = answer_when_down
        self._names = names
        self._memory = SecretMemory(clock.started)
        self._links: dict[Link, asyncio.Task[None] | None] = {}
        self._numbers = numbers or count(1)
        self._capacity = capacity or Capacity(limits.max_sessions)
        self._turn = LoopTurn()
        self._freed = FreedMemory()
        self._group = asyncio.TaskGroup()
        self._stopping = False
        self._idle = asyncio.Event()

    async def run(self, urls: Places, stop: asyncio.Event) -> None:
        """Serve until *stop* is set, then let replies that are on their way arrive.

        Raise ListenError if an address cannot be listened on.
        """
        bytes(_UNDER_WAY)  # comes and goes
        in_use = await listen(urls)
        self._upstream.listens_at(in_use)
        over = asyncio.Event()
        async with self._group:
            if self._upstream.host:
                self._group.create_task(self._upstream.host.run((), over), name="host")
            async with serving(in_use, self._client):
                for url in in_use:
                    facts = {"url": str(url)}
                    if upstream := self._upstream.at(url):
                        facts["upstream"] = MASK if self._names else str(upstream)
                        scheme = getattr(upstream, "scheme", "pop3")
                        facts["tls"] = self._legs.told(url.scheme, scheme)
                    self._bus.publish(Noted("listening", self._clock.now(), facts))
                await stop.wait()
            await self._wind_up()
            over.set()

    def regate(self) -> None:
        """Let every session be judged by whoever keeps the gate now."""
        for link in self._links:
            link.regate()

    def link(self, number: int) -> Link | None:
        """Return the link of session *number*, None if there is none any more."""
        return next((link for link in self._links if link.session.id == number), None)

    def unread(self) -> int:
        """Return how many octets of all sessions wait to be read."""
        return sum(link.unread() for link in self._links)

    async def _wind_up(self) -> None:
        self._stopping = True
        for pending in self._pending:
            pending.half.abort()
        if self._links:
            facts = {"sessions": len(self._links), "grace": f"{self._limits.grace:g}"}
            self._bus.publish(Noted("stopping", self._clock.now(), facts))
        for link in list(self._links):
            link.stop()
        try:
            async with asyncio.timeout(self._limits.grace):
                await self._until_empty()
        except TimeoutError:
            for link in list(self._links):
                link.abort(Ending(How.SHUTDOWN, "a reply was cut off"))
            await self._until_empty()

    async def _until_empty(self) -> None:
        while self._links:
            self._idle.clear()
            await self._idle.wait()

    def _client(self, listener: Url) -> Half:
        return Half(Side.CLIENT, partial(self._join, listener))

    def _join(self, listener: Url, half: Half) -> Owner:
        """Take in whoever has come to *listener*."""
        arrival = Arrival(listener, self._upstream.ends(half))
        if not self._introductions.due_from(arrival.ends.client[0]):
            return self._begin(half, arrival)
        pending = PendingConnection(self._clock).join(half)
        self._pending.add(pending)
        self._group.create_task(self._introduce(pending, arrival), name="introduction")
        return pending

    async def _introduce(self, pending: PendingConnection, arrival: Arrival) -> None:
        """Learn whom *pending* brings, and let the session begin with that."""
        refused, rest = "", b""
        try:
            named, rest = await introduced(pending, self._limits.introduction)
            arrival = replace(arrival, named=named)
        except HeaderError as error:
            refused = f"{error} (--accept-proxy-protocol)"
        except Exception as error:  # noqa: BLE001 - it costs its own session and no other
            refused = describe(error)
        finally:
            self._pending.discard(pending)
        if not self._stopping:
            pending.hand_to(self._begin(pending.half, arrival, refused), rest)

    def _begin(self, half: Half, arrival: Arrival, refused: str = "") -> Owner:
        """Begin a session; with *refused* tell why it is to end at once."""
        listener, url = arrival.listener, self._upstream.url_for(arrival)
        client = Peer(*arrival.told.client)
        server = Peer(url.host, url.port) if url else Peer(*arrival.told.server)
        reading = Reading(
            next(self._numbers),
            client,
            server,
            self._clock.now(),
            self._bus.publish,
            names=self._names,
            memory=self._memory,
        )
        handshakes = Handshakes(
            self._legs,
            url,
            listener.host,
            self._clock,
            self._spawn,
            nameless=self._upstream.nameless,
        )
        stls = handshakes.keeper(reading.session, listener)
        gate = self._gate.beside(stls) if stls else self._gate
        idle = self._limits.idle_timeout
        link = Link(reading, self._clock, self._ended, idle, gate, self._turn)
        handshakes.link = link
        link.join(half)
        at_once = listener.scheme == "pop3s"
        self._links[link] = None  # who is sent away takes nobody's place
        self._freed.session_began()
        silent = partial(self._is_silent, ref(link), link.heard_at)
        batch = self._circle.came(arrival.ends.client[0], server, silent)
        connect = partial(self._connect, arrival, batch, handshakes)
        if self._stopping:
            link.abort(Ending(How.SHUTDOWN))
        elif refused:
            link.refuse(Ending(How.REFUSED, refused))
        elif not self._capacity.take():
            why = f"{self._capacity.most} sessions are open already (--max-sessions)"
            apology = b"" if at_once else self._apology("too many sessions")
            link.refuse(Ending(How.REFUSED, why), apology)
        elif at_once or (url and url.scheme != "pop3"):
            pending = PendingConnection(self._clock, link).join(half) if at_once else None
            apology = self._apology("server unreachable")
            self._spawn(link, handshakes.open(connect, pending, apology))
            return pending or link
        else:
            self._spawn(link, self._join_server(link, connect))
        return link

    def _is_silent(self, link: ReferenceType[Link], begun: float) -> bool:
        """Return whether *link* is there, and nobody has said anything since it was *begun*."""
        there = link()
        return there is not None and there in self._links and there.heard_at == begun

    def _spawn(self, link: Link, work: Coroutine[Any, Any, None]) -> None:
        """Let *work* be done for *link*, as long as there is one."""
        self._links[link] = self._group.create_task(self._safely(link, work))

    async def _safely(self, link: Link, work: Coroutine[Any, Any, None]) -> None:
        """Do *work*; whatever goes wrong costs its own session and no other."""
        try:
            await work
        except Pop3SpyError as error:
            link.abort(Ending(How.TLS, str(error)))
        except Exception as error:  # noqa: BLE001 - as above
            link.abort(Ending(How.TLS, describe(error)))

    async def _join_server(self, link: Link, connect: Connect) -> None:
        try:
            await connect(lambda: Half(Side.SERVER, link.join))
        except ConnectError as error:
            ending = Ending(How.UNREACHABLE, str(error), unreached=error.unreached)
            link.refuse(ending, self._apology("server unreachable"))

    async def _connect(
        self, arrival: Arrival, batch: Batch, handshakes: Handshakes, factory: Callable[[], Half]
    ) -> None:
        """Connect a half from *factory* to the server that the client is for."""

        def announcing() -> Half:
            half = factory()
            half.first = self._introductions.header(arrival.told)
            return half

        await batch.called()
        timeout = self._limits.connect_timeout
        await self._upstream.connect(arrival, announcing, timeout, handshakes.answered_by)

    def _apology(self, text: str) -> bytes:
        return f"-ERR [SYS/TEMP] {text}\r\n".encode() if self._answer_when_down else b""

    def _ended(self, link: Link) -> None:
        task = self._links.pop(link, None)
        if task is not None:
            self._capacity.give_back()
            task.cancel()
        self._freed.session_ended(others=bool(self._links))
        self._idle.set()
