"""Networks of a test's own: namespaces with cables between them, gone with the processes in them.

A namespace lasts as long as a process that only sleeps, so nothing is left behind even by a kill.
"""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from lab.loopback import until
from lab.processes import need, running

PATIENCE = 30.0


class Machine:
    """A network namespace, in which commands are run as on a machine of its own."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    @property
    def inside(self) -> list[str]:
        """What begins a command that is to run there."""
        return [need("nsenter"), f"--net=/proc/{self.pid}/ns/net"]

    def run(self, *command: str | Path, stdin: str = "") -> str:
        """Run *command* to its end, which must be a good one; return what it says."""
        done = subprocess.run(
            [*self.inside, *map(str, command)],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def shell(self, lines: str) -> None:
        """Run *lines* as root would type them, each of which must succeed."""
        folders = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
        self.run("env", f"PATH={folders}", "sh", "-euxc", lines)

    def address(self, device: str, *addresses: str) -> None:
        """Give *device* some addresses, and let it work."""
        for each in addresses:
            tentative = ["nodad"] if ":" in each else []
            self.run(need("ip"), "address", "add", each, "dev", device, *tentative)
        self.run(need("ip"), "link", "set", device, "up")

    def listens(self, port: int) -> bool:
        said = self.run(need("ss"), "-Hltn", f"sport = :{port}")
        return bool(said.strip())


@contextmanager
def machines(count: int) -> Iterator[list[Machine]]:
    """Give some machines without cables, or skip the test where the kernel allows none."""
    unshare = need("unshare")
    tried = subprocess.run([unshare, "--net", "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no network namespaces here: {tried.stderr.strip()}")
    with ExitStack() as stack:
        made = []
        for _ in range(count):
            holder = stack.enter_context(running([unshare, "--net", "sleep", "infinity"]))
            machine = Machine(holder.pid)
            until(partial(_is_apart, holder.pid), "a network namespace")
            machine.run(need("ip"), "link", "set", "lo", "up")
            made.append(machine)
        yield made


def _is_apart(pid: int) -> bool | None:
    return Path(f"/proc/{pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink() or None


def cable(one: Machine, other: Machine, name: str) -> None:
    """Connect two machines: at both ends the device is called *name*."""
    peer = ["peer", "name", name, "netns", str(other.pid)]
    one.run(need("ip"), "link", "add", name, "type", "veth", *peer)


def events(log: Path, name: str) -> list[dict[str, object]]:
    """Return the entries of a JSON log for the event *name*."""
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    return [entry for entry in entries if entry["event"] == name]


def blocks(page: Path, tag: str, language: str) -> Sequence[str]:
    """Return the blocks of code in *page* that stand behind ``<!-- tag -->``."""
    pieces = page.read_text(encoding="utf-8").split(f"<!-- {tag} -->\n```")[1:]
    found = [piece.split("\n```")[0].split("\n", 1) for piece in pieces]
    return [text for kind, text in found if kind == language]
