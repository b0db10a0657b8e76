"""Dovecot, ``pop3spy serve``, the proxy in front of both, and a small disk for what it writes.

There are two of ``serve``: one stays, so that what it takes can be measured, and one is started
anew every minute, as Dovecot is.  Ports are fixed, for a soak has a network of its own: so a server
that comes again is found again.
"""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Self

from lab.corpus import write_maildir
from lab.dovecot import Dovecot
from lab.loopback import HOST, Address, until
from lab.mailserver import own_folder
from lab.processes import end, start
from soak.disk import Disk, mounted
from soak.mail import HELD, PASSWORD, PROXY_FAULTS, SERVER_FAULTS, Account, Way
from soak.measured import Size, files_of
from soak.program import Program
from soak.remembered import fill

DOVECOT = Address(HOST, 2110), Address(HOST, 2995)
SERVE = Address(HOST, 3110), Address(HOST, 3995)
FRESH = Address(HOST, 3111), Address(HOST, 3996)
PORTS = {
    "dovecot-plain": 4110,
    "dovecot-stls": 4110,
    "dovecot-pop3s": 4995,
    "serve-plain": 5110,
    "serve-stls": 5110,
    "serve-pop3s": 5995,
    "fresh-plain": 6110,
    "fresh-stls": 6110,
    "fresh-pop3s": 6995,
}
WAYS = tuple(Way(*way.split("-")) for way in PORTS)
METRICS = Address(HOST, 9110)
_NOTICED = 15.0
_GIVEN_BACK = 1.5
"""Seconds after all have left; a program gives memory back when nobody has been there for one."""
_ROTATED = 32
"""MiB after which a recording goes on in another file."""

# One process for each session would be made and unmade all the time.
_DOVECOT_SETTINGS = """
default_process_limit = 2000
default_client_limit = 5000
mail_max_userip_connections = 2000
mail_fsync = never
service pop3-login {
  service_count = 0
  process_limit = 2
  client_limit = 2000
}
service pop3 {
  service_count = 1000
  process_limit = 2000
}
"""


