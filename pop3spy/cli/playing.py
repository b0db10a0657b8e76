"""Drives a recorded client over a connection: the player decides, the connection speaks."""

import asyncio
from typing import Final

from pop3spy.errors import ConnectError
from pop3spy.net.connection import Connection
from pop3spy.replay.play_options import Played, Say
from pop3spy.replay.player import ClientPlayer

SOON: Final = 0.25
"""Seconds within which a server whose line has no status may still send the reply."""


async def play(player: ClientPlayer, connection: Connection) -> Played:
    """Play on a connection that was just opened, and return what it came to.

    A connection that breaks or falls silent is a difference like any other.
    """
    started = asyncio.get_running_loop().time()
    try:
        while not player.done:
            say = player.next()
            if say is not None:
                await _wait(say, started, player, connection)
                await connection.send(say.data)
                player.sent(connection.session)
            elif not player.done:  # it may have left out the last command
                await _hear(player, connection)
    except ConnectError as error:
        player.lost(str(error))
    return player.played


async def _hear(player: ClientPlayer, connection: Connection) -> None:
    try:
        async with asyncio.timeout(SOON if player.may_go_on else None):
            frame = await connection.hear()
    except TimeoutError:
        player.go_on()
        return
    if frame is None:
        player.lost("the server closed it")
    else:
        player.hear(frame)


async def _wait(say: Say, started: float, player: ClientPlayer, connection: Connection) -> None:
    """Wait as long as a recorded client did; in recorded time, replies are heard meanwhile."""
    loop = asyncio.get_running_loop()
    if say.due is None:
        await asyncio.sleep(say.pause)
        return
    due = started + say.due
    while player.unanswered > 1 and loop.time() < due:  # this one is not sent yet
        try:
            async with asyncio.timeout_at(due):
                await _hear(player, connection)
        except TimeoutError:
            return
    await asyncio.sleep(max(0.0, due - loop.time()))
