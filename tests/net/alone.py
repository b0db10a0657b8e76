"""A proxy in a process of its own, so that the memory it takes is its own.

``python alone.py LOOP HOST PORT`` listens on a free port, relays to HOST and PORT, and says in
JSON, one line each: ``{"port": 1234}`` at first, then how each session ended and what it was.
It ends when its standard input does.
"""

import asyncio
import importlib
import json
import sys
from collections import Counter
from pathlib import Path

from pop3spy.net.limits import Limits
from pop3spy.net.proxy import Proxy
from pop3spy.protocol.frames import Opaque
from pop3spy.protocol.url import Url, parse_url
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Blinded, Ended, Heard, Noted, Told


def peak() -> int:
    """Return the most memory that this process ever had, in octets."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


class Counting:
    """Keeps no event."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.octets: Counter[str] = Counter()

    def __call__(self, event: Told) -> None:
        match event:
            case Heard():
                frame = event.frame
                kind = f"{frame.side.value} {type(frame).__name__}"
                if isinstance(frame, Opaque):
                    kind += f" {frame.why.name}"
                elif frame.truncated:
                    kind += " truncated"
                self.kinds[kind] += 1
                self.octets[kind] += len(frame.raw)
            case Ended():
                facts = {"how": event.ending.how.value, "peak": peak(), "kinds": self.kinds}
                totals = event.session.totals.octets
                say(facts | {"octets": {side.value: size for side, size in totals.items()}})
                self.kinds = Counter()
            case Blinded():
                say({"complaint": event.why})
            case Noted(what="listening"):
                say({"port": parse_url(str(event.facts["url"])).port})


def say(facts: dict[str, object]) -> None:
    print(json.dumps(facts), flush=True)  # noqa: T201 - it is how the test hears of it


async def run(upstream: Url) -> None:
    bus = Bus(lambda _, error: say({"complaint": repr(error)}))
    counting = Counting()
    bus.subscribe(lambda _: counting)
    bus.subscribe_to_notes(counting)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), stop.set)
    await Proxy(upstream, bus, Clock(), Limits(grace=1.0)).run(
        [parse_url("pop3://127.0.0.1:0")], stop
    )


def main(loop: str, host: str, port: str) -> None:
    with asyncio.Runner(loop_factory=importlib.import_module(loop).new_event_loop) as runner:
        runner.run(run(Url("pop3", host, int(port))))


if __name__ == "__main__":
    main(*sys.argv[1:])
