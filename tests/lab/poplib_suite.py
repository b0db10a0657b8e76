"""CPython's own tests of poplib, with every connection of the client through the proxy.

Each of those tests starts a server of its own on a free port, so each gets a proxy
of its own, in a thread. Only `socket.create_connection` is exchanged, which poplib calls
and the suite's servers do not, and handshakes of clients are counted; poplib and its
tests run as they are.

Run as a program, in a process of its own because it changes the socket module:

    poplib_suite.py direct
    poplib_suite.py proxied LOOP MANNER
    poplib_suite.py inspected LOOP MANNER

LOOP is the event loop, ``uvloop`` or ``asyncio``; MANNER is ``passing``, or ``gated`` if both sides
are to be judged, though nobody acts on anything.  With ``inspected`` the proxies do TLS with both
sides, as the suite's own server; they believe the authority that the suite's clients believe.

It prints an `Outcome` as JSON, and what unittest says to standard error.
"""

import importlib.util
import json
import os
import poplib
import socket
import ssl
import subprocess
import sys
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from lab.loopback import HOST, Address
from lab.relay import IDLE_FAULT, IDLE_REWRITE
from lab.threaded_relay import ThreadedRelay
from pop3spy.gate.acts import Gate, Keeper
from pop3spy.gate.faultset import keeper_of
from pop3spy.gate.faulttext import read_fault, read_rewrite
from pop3spy.net.identity import Own
from pop3spy.net.leg import Legs
from pop3spy.net.trust import Trust
from pop3spy.protocol.url import Url

SUITE = "test.test_poplib"
PATIENCE = 240.0

connect = socket.create_connection


@dataclass(frozen=True)
class Outcome:
    """What came of one run of the suite.

    ``handshakes`` are those that clients did to the end, ``inspected`` the sessions in which a
    proxy did one with each side, ``unread`` those of which it could not read all.
    """

    tests: int
    failed: list[str]
    skipped: list[str]
    connections: int
    handshakes: int
    sessions: int
    inspected: int
    unread: int
    troubles: list[str]


class Detour:
    """The way from the suite's clients to its servers: by a proxy for each server."""

    def __init__(self, loop: str = "asyncio", manner: str = "passing") -> None:
        """Give every proxy its *loop*, and keepers of its gate if the *manner* is ``gated``."""
        self.connections = 0
        self._loop = loop
        self._gated = {"passing": False, "gated": True}[manner]
        self._upstream: Address | None = None
        self._relays: list[ThreadedRelay] = []

    def create_connection(self, address: Address, *args: Any, **kwargs: Any) -> socket.socket:
        """Do what the function of that name does, by way of a proxy."""
        asking = sys._getframe(1).f_locals.get("self")
        scheme = "pop3s" if isinstance(asking, poplib.POP3_SSL) else "pop3"
        way = self.way_to(Address(HOST, address[1]), scheme)
        connection = connect(way, *args, **kwargs)
        self.connections += 1
        return connection

    def way_to(self, upstream: Address, scheme: str) -> Address:
        """Return where to connect; the proxy before it, whose server has gone, may end."""
        if self._upstream != upstream:
            if self._relays:
                self._relays[-1].ask_to_end()
            self._relays.append(self.relay(upstream, scheme))
            self._upstream = upstream
        return self._relays[-1].address

    def relay(self, upstream: Address, scheme: str) -> ThreadedRelay:
        """Start a proxy, with a client that speaks *scheme* at first."""
        url, legs = self.leading_to(upstream, scheme)
        keepers: list[Keeper] = []
        if self._gated:
            keepers = [read_rewrite(IDLE_REWRITE), keeper_of(read_fault(IDLE_FAULT))]
        return ThreadedRelay(url, legs, Gate(keepers), self._loop)

    def leading_to(self, upstream: Address, _: str) -> tuple[Url, Legs]:
        """Leave TLS alone."""
        return Url("pop3", *upstream), Legs()

    def end(self) -> None:
        for relay in self._relays:
            relay.end()

    def sessions(self) -> int:
        """Return how many sessions the proxies have seen to their end."""
        return sum(len(relay.events("session_ended")) for relay in self._relays)

    def inspected(self) -> int:
        """Return how many of them had TLS on both legs."""
        began = {
            side: {
                (relay, each["session"])
                for relay in self._relays
                for each in relay.events("session_secured")
                if each["side"] == side
            }
            for side in ("client", "server")
        }
        return len(began["client"] & began["server"])

    def unread(self) -> int:
        """Return how many stretches of TLS nobody could read."""
        stretches = (each for relay in self._relays for each in relay.events("stretch_unread"))
        return sum(stretch["why"] == "tls" for stretch in stretches)

    def troubles(self) -> list[str]:
        """Return what the proxies complained of, and what they failed with."""
        return [trouble for relay in self._relays for trouble in relay.troubles]


