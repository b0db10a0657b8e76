"""A fault that pop3spy commits is nobody's fault: nothing that follows from it is an accusation."""

import asyncio
import io
from contextlib import suppress
from functools import partial
from typing import Final

import pytest

from findings.doors import STARTED, Gathered, fails, ids, judged
from gate.talking import keeper
from net.serving import relaying
from net.wires import Wire
from pop3spy.capture.header import Header
from pop3spy.capture.reader import CaptureReader
from pop3spy.capture.recorder import Recorder
from pop3spy.findings import Findings, own_rules
from pop3spy.gate.faults import FAULTS
from pop3spy.net.limits import Limits
from pop3spy.session.chunk import Clock

BODY: Final = b"Subject: x\r\n\r\n..dot\r\nlast\r\n"
SIZE: Final = len(BODY) - 1
REPLIES: Final = {
    "CAPA": b"+OK\r\nTOP\r\nUIDL\r\nUSER\r\n.\r\n",
    "USER": b"+OK\r\n",
    "PASS": b"+OK logged in\r\n",
    "STAT": b"+OK 2 %d\r\n" % (2 * SIZE),
    "LIST": b"+OK\r\n1 %d\r\n2 %d\r\n.\r\n" % (SIZE, SIZE),
    "UIDL": b"+OK\r\n1 a\r\n2 b\r\n.\r\n",
    "RETR": b"+OK %d octets\r\n%b.\r\n" % (SIZE, BODY),
    "DELE": b"+OK\r\n",
    "QUIT": b"+OK bye\r\n",
}
COMMANDS: Final = (
    *("CAPA", "USER bob", "PASS tanstaaf", "STAT", "LIST", "UIDL", "RETR 1", "DELE 1", "QUIT"),
)
BEFORE_LOGIN: Final = frozenset({"CAPA", "USER", "PASS", "QUIT"})
REFUSAL: Final = b"-ERR unknown command\r\n"
MULTILINE: Final = frozenset({"CAPA", "LIST", "UIDL", "RETR"})
PATIENCE: Final = 0.05
"""Seconds that the client waits for the rest of a reply that a fault may have kept from it."""
CLEAR: Final = {"cleartext-password"}
"""What is always true of such a session; on this machine alone it is an info."""

ASKED_FOR: Final = [
    *("delay time=5ms", "delay side=client time=5ms", "bandwidth rate=10k", "slice size=3 gap=0"),
    *("slice side=client size=2 gap=0", "stall after=8", "stall side=client after=3"),
    *("stall after=3 time=5ms", "cut after=9", "cut side=client after=2", "reset after=9"),
    *("half-close after=9", "half-close side=client after=2", "drop", "drop side=client"),
    *("answer", "answer side=server line='-ERR [AUTH] so'", "answer line='+OK 7 7'"),
    *("unterminated", "extra-reply", "extra-reply line='-ERR so'", "unstuffed", "wrong-size"),
    *("wrong-size by=-3", "changed-uid suffix=x", "changed-capa", "changed-capa add=STLS,LANG"),
    *("bare-lf", "bare-lf side=client", "garbage after=5", "garbage side=client after=2"),
]


@pytest.mark.parametrize("fault", ASKED_FOR)
@pytest.mark.parametrize("verb", ["PASS", "LIST", "RETR", "DELE", "QUIT"])
async def test_nobody_is_accused_of_a_fault_of_ours(fault: str, verb: str) -> None:
    written = io.BytesIO()
    clock = Clock(STARTED)
    kept = [keeper(f"{fault} when verb = {verb}")]
    async with relaying(Limits(grace=0.1), keepers=kept, clock=clock) as relayed:
        findings = Findings(relayed.bus.publish, own_rules(), fails)
        gathered = Gathered()
        for subscriber in (
            findings,
            gathered,
            partial(Recorder, bodies="keep", write=written.write),
        ):
            relayed.bus.subscribe(subscriber)
        client, server = await relayed.pair()
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(_serve(server))
            await _ask(client, verb)
            client.close()
            serving.cancel()
        server.close()
        findings.tick(clock.now() + 600)
        await relayed.witness.ending()
    assert relayed.complaints == []
    assert set(ids(gathered.found)) <= CLEAR
    text = Header(clock.started).lines() + written.getvalue().decode()
    assert set(ids(judged(CaptureReader(io.StringIO(text), "capture")))) <= CLEAR


def test_every_fault_is_played() -> None:
    assert {text.split()[0] for text in ASKED_FOR} == FAULTS.keys()


async def _serve(wire: Wire) -> None:
    """Be a server without fault."""
    with suppress(ConnectionError):
        await wire.send(b"+OK ready\r\n")
        unread, logged_in = b"", False
        while piece := await wire.some():
            *lines, unread = (unread + piece).split(b"\n")
            for line in lines:
                verb = line.split(b" ")[0].strip().decode("latin-1")
                known = logged_in or verb in BEFORE_LOGIN
                await wire.send(REPLIES.get(verb, REFUSAL) if known else REFUSAL)
                logged_in |= verb == "PASS"
                if verb == "QUIT":
                    wire.close()
                    return
    wire.close()


async def _ask(wire: Wire, faulty: str) -> None:
    """Be a client without fault: it leaves without a reply, and ends behind a login refused.

    Up to the verb that is *faulty* it has time: on a busy machine a reply takes its own.
    """
    await wire.expect(b"+OK ready\r\n")
    refused, patience = False, wire.patience
    with suppress(ConnectionError):
        for command in COMMANDS:
            if refused and command != "QUIT":
                continue
            if command.startswith(faulty):
                patience = PATIENCE
            await wire.send(f"{command}\r\n".encode())
            heard = await _hears(wire, command, patience)
            if not heard:
                return
            refused |= command.startswith("PASS") and not heard.startswith(b"+OK")


async def _hears(wire: Wire, command: str, patience: float) -> bytes:
    """Return the reply as a simple client takes it; empty if it does not come."""
    heard = b""
    while True:
        lines = heard.replace(b"\r\n", b"\n")
        refused = lines.startswith(b"-ERR")
        end = b"\n.\n" if command.split(maxsplit=1)[0] in MULTILINE and not refused else b"\n"
        if lines.endswith(end):
            return heard
        try:
            async with asyncio.timeout(patience):
                piece = await wire.some()
        except TimeoutError:
            return b""
        if not piece:
            return b""
        heard += piece
