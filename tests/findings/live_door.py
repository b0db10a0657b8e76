"""What is found in a conversation while it takes place, through a proxy and on real sockets.

Octets, TLS, closes and resets are real; time is not: it passes when a conversation says so.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Final

from findings.doors import STARTED, Found, Gathered, fails
from findings.live_tls import NEWEST, Certificates
from net.serving import Relayed, relaying
from net.wires import Door, Wire, door, nobody
from pop3spy.findings import Findings, own_rules
from pop3spy.findings.dialogue import (
    STEP,
    BeginsTls,
    Clogs,
    Closes,
    DialogueConnection,
    RuleDialogue,
    Says,
    Step,
    Waits,
    read_dialogue,
)
from pop3spy.net.limits import Limits
from pop3spy.protocol.frames import Side
from pop3spy.protocol.url import Url, parse_url
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Clogged, Secured
from pop3spy.session.how import Ending, How

LIMITS: Final = Limits(grace=0.1)
_STLS: Final = b"STLS\r\n"


@dataclass(frozen=True)
class Here:
    """The sockets of this machine: a proxy and a server, each at a free port of its own."""

    proxy: str = "127.0.0.1"

    @contextmanager
    def server(self, dialogue: RuleDialogue) -> Iterator[tuple[Door | None, Url]]:
        """Give the door and the address of the server that *dialogue* is with."""
        if any(connection.unreached for connection in dialogue.connections):
            yield None, nobody()
            return
        with door() as opened:
            yield opened, opened.url


HERE: Final = Here()


async def live(dialogue: str, certificates: Certificates, place: Here = HERE) -> Found:
    """Return what is found in *dialogue* while a proxy relays it."""
    return (await relayed_by_proxy(dialogue, certificates, place)).found


async def relayed_by_proxy(
    dialogue: str, certificates: Certificates, place: Here = HERE
) -> Gathered:
    """Let a proxy relay *dialogue*; return what was found, and the sessions when they were over."""
    read = read_dialogue(dialogue)
    steps = [step for connection in read.connections for step in connection.steps]
    secured = not read.clear or any(isinstance(step, BeginsTls) for step in steps)
    scheme = "pop3" if read.clear else "pop3s"
    played = _Played(certificates, secured=not read.clear, inspected=secured and read.clear)
    with place.server(read) as (opened, url):
        async with relaying(
            LIMITS,
            clock=Clock(STARTED, played.ticks),
            upstream=replace(url, scheme=scheme),
            listen=(parse_url(f"{scheme}://{place.proxy}:0"),),
            legs=certificates.legs() if secured else None,
        ) as relayed:
            if opened is not None:
                relayed.upstream = opened
            findings = Findings(relayed.bus.publish, own_rules(), fails, epoch=STARTED.timestamp())
            gathered = Gathered()
            relayed.bus.subscribe(findings)
            relayed.bus.subscribe(gathered)
            played.relayed, played.findings = relayed, findings
            open_ones: list[tuple[int, DialogueConnection]] = []
            for number, connection in enumerate(read.connections, 1):
                if not connection.meanwhile:
                    await played.end(open_ones)
                played.passes(connection.later)
                await played.connection(number, connection)
                open_ones.append((number, connection))
            await played.end(open_ones)
    assert relayed.complaints == []
    return gathered


class _Played:
    """One conversation, and what time it is there.

    It is inside TLS from the start if it is *secured*; if it is *inspected* the proxy takes STLS
    apart.
    """

    relayed: Relayed
    findings: Findings

    def __init__(self, certificates: Certificates, *, secured: bool, inspected: bool) -> None:
        self._certificates = certificates
        self._secured, self._inspected = secured, inspected
        self._now = 0

    def ticks(self) -> int:
        """Return the time in nanoseconds."""
        return self._now

    def passes(self, seconds: float) -> None:
        """Let so many *seconds* pass in which nobody says anything."""
        self._now += round(seconds * 1e9)
        self.findings.tick(self._now / 1e9)

    async def connection(self, number: int, connection: DialogueConnection) -> None:
        """Play all that happens in *connection*."""
        relayed = self.relayed
        if connection.unreached is not None:
            for step in connection.steps:
                assert isinstance(step, Waits)
                self.passes(step.seconds)
            client = await relayed.client()
            if self._secured:
                with suppress(OSError):  # of which ssl.SSLError is one: nobody is there
                    await self._begin_tls(client)
            return
        client = await relayed.client()
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(self._server())
            if self._secured:
                await self._begin_tls(client)
        wires = {Side.CLIENT: client, Side.SERVER: serving.result()}
        await relayed.witness.opened(number)
        if self._secured:
            await self._told_of_tls(number)
        for place, step in enumerate(connection.steps, 1):
            self.passes(STEP)
            after = connection.steps[place : place + 1]
            granted = any(isinstance(each, BeginsTls) for each in after)
            await self._play(number, step, wires, granted=granted)
        if (left := connection.left) is not None:
            await _finish(wires[left])

    async def _server(self) -> Wire:
        server = await self.relayed.server()
        if self._secured:
            await server.begin_tls(self._certificates.server())
        return server

    async def _begin_tls(self, client: Wire, version: str = NEWEST) -> None:
        await client.begin_tls(self._certificates.client(version), "localhost")

    async def _clog(self, *wires: Wire) -> None:
        """Let all of *wires* talk on, and none of them listen, until neither is heard."""
        async with asyncio.TaskGroup() as group:
            talking = [group.create_task(_talk(wire)) for wire in wires]
            await self.relayed.witness.until(self._clogged)
            for each in talking:
                each.cancel()

    def _clogged(self) -> list[bool]:
        return [told.both for told in self.relayed.witness.of(Clogged)]

    async def _told_of_tls(self, number: int) -> None:
        """Wait until it is known that there is TLS with both peers of session *number*."""
        witness = self.relayed.witness

        def legs() -> set[str]:
            return {told.tls.side for told in witness.of(Secured) if told.session.id == number}

        await witness.until(lambda: len(legs()) == len(Side))

    async def end(self, connections: list[tuple[int, DialogueConnection]]) -> None:
        """End *connections*, the last first; as in a recording, nobody closes those left open."""
        while connections:
            self.passes(STEP)
            number, connection = connections.pop()
            link = self.relayed.proxy.link(number)
            if link and not connection.closes and connection.unreached is None:
                link.abort(Ending(How.CUT))
            await self.relayed.witness.ending(number)

    async def _play(
        self, number: int, step: Step, wires: dict[Side, Wire], *, granted: bool
    ) -> None:
        match step:
            case Says(side, data) if granted:
                await wires[side].send(data)  # the client hears it when the server has TLS
            case Says(side, data):
                # Where STLS is taken apart, nothing that was said behind it goes on.
                heard = _STLS if self._inspected and data.startswith(_STLS) else data
                async with asyncio.TaskGroup() as group:
                    group.create_task(wires[side].send(data))
                    group.create_task(wires[side.other].expect(heard))
                await self.relayed.caught_up(number)
            case BeginsTls(version):
                client, server = wires[Side.CLIENT], wires[Side.SERVER]
                await server.begin_tls(self._certificates.server(version))
                assert (await client.line()).startswith(b"+OK")
                await self._begin_tls(client, version)
                await self._told_of_tls(number)
            case Waits(seconds):
                self.passes(seconds)
            case Clogs(both=True):
                await self._clog(*wires.values())
            case Clogs():
                while self._clogged()[-1:] != [False]:
                    await wires[Side.CLIENT].some()
            case Closes():
                await self._close(number, step, wires)

    async def _close(self, number: int, step: Closes, wires: dict[Side, Wire]) -> None:
        witness, side = self.relayed.witness, step.side
        if step.reset:
            wires[side].reset()
        else:
            await _finish(wires[side], close_notify=step.close_notify)
        if f"{side.value} fin" in witness.closings(number):
            await _finish(wires[side.other])  # behind a FIN a proxy that says nothing hears none
            return
        told = f"{side.value} {'rst' if step.reset else 'fin'}"
        await witness.until(lambda: told in witness.closings(number))


async def _finish(wire: Wire, *, close_notify: bool = True) -> None:
    """Say no more, and unless there is to be no *close_notify* be heard to do so."""
    if wire.tls and close_notify:
        await wire.end_tls()
    wire.finish()


async def _talk(wire: Wire) -> None:
    while True:
        await wire.send(bytes(65536).replace(b"\0", b"x"))
