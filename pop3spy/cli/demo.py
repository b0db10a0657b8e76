"""``pop3spy demo``: a server, the proxy and a client, with nothing to set up."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import click

from pop3spy.cli.environment import run
from pop3spy.cli.options import with_settings
from pop3spy.cli.outputs import demo_outputs
from pop3spy.cli.serve import post_office
from pop3spy.cli.verb import Verb
from pop3spy.config.verbs import LoopSettings
from pop3spy.errors import ConnectError
from pop3spy.net.connection import Connection
from pop3spy.net.host import Host
from pop3spy.net.limits import Limits
from pop3spy.net.proxy import Proxy
from pop3spy.postoffice import DEMO_ACCOUNTS
from pop3spy.protocol.url import Url, parse_url
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Ended, Noted, Told

SCRIPT: Final = (
    "CAPA",
    "USER demo",
    "PASS demo",
    "STAT",
    "LIST",
    "UIDL",
    "TOP 1 0",
    "RETR 3",
    "DELE 1",
    "DELE 99",
    "RSET",
    "QUIT",
)
"""What the demo's client says."""
PACE = 0.12
"""Seconds between commands on a terminal, so that a person can watch."""

T = TypeVar("T")

_ANYWHERE = parse_url("pop3://127.0.0.1:0")


@click.command(
    cls=Verb,
    epilog="\b\nExamples:\n"
    "  pop3spy demo            on a terminal it stays up for you to connect to\n"
    "  pop3spy demo | less     prints one session and ends",
)
@with_settings("demo", LoopSettings)
def demo(settings: LoopSettings) -> int:
    """Show a session between a built-in client and a built-in server."""
    return run(_demo, settings.loop)


async def _demo(stop: asyncio.Event) -> None:
    clock, limits = Clock(), Limits(grace=1.0)
    unheard = Bus(lambda *_: None)
    stays = sys.stdout.isatty()
    with demo_outputs(clock) as bus:
        async with asyncio.TaskGroup() as group:
            host = Host(post_office(DEMO_ACCOUNTS, None).session, unheard, clock, limits)
            server = _first(unheard, _address)
            group.create_task(host.run([_ANYWHERE], stop), name="post office")
            proxy = Proxy(await server, bus, clock, limits)
            here, over = _first(bus, _address), _first(bus, lambda told: isinstance(told, Ended))
            group.create_task(proxy.run([_ANYWHERE], stop), name="proxy")
            await _converse(await here, PACE if stays else 0)
            await over
            if stays:
                url = here.result()
                facts = {"program": _program(), "host": url.host, "port": url.port}
                bus.publish(Noted("demo_stays", clock.now(), facts))
            else:
                stop.set()


def _program() -> str:
    """Return what a person has to type to start this program again."""
    typed = sys.argv[0]
    return typed if "/" in typed and Path(typed).name == "pop3spy" else "pop3spy"


def _first(bus: Bus, find: Callable[[Told], T | None]) -> asyncio.Future[T]:
    """Return what *find* will make of the first event of which it makes anything."""
    found: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def look(told: Told) -> None:
        if not found.done() and (result := find(told)):
            found.set_result(result)

    bus.subscribe(lambda _: look)
    bus.subscribe_to_notes(look)
    return found


def _address(told: Told) -> Url | None:
    """Return the address that is listened on from now on, if that is what happened."""
    if isinstance(told, Noted) and told.what == "listening":
        return parse_url(str(told.facts["url"]))
    return None


async def _converse(url: Url, pace: float) -> None:
    """Say the script, each command when the reply to the one before has come."""
    unheard = Bus(lambda *_: None)
    with suppress(ConnectError):  # whoever stops the demo closes the connection
        async with await Connection.open(url, unheard, Clock()) as connection:
            await connection.reply()
            for command in SCRIPT:
                await asyncio.sleep(pace)
                if not await connection.ask(f"{command}\r\n".encode()):
                    break