class Direct(Detour):
    """No detour at all; connections are counted all the same."""

    def way_to(self, upstream: Address, _: str) -> Address:
        return upstream


class Inspecting(Detour):
    """By proxies that do TLS with both sides, at once where the client does."""

    def leading_to(self, upstream: Address, scheme: str) -> tuple[Url, Legs]:
        suite = importlib.import_module(SUITE)
        trust, own = Trust(ca=Path(suite.CAFILE)), Own(Path(suite.CERTFILE), None)
        return Url(scheme, "localhost", upstream.port), Legs(trust, own, inspect=True)


@contextmanager
def counting_handshakes() -> Iterator[list[ssl.SSLSocket]]:
    """Note every client that has done a handshake while the block lasts."""
    done: list[ssl.SSLSocket] = []
    do_handshake = ssl.SSLSocket.do_handshake

    def counted(self: ssl.SSLSocket, *args: Any, **kwargs: Any) -> None:
        do_handshake(self, *args, **kwargs)
        if not self.server_side:
            done.append(self)

    with patch.object(ssl.SSLSocket, "do_handshake", counted):
        yield done


def play(way: Detour) -> Outcome:
    """Run the suite in this process, whose connections take that *way*."""
    suite = unittest.defaultTestLoader.loadTestsFromName(SUITE)
    runner = unittest.TextTestRunner(stream=sys.stderr, verbosity=2, failfast=True)
    with patch("socket.create_connection", way.create_connection), counting_handshakes() as done:
        result = runner.run(suite)
    way.end()
    return Outcome(
        tests=result.testsRun,
        failed=[str(test) for test, _ in [*result.failures, *result.errors]],
        skipped=[f"{test}: {why}" for test, why in result.skipped],
        connections=way.connections,
        handshakes=len(done),
        sessions=way.sessions(),
        inspected=way.inspected(),
        unread=way.unread(),
        troubles=way.troubles(),
    )


def run_suite(*arguments: str) -> Outcome:
    """Run the suite in a process of its own and return what came of it."""
    try:
        found = importlib.util.find_spec(SUITE)
    except ModuleNotFoundError:
        found = None
    if not found:
        raise RuntimeError(
            f"{sys.executable} comes without {SUITE}; "
            "for Debian's own Python, tests/lab/install.sh installs libpython3.*-testsuite"
        )
    done = subprocess.run(
        [sys.executable, "-m", "lab.poplib_suite", *arguments],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    print(done.stderr)  # noqa: T201  (pytest shows it should a test fail)
    return Outcome(**json.loads(done.stdout))


def main() -> None:
    match sys.argv[1:]:
        case ["direct"]:
            way: Detour = Direct()
        case ["proxied", loop, manner]:
            way = Detour(loop, manner)
        case ["inspected", loop, manner]:
            way = Inspecting(loop, manner)
        case _:
            raise SystemExit(__doc__)
    print(json.dumps(asdict(play(way))))  # noqa: T201


if __name__ == "__main__":
    main()
