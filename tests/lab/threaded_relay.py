"""The proxy in a thread of this process: for tests that need one for each of many servers.

A process of its own takes a third of a second to start, this a hundredth.
"""

import asyncio
import importlib
import io
import json
import threading
from typing import Any

from lab.loopback import HOST, Address
from pop3spy.gate.acts import Gate
from pop3spy.logs import JsonLog
from pop3spy.net.leg import Legs
from pop3spy.net.limits import Limits
from pop3spy.net.proxy import Proxy
from pop3spy.protocol.url import Url, parse_url
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted

PATIENCE = 20.0


class ThreadedRelay:
    """A running proxy; its trouble and its log are known once it has ended."""

    def __init__(self, upstream: Url, legs: Legs, gate: Gate, loop: str) -> None:
        """Run it on *loop*, ``uvloop`` or ``asyncio``, and wait until it listens.

        Its clients come to it as it goes to *upstream*.
        """
        self.troubles: list[str] = []
        self._log = io.StringIO()
        self._listening = threading.Event()
        self._stop = asyncio.Event()
        self._loop = importlib.import_module(loop).new_event_loop()
        self._loop.set_exception_handler(lambda _, told: self.troubles.append(repr(told)))
        clock, bus = Clock(), Bus(lambda _, error: self.troubles.append(repr(error)))
        bus.subscribe(JsonLog(self._log, clock))
        bus.subscribe_to_notes(self._note)
        proxy = Proxy(upstream, bus, clock, Limits(), gate=gate, legs=legs)
        places = [parse_url(f"{upstream.scheme}://{HOST}:0")]
        self._thread = threading.Thread(target=self._run, args=(proxy, places))
        self._thread.start()
        if not self._listening.wait(PATIENCE):
            self.end()
            raise TimeoutError(f"the proxy does not listen: {self.troubles}")

    def _note(self, told: Noted) -> None:
        if told.what == "listening":
            url = parse_url(str(told.facts["url"]))
            self.address = Address(url.host, url.port)
            self._listening.set()

    def _run(self, proxy: Proxy, places: list[Url]) -> None:
        try:
            self._loop.run_until_complete(proxy.run(places, self._stop))
        except Exception as error:  # noqa: BLE001 - the test is told, whatever it is
            self.troubles.append(repr(error))
        finally:
            self._loop.close()

    def ask_to_end(self) -> None:
        """Let it end as soon as its sessions have, and do not wait."""
        if not self._stop.is_set():
            self._loop.call_soon_threadsafe(self._stop.set)

    def end(self) -> None:
        if self._thread.is_alive():
            self.ask_to_end()
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            self.troubles.append("it does not end")

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the log's objects for the event *name*, in order."""
        events = [json.loads(line) for line in self._log.getvalue().splitlines()]
        return [event for event in events if event["event"] == name]
