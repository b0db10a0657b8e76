"""What is found in a conversation while it takes place, through a proxy and on real sockets.

Octets, closes and resets are real; time is not: it passes when a conversation says so.
"""

import asyncio
from typing import Final

from findings.doors import STARTED, Found, Gathered, fails
from net.serving import Relayed, relaying
from net.wires import Wire, nobody
from pop3spy.findings import Findings, own_rules
from pop3spy.findings.dialogue import (
    STEP,
    Closes,
    DialogueConnection,
    Says,
    Step,
    Waits,
    read_dialogue,
)
from pop3spy.net.limits import Limits
from pop3spy.protocol.frames import Side
from pop3spy.session.chunk import Clock
from pop3spy.session.how import Ending, How

LIMITS: Final = Limits(grace=0.1)


async def live(dialogue: str) -> Found:
    """Return what is found in *dialogue* while a proxy relays it, without TLS, on this machine."""
    return (await relayed_by_proxy(dialogue)).found


async def relayed_by_proxy(dialogue: str) -> Gathered:
    """Let a proxy relay *dialogue*; return what was found, and the sessions when they were over."""
    read = read_dialogue(dialogue)
    refused = any(connection.unreached for connection in read.connections)
    played = _Played()
    upstream = nobody() if refused else None
    async with relaying(LIMITS, clock=Clock(STARTED, played.ticks), upstream=upstream) as relayed:
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
    """One conversation, and what time it is there."""

    relayed: Relayed
    findings: Findings

    def __init__(self) -> None:
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
            await relayed.client()
            return
        wires = dict(zip(Side, await relayed.pair(), strict=True))
        await relayed.witness.opened(number)
        for step in connection.steps:
            self.passes(STEP)
            await self._play(number, step, wires)
        if (left := connection.left) is not None:
            wires[left].finish()

    async def end(self, connections: list[tuple[int, DialogueConnection]]) -> None:
        """End *connections*, the last first; as in a recording, nobody closes those left open."""
        while connections:
            self.passes(STEP)
            number, connection = connections.pop()
            link = self.relayed.proxy.link(number)
            if link and not connection.closes and connection.unreached is None:
                link.abort(Ending(How.CUT))
            await self.relayed.witness.ending(number)

    async def _play(self, number: int, step: Step, wires: dict[Side, Wire]) -> None:
        relayed = self.relayed
        match step:
            case Says(side, data):
                async with asyncio.TaskGroup() as group:
                    group.create_task(wires[side].send(data))
                    group.create_task(wires[side.other].expect(data))
                await relayed.caught_up(number)
            case Waits(seconds):
                self.passes(seconds)
            case Closes(side, reset):
                wire = wires[side]
                wire.reset() if reset else wire.finish()
                if f"{side.value} fin" in relayed.witness.closings(number):
                    wires[side.other].finish()  # behind a FIN a proxy that says nothing hears none
                    return
                told = f"{side.value} {'rst' if reset else 'fin'}"
                await relayed.witness.until(lambda: told in relayed.witness.closings(number))
