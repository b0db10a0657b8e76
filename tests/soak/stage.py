"""Dovecot, ``pop3spy serve``, the proxy in front of both, and a small disk for what it writes.

Ports are fixed, for a soak has a network of its own: so a server that comes again is found again.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Self

from lab.corpus import write_maildir
from lab.dovecot import Dovecot
from lab.loopback import HOST, Address, until
from lab.mailserver import own_folder
from lab.processes import end, has_ended, need, start
from soak.mail import HELD, PASSWORD, PROXY_FAULTS, SERVER_FAULTS, Account, Way
from soak.measured import Size, files_of, size_of
from soak.remembered import fill

DOVECOT = Address(HOST, 2110), Address(HOST, 2995)
SERVE = Address(HOST, 3110), Address(HOST, 3995)
PORTS = {
    "dovecot-plain": 4110,
    "dovecot-stls": 4110,
    "dovecot-pop3s": 4995,
    "serve-plain": 5110,
    "serve-stls": 5110,
    "serve-pop3s": 5995,
}
WAYS = tuple(Way(*way.split("-")) for way in PORTS)
METRICS = Address(HOST, 9110)
_DISK_MIB = 384
_NOTICED = 15.0
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
    """All that runs; each of ``programs`` can be asked how large it is."""

    def __init__(self, folder: Path, disk: Path, places: Sequence[Account]) -> None:
        self._folder = folder
        self._disk = disk
        self._places = places
        self._users = {way: [e.name for e in places if e.way.server == way] for way in _SERVERS}
        self._stack = ExitStack()
        self._dovecot: subprocess.Popen[bytes] | None = None
        self.programs: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._stack = stack
            self._prepare()
            self._start_serve()
            self.start_dovecot()
            stack.callback(self.stop_dovecot)
            self._start_proxy()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # -- Dovecot, which comes and goes ----------------------------------------------------------

    def start_dovecot(self) -> None:
        """Start it, and wait until it greets."""
        with (
            socket.create_server(DOVECOT[0], backlog=1024) as plain,
            socket.create_server(DOVECOT[1], backlog=1024) as tls,
        ):
            sockets = (plain.fileno(), tls.fileno())
            self._dovecot = start(self._prepared.command(*sockets), pass_fds=sockets)
        self._prepared.server.assert_ready()

    def stop_dovecot(self) -> None:
        """End it, and with it all its sessions."""
        if self._dovecot is not None:
            end(self._dovecot, 30)
            self._dovecot = None

    @contextmanager
    def stopped(self, server: str) -> Iterator[None]:
        """Let *server* do nothing while the block lasts, as if its machine hung."""
        process = self._dovecot if server == "dovecot" else self.programs[server]
        assert process is not None
        os.killpg(process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGCONT)

    # -- the disk -------------------------------------------------------------------------------

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """Leave no octet of the disk free while the block lasts."""
        ballast = self._disk / "ballast"
        try:
            with ballast.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(1 << 16))
            yield
        finally:
            ballast.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Take away recordings that are over, as whoever looks after a machine would."""
        numbered = sorted(self._disk.glob("all*.yaml"), key=lambda each: each.stat().st_mtime)
        for each in numbered[:-3]:
            each.unlink()

    def scrape(self) -> None:
        """Ask for the metrics, as Prometheus does."""
        with urllib.request.urlopen(f"http://{METRICS}/metrics", timeout=300) as answer:
            assert b"pop3spy_" in answer.read()

    def rotate_log(self) -> None:
        """Move the log away, so that another one begins."""
        self._log.replace(self._log.with_suffix(".1"))

    @property
    def _log(self) -> Path:
        return self._disk / "log.jsonl"

    # -- what it is about -----------------------------------------------------------------------

    @property
    def link(self) -> str:
        """Where the inspector is."""
        return until(partial(self._said, "inspector at "), "the inspector", 30)

    @property
    def told(self) -> str:
        """What the proxy has said so far."""
        return (self._folder / "proxy.err").read_text(errors="replace")

    def at_once(self, before: Mapping[str, Size]) -> int:
        """Return how many sessions the proxy has now; each is two connections."""
        return (files_of(self.programs["proxy"].pid) - before["proxy"].files) // 2

    def sizes(self, before: Mapping[str, Size] | None = None) -> dict[str, Size]:
        """Return how large each program is, once its files and tasks are no more than *before*.

        Who has left may still have to be noticed, so that is given some seconds.
        """
        deadline = time.monotonic() + _NOTICED
        while True:
            found = {
                name: size_of(process.pid, self._folder / f"{name}.sock")
                for name, process in self.programs.items()
            }
            settled = not before or all(
                size.files <= before[name].files and size.tasks <= before[name].tasks
                for name, size in found.items()
            )
            if settled or time.monotonic() > deadline:
                return found
            time.sleep(0.2)

    def faults_at_the_end(self) -> Iterator[str]:
        """End the programs; yield in a sentence each what is wrong with that or was told."""
        for name, process in reversed(self.programs.items()):
            if status := end(process, 60):
                yield f"{name} ended with status {status}"
            said = (self._folder / f"{name}.err").read_text(errors="replace")
            if bugs := [line for line in said.splitlines() if "bug" in line or "Traceback" in line]:
                yield f"{name} said {bugs[0]!r}"
        last = max(self._disk.glob("all*.yaml"), key=lambda each: each.stat().st_mtime)
        shown = subprocess.run(
            [sys.executable, "-m", "pop3spy", "show", "--stats", last],
            capture_output=True,
            check=False,
        )
        if shown.returncode:
            yield f"the recording cannot be read: {shown.stderr.decode()}"

    def _prepare(self) -> None:
        mail = dict.fromkeys(self._users["dovecot"], lambda: HELD)
        folder = self._folder / "dovecot"
        folder.mkdir()
        self._prepared = Dovecot.prepared(folder, *DOVECOT, mail=mail, settings=_DOVECOT_SETTINGS)
        held = self._folder / "held"
        write_maildir(held, HELD)
        users = []
        for user in self._users["serve"]:
            box = self._folder / "mail" / user
            for part in ("cur", "new", "tmp"):
                (box / part).mkdir(parents=True)
            for each in (held / "new").iterdir():
                (box / "new" / each.name).hardlink_to(each)
            users.append(f"{user}: {{password: {PASSWORD}, mailbox: mail/{user}}}\n")
        (self._folder / "users.yaml").write_text("".join(users))

    def _start_serve(self) -> None:
        faults = [word for fault in SERVER_FAULTS for word in ("--fault", fault)]
        listen = ["--listen", str(SERVE[0]), "--listen", f"pop3s://{SERVE[1]}"]
        users = ["--users", str(self._folder / "users.yaml")]
        ca = ["--ca-dir", str(self._folder / "ca")]
        quiet = ["--quiet", "--no-ledger", str(self._folder / "held")]
        self._start("serve", "serve", *listen, *users, *ca, *faults, *quiet)

    def _start_proxy(self) -> None:
        routes = {
            f"pop3://:{PORTS['dovecot-plain']}": f"pop3://localhost:{DOVECOT[0].port}",
            f"pop3s://:{PORTS['dovecot-pop3s']}": f"pop3s://localhost:{DOVECOT[1].port}",
            f"pop3://:{PORTS['serve-plain']}": f"pop3://localhost:{SERVE[0].port}",
            f"pop3s://:{PORTS['serve-pop3s']}": f"pop3s://localhost:{SERVE[1].port}",
        }
        both = self._folder / "believed.pem"
        authority = (self._folder / "ca" / AUTHORITY).read_text()
        both.write_text(authority + (self._folder / "dovecot/certificate.pem").read_text())
        ledger = self._disk / "ledger.sqlite3"
        fill(ledger, (("localhost", _door(each.way).port, each.name) for each in self._places))
        log = ["--log", str(self._log), "--log-format", "json"]
        record = ["--record", str(self._disk / "all.yaml"), "--rotate", f"{_ROTATED}M"]
        others = ["--ledger", str(ledger), "--web", "0", "--metrics", str(METRICS), "--quiet"]
        tls = ["--ca-dir", str(self._folder / "ca"), "--upstream-ca", str(both)]
        tls += ["--connect-timeout", "120"]  # a machine may have much else to do
        words = [word for pair in routes.items() for word in ("--route", "=".join(pair))]
        words += [word for fault in PROXY_FAULTS for word in ("--fault", fault)]
        self._start("proxy", "proxy", *words, *log, *record, *others, *tls)

    @property
    def believed(self) -> Path:
        """Whom clients believe: the one whose certificates both programs show."""
        return self._folder / "ca" / AUTHORITY

    def _start(self, name: str, *args: str) -> None:
        err = self._folder / f"{name}.err"
        door = str(self._folder / f"{name}.sock")
        command = [sys.executable, "-m", "soak.measured", door, *args]
        with err.open("wb") as stderr:
            process = start(command, stdout=subprocess.DEVNULL, stderr=stderr)
        self._stack.callback(end, process, 60)
        self.programs[name] = process
        until(
            partial(self._listens, name, args.count("--listen") + args.count("--route")), name, 60
        )

    def _listens(self, name: str, doors: int) -> bool | None:
        said = (self._folder / f"{name}.err").read_text(errors="replace")
        if has_ended(self.programs[name]):
            raise AssertionError(f"{name} ended: {said}")
        return said.count("listening on") >= doors or None

    def _said(self, what: str) -> str | None:
        return next((line.split(what)[1] for line in self.told.splitlines() if what in line), None)


_SERVERS = {"dovecot": DOVECOT, "serve": SERVE}
AUTHORITY = "ca.pem"


@contextmanager
def staged(places: Sequence[Account]) -> Iterator[Stage]:
    """Run everything while the block lasts; only root may, since the disk has to be mounted."""
    with own_folder("soak") as folder:
        disk = folder / "disk"
        disk.mkdir()
        options = f"size={_DISK_MIB}m,mode=700"
        subprocess.run([need("mount"), "-t", "tmpfs", "-o", options, "soak", disk], check=True)
        try:
            with Stage(folder, disk, places) as stage:
                yield stage
        finally:
            subprocess.run([need("umount"), "--lazy", disk], check=True)


def _door(way: Way) -> Address:
    """Return where the server is that *way* leads to."""
    clear, tls = _SERVERS[way.server]
    return tls if way.tls == "pop3s" else clear


def ports_of(ways: Sequence[Way]) -> Mapping[str, int]:
    return {str(way): PORTS[str(way)] for way in ways}
