"""CPython's own tests of poplib, with every connection of the client through the proxy.

Each of those tests starts a server of its own on a free port, so each gets a proxy
process of its own. Only `socket.create_connection` is exchanged, which poplib calls
and the suite's servers do not, and handshakes of clients are counted; poplib and its
tests run as they are.

Run as a program, in a process of its own because it changes the socket module:

    poplib_suite.py direct
    poplib_suite.py proxied [OPTION OF pop3spy proxy]...
    poplib_suite.py inspected [OPTION OF pop3spy proxy]...

With ``inspected`` the proxies do TLS with both sides, as the suite's own server; they believe the
authority that the suite's clients believe.

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
from lab.relay import Relay

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

    def __init__(self, *options: str) -> None:
        """Take the *options* that every proxy gets."""
        self.connections = 0
        self._options = options
        self._upstream: Address | None = None
        self._relays: list[Relay] = []

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
        (address,) = self._relays[-1].addresses.values()
        return address

    def relay(self, upstream: Address, _: str) -> Relay:
        """Start a proxy, which leaves TLS alone."""
        return Relay(upstream, "--quiet", *self._options)

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
        """Return what the proxies complained of that did not end well."""
        return [relay.trouble for relay in self._relays if relay.trouble]


class Direct(Detour):
    """No detour at all; connections are counted all the same."""

    def way_to(self, upstream: Address, _: str) -> Address:
        return upstream


class Inspecting(Detour):
    """By proxies that do TLS with both sides, at once where the client does."""

    def relay(self, upstream: Address, scheme: str) -> Relay:
        suite = importlib.import_module(SUITE)
        keys = ["--cert", suite.CERTFILE, "--upstream-ca", suite.CAFILE]
        url = f"{scheme}://localhost:{upstream.port}"
        return Relay(url, "--quiet", *keys, *self._options, schemes=(scheme,))


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
        case ["proxied", *options]:
            way = Detour(*options)
        case ["inspected", *options]:
            way = Inspecting(*options)
        case _:
            raise SystemExit(__doc__)
    print(json.dumps(asdict(play(way))))  # noqa: T201


if __name__ == "__main__":
    main()
