"""`pop3spy proxy` as a process between a client and a server, and what it left behind.

The program is the one of the interpreter that runs the tests; it takes a free port
and says which. It is ended with SIGTERM, as an administrator or systemd would.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lab.loopback import HOST, Address, until
from lab.processes import ask_to_end, end, has_ended, start

LISTENING = re.compile(rf"listening.*?(pop3[+a-z]*)://{re.escape(HOST)}:(\d+)")

IDLE_FAULT, IDLE_REWRITE = "reset when session = 999999", "client s/^nobody says this$//"
GATED = ("--fault", IDLE_FAULT, "--rewrite", IDLE_REWRITE)
"""Options with which both sides are judged, and nobody acts on anything."""


class NotListeningError(Exception):
    """The program ended before it listened."""


class Relay:
    """A running proxy; its status, transcript, messages and log are known once it has ended."""

    def __init__(
        self, upstream: Address | str, *extra_args: str, schemes: Sequence[str] = ("pop3",)
    ) -> None:
        """Start the program with *extra_args* and wait until it listens, once for each scheme."""
        self.status: int | None = None
        self.transcript = self.messages = self.log = ""
        self._folder = tempfile.TemporaryDirectory(prefix="pop3spy-relay-")
        self._files = {name: Path(self._folder.name, name) for name in ("out", "err", "log")}
        command = [sys.executable, "-m", "pop3spy", "proxy", "--upstream", str(upstream)]
        for scheme in schemes:
            command += ["--listen", f"{scheme}://{HOST}:0"]
        command += ["--log", str(self._files["log"]), "--log-format", "json", *extra_args]
        with self._files["out"].open("wb") as out, self._files["err"].open("wb") as err:
            self._process = start(command, stdout=out, stderr=err)
        self._schemes = schemes
        try:
            self.addresses = until(self._listening, "a line that says `listening`", 20)
        except BaseException:
            self.end()
            raise

    @property
    def address(self) -> Address:
        """Where clients without TLS connect."""
        return self.addresses["pop3"]

    def _listening(self) -> dict[str, Address] | None:
        messages = self._files["err"].read_text(errors="replace")
        said = LISTENING.findall(messages)
        if len(said) == len(self._schemes):
            return {scheme: Address(HOST, int(port)) for scheme, port in said}
        if has_ended(self._process):
            raise NotListeningError(messages)
        return None

    def ask_to_end(self) -> None:
        """Send SIGTERM and do not wait."""
        ask_to_end(self._process)

    def end(self) -> None:
        """End the program and collect what it left."""
        if self.status is not None:
            return
        try:
            self.status = end(self._process)
        finally:
            read = {
                name: file.read_text(errors="replace") if file.exists() else ""
                for name, file in self._files.items()
            }
            self.transcript, self.messages, self.log = read["out"], read["err"], read["log"]
            self._folder.cleanup()

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the log's objects for the event *name*, in order."""
        events = [json.loads(line) for line in self.log.splitlines()]
        return [event for event in events if event["event"] == name]

    @property
    def trouble(self) -> str:
        """What went wrong, or nothing if the program ended well."""
        said = self.messages + self.log
        if self.status != 0 or "Traceback" in said:
            return f"exit status {self.status}: {said}"
        return ""


@contextmanager
def proxied(host: str, port: int, *extra_args: str) -> Iterator[Relay]:
    """Run the proxy in front of *host* and *port*; afterwards it must have ended well."""
    with relaying(Address(host, port), *extra_args) as relay:
        yield relay


@contextmanager
def relaying(
    upstream: Address | str, *extra_args: str, schemes: Sequence[str] = ("pop3",)
) -> Iterator[Relay]:
    """Do the same with an *upstream* of any scheme, and a listener of each of *schemes*."""
    relay = Relay(upstream, *extra_args, schemes=schemes)
    try:
        yield relay
    finally:
        relay.end()
    assert not relay.trouble, relay.trouble
