"""Commands for saying things that no well-behaved client says: octets, pieces, no end of a line."""

import asyncio
from typing import Final

from pop3spy.connect.console import CONNECT_COMMANDS, Console
from pop3spy.console.escapes import octets_of, wire
from pop3spy.console.registry import RefusalError, Words
from pop3spy.console.rows import note

ENDS: Final = {"crlf": b"\r\n", "lf": b"\n", "cr": b"\r", "none": b""}
_MOST_WAIT: Final = 3600.0
_BETWEEN: Final = 0.02
"""Seconds between two pieces, so that each travels alone."""


@CONNECT_COMMANDS.add(
    "send",
    "TEXT",
    r"sends exactly this, no end added; \r \n \t \0 \e \\ \x1b are octets",
    Words.WIRE,
)
async def send(console: Console, rest: str) -> None:
    """Send octets that are written as text with escapes."""
    await _say(console, octets_of(rest))


@CONNECT_COMMANDS.add("hex", "OCTETS", "sends exactly these octets: 4e 4f 4f 50 0d 0a", Words.WIRE)
async def hex_octets(console: Console, rest: str) -> None:
    """Send octets that are written in hexadecimal."""
    try:
        data = bytes.fromhex(rest)
    except ValueError:
        raise RefusalError("octets are pairs of hexadecimal digits: 4e 4f 4f 50 0d 0a") from None
    await _say(console, data)


@CONNECT_COMMANDS.add(
    "split", "SIZE LINE", "sends LINE in pieces of SIZE octets, each on its own", Words.WIRE
)
async def split(console: Console, rest: str) -> None:
    """Send a line in pieces."""
    size, _, line = rest.partition(" ")
    if not (size.isascii() and size.isdigit() and int(size[:9]) > 0 and line):
        raise RefusalError("write :split SIZE LINE, with a SIZE from 1 up")
    data = wire(line) + console.ending
    step = int(size[:9])
    for start in range(0, len(data) - step, step):
        connection = console.talk.connection
        if connection is None:
            break
        await connection.send(data[start : start + step])
        await asyncio.sleep(_BETWEEN)
    else:
        start = (len(data) - 1) // step * step
        await _say(console, data[start:])


@CONNECT_COMMANDS.add("eol", "crlf|lf|cr|none", "what ends the lines that you type from now on")
async def eol(console: Console, rest: str) -> None:
    """Set what ends a line."""
    if rest.strip() not in ENDS:
        raise RefusalError(f"write :eol {'|'.join(ENDS)}")
    console.ending = ENDS[rest.strip()]


@CONNECT_COMMANDS.add(
    "pipeline", "", "keeps the lines that follow until :go sends them in one piece"
)
async def pipeline(console: Console, rest: str) -> None:
    """Begin to keep lines."""
    if rest.strip():
        raise RefusalError("write :pipeline alone, then the lines, then :go")
    console.pipeline = []


@CONNECT_COMMANDS.add("go", "", "sends what :pipeline kept")
async def go(console: Console, _: str) -> None:
    """Send the lines that were kept."""
    lines, console.pipeline = console.pipeline, None
    if not lines:
        raise RefusalError("nothing waits; begin with :pipeline")
    await console.ask(b"".join(lines))


@CONNECT_COMMANDS.add("wait", "SECONDS", "does nothing for so long, and shows what comes")
async def wait(console: Console, rest: str) -> None:
    """Let time pass."""
    try:
        seconds = float(rest)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _MOST_WAIT:
        raise RefusalError("write :wait SECONDS, at most 3600")
    await console.talk.wait(seconds)


async def _say(console: Console, data: bytes) -> None:
    if not data:
        raise RefusalError("there is nothing to send")
    await console.ask(data)
    connection = console.talk.connection
    if connection is not None and connection.half_said:
        console.view.add(note("sent; the line has no end yet"))
