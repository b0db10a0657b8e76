"""``python -m soak.crowd``: as many clients at a time as there are places, for as long as asked.

It reads orders, a line each: ``go``, ``rest``, ``trouble SERVER`` and ``calm SERVER``.  When it
knows of a trouble it says so in a line, for only then may that begin.  After ``rest`` nobody new
comes; when all have left, it says in a line of JSON what became of them.
"""

import asyncio
import json
import ssl
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from soak.mail import Account, Fate, Way, accounts
from soak.visits import BrokenOffError, LockedError, Visit, WrongError
from web.browsing import Browser

PATIENCE = 300.0
"""Seconds that a session may take at most; the longest that is meant takes a tenth of that."""
_AGAIN = 2.0
"""Seconds until a client comes again that was cut off: its server may be away."""
_LEFT = 3.0
"""Seconds for which a server that is back may still be missed by who was there before."""


class Crowd:
    """The clients, and what became of them."""

    def __init__(self, places: list[Account], ports: Mapping[str, int], authority: Path) -> None:
        self._places = places
        self._ports = ports
        self._contexts = _contexts(authority)
        self._may_come = asyncio.Event()
        self._hurry = asyncio.Event()
        self._troubled: dict[str, float] = {}  # until when; servers that break off
        self._inside = 0
        self._nobody = asyncio.Event()
        self._nobody.set()
        self.tally: Counter[str] = Counter()
        self.wrong: list[str] = []

    async def come(self, account: Account) -> None:
        """Come again and again, whenever clients may."""
        draw = Random(account.number)
        clock = asyncio.get_running_loop().time
        while True:
            await self._may_come.wait()
            self._inside += 1
            self._nobody.clear()
            began = clock()
            context = self._contexts[account.number // 7 % len(self._contexts)]
            port = self._ports[str(account.way)]
            visit = Visit(account, port, context, draw, self._think)
            await self._think(draw.random())
            try:
                async with asyncio.timeout(PATIENCE):
                    await visit.made()
                self.tally["whole"] += 1
            except LockedError:
                self.tally["locked"] += 1
                await self._think(0.5)
            except BrokenOffError as error:
                self._broken_off(account, began, str(error))
                await self._think(_AGAIN)
            except TimeoutError:
                self._blame(account, f"no end within {PATIENCE:g} s")
            except WrongError as error:
                self._blame(account, str(error))
            self.tally["octets"] += visit.octets
            self._inside -= 1
            if not self._inside:
                self._nobody.set()

    def _broken_off(self, account: Account, began: float, why: str) -> None:
        fate = account.fate
        meant = fate.ends_early or fate in {Fate.LEAVES, Fate.RESETS}
        if meant or self._troubled.get(account.way.server, -1.0) > began:
            self.tally["broken off"] += 1
        else:
            self._blame(account, f"broken off: {why}")

    def _blame(self, account: Account, what: str) -> None:
        self.tally["wrong"] += 1
        self.wrong.append(f"{account.way} {account.name}: {what}"[:300])

    async def _think(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()

    async def heed(self, orders: asyncio.StreamReader) -> None:
        """Do what is ordered, until there are no more orders."""
        clock = asyncio.get_running_loop().time
        while line := (await orders.readline()).decode().split():
            match line:
                case ["go"]:
                    self._hurry.clear()
                    self._may_come.set()
                case ["rest"]:
                    self._may_come.clear()
                    self._hurry.set()
                    await self._nobody.wait()
                    print(json.dumps({**self.tally, "told": self.wrong[:20]}), flush=True)
                    self.tally.clear()
                    self.wrong.clear()
                case ["trouble", server]:
                    self._troubled[server] = float("inf")
                    print("known", flush=True)
                case ["calm", server]:
                    self._troubled[server] = clock() + _LEFT


def _contexts(authority: Path) -> list[ssl.SSLContext]:
    """Return TLS 1.3; TLS 1.2 with tickets; and without, so that the server keeps sessions."""
    contexts = [ssl.create_default_context(cafile=authority) for _ in range(3)]
    for old in contexts[1:]:
        old.maximum_version = ssl.TLSVersion.TLSv1_2
    contexts[2].options |= ssl.OP_NO_TICKET
    return contexts


async def _look(link: str) -> None:
    """Have the inspector open, and read all that it tells."""
    port = int(link.partition("127.0.0.1:")[2].partition("/")[0])
    browser = Browser(port)
    await browser.login(link)
    async with browser.events() as events:
        while True:
            await events.next()
            events.heard.clear()


async def main(told: Mapping[str, Any]) -> None:
    """Be the crowd that *told* describes, until there are no more orders."""
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    ways = tuple(Way(*each.split("-")) for each in told["ways"])
    places = accounts(told["count"], ways)
    crowd = Crowd(places, told["ports"], Path(told["authority"]))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(crowd.come(each)) for each in places]
        if told["link"]:
            tasks.append(group.create_task(_look(told["link"])))
        await crowd.heed(orders)
        for task in tasks:
            task.cancel()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