class Stage:
    """All that runs; each of ``programs`` stays, and can be asked how large it is."""

    def __init__(self, folder: Path, disk: Disk, places: Sequence[Account]) -> None:
        self._folder = folder
        self.disk = disk
        self._places = places
        self._users = {way: [e.name for e in places if e.way.server == way] for way in _SERVERS}
        self._stack = ExitStack()
        self._dovecot: subprocess.Popen[bytes] | None = None
        self._fresh: Program | None = None
        self._faults: list[str] = []
        self.programs: dict[str, Program] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._stack = stack
            self._prepare()
            self._stays(Program(self._folder, "serve", *self._serve(SERVE)))
            for server in _COMING:
                self.start_server(server)
                stack.callback(self.stop_server, server)
            self._start_proxy()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # -- servers that come and go ---------------------------------------------------------------

    def start_server(self, server: str) -> None:
        """Start Dovecot, or the ``serve`` that is called *fresh*, and wait until it greets."""
        if server == "fresh":
            self._fresh = Program(self._folder, server, *self._serve(FRESH))
            return
        with (
            socket.create_server(DOVECOT[0], backlog=1024) as plain,
            socket.create_server(DOVECOT[1], backlog=1024) as tls,
        ):
            sockets = (plain.fileno(), tls.fileno())
            self._dovecot = start(self._prepared.command(*sockets), pass_fds=sockets)
        self._prepared.server.assert_ready()

    def stop_server(self, server: str) -> None:
        """End it, and with it all its sessions."""
        if server == "fresh" and self._fresh is not None:
            self._faults += self._fresh.end()
            self._fresh = None
        elif server == "dovecot" and self._dovecot is not None:
            end(self._dovecot, 30)
            self._dovecot = None

    @contextmanager
    def stopped(self, server: str) -> Iterator[None]:
        """Let *server* do nothing while the block lasts, as if its machine hung."""
        process = self._dovecot if server == "dovecot" else self.programs[server].process
        assert process is not None
        os.killpg(process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGCONT)

    # -- what it is about -----------------------------------------------------------------------

    @property
    def link(self) -> str:
        """Where the inspector is."""
        return until(partial(self.programs["proxy"].line_with, "inspector at "), "a link", 30)

    def scrape(self) -> None:
        """Ask for the metrics, as Prometheus does."""
        with urllib.request.urlopen(f"http://{METRICS}/metrics", timeout=300) as answer:
            assert b"pop3spy_" in answer.read()

    def at_once(self, before: Mapping[str, Size]) -> int:
        """Return how many sessions the proxy has now; each is two connections."""
        return (files_of(self.programs["proxy"].pid) - before["proxy"].files) // 2

    def sizes(self, before: Mapping[str, Size] | None = None) -> dict[str, Size]:
        """Return how large each program is, once its files and tasks are no more than *before*.

        Who has left may still have to be noticed, so that is given some seconds; then memory has to
        be given back.
        """
        deadline = time.monotonic() + _NOTICED
        while not self._settled(before or {}) and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(_GIVEN_BACK)
        return {name: program.size for name, program in self.programs.items()}

    def _settled(self, before: Mapping[str, Size]) -> bool:
        found = ((size, self.programs[name].size) for name, size in before.items())
        return all(now.files <= then.files and now.tasks <= then.tasks for then, now in found)

    def faults_at_the_end(self) -> Iterator[str]:
        """End the programs; yield in a sentence each what is wrong with that or was told."""
        yield from self._faults  # of servers that are over already
        for program in reversed(self.programs.values()):
            yield from program.end()
        yield from self.disk.faults()

    def _prepare(self) -> None:
        mail = dict.fromkeys(self._users["dovecot"], lambda: HELD)
        folder = self._folder / "dovecot"
        folder.mkdir()
        self._prepared = Dovecot.prepared(folder, *DOVECOT, mail=mail, settings=_DOVECOT_SETTINGS)
        held = self._folder / "held"
        write_maildir(held, HELD)
        users = []
        for user in (*self._users["serve"], *self._users["fresh"]):
            box = self._folder / "mail" / user
            for part in ("cur", "new", "tmp"):
                (box / part).mkdir(parents=True)
            for each in (held / "new").iterdir():
                (box / "new" / each.name).hardlink_to(each)
            users.append(f"{user}: {{password: {PASSWORD}, mailbox: mail/{user}}}\n")
        (self._folder / "users.yaml").write_text("".join(users))

    def _stays(self, program: Program) -> None:
        self._stack.callback(lambda: list(program.end()))
        self.programs[program.name] = program

    def _serve(self, where: tuple[Address, Address]) -> list[str]:
        faults = [word for fault in SERVER_FAULTS for word in ("--fault", fault)]
        listen = ["--listen", str(where[0]), "--listen", f"pop3s://{where[1]}"]
        users = ["--users", str(self._folder / "users.yaml")]
        ca = ["--ca-dir", str(self._folder / "ca")]
        quiet = ["--quiet", "--no-ledger", str(self._folder / "held")]
        return ["serve", *listen, *users, *ca, *faults, *quiet]

    def _start_proxy(self) -> None:
        routes: dict[str, str] = {}
        for name, (clear, inside) in _SERVERS.items():
            routes[f"pop3://:{PORTS[f'{name}-plain']}"] = f"pop3://localhost:{clear.port}"
            routes[f"pop3s://:{PORTS[f'{name}-pop3s']}"] = f"pop3s://localhost:{inside.port}"
        both = self._folder / "believed.pem"
        authority = (self._folder / "ca" / AUTHORITY).read_text()
        both.write_text(authority + (self._folder / "dovecot/certificate.pem").read_text())
        ledger = self.disk.place / "ledger.sqlite3"
        fill(ledger, (("localhost", _door(each.way).port, each.name) for each in self._places))
        log = ["--log", str(self.disk.log), "--log-format", "json"]
        record = ["--record", str(self.disk.recording), "--rotate", f"{_ROTATED}M"]
        others = ["--ledger", str(ledger), "--web", "0", "--metrics", str(METRICS), "--quiet"]
        tls = ["--ca-dir", str(self._folder / "ca"), "--upstream-ca", str(both)]
        tls += ["--connect-timeout", "120"]  # a machine may have much else to do
        words = [word for pair in routes.items() for word in ("--route", "=".join(pair))]
        words += [word for fault in PROXY_FAULTS for word in ("--fault", fault)]
        args = [*words, *log, *record, *others, *tls]
        self._stays(Program(self._folder, "proxy", "proxy", *args))

    @property
    def believed(self) -> Path:
        """Whom clients believe: the one whose certificates both programs show."""
        return self._folder / "ca" / AUTHORITY


_SERVERS = {"dovecot": DOVECOT, "serve": SERVE, "fresh": FRESH}
_COMING = ("dovecot", "fresh")
AUTHORITY = "ca.pem"


@contextmanager
def staged(places: Sequence[Account]) -> Iterator[Stage]:
    """Run everything while the block lasts; only root may, since the disk has to be mounted."""
    with (
        own_folder("soak") as folder,
        mounted(folder / "disk") as disk,
        Stage(folder, disk, places) as stage,
    ):
        yield stage


def _door(way: Way) -> Address:
    """Return where the server is that *way* leads to."""
    clear, tls = _SERVERS[way.server]
    return tls if way.tls == "pop3s" else clear


def ports_of(ways: Sequence[Way]) -> Mapping[str, int]:
    return {str(way): PORTS[str(way)] for way in ways}
