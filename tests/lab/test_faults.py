"""What real clients make of every fault.

With ``POP3SPY_WRITE_DOCS=1`` the table in ``docs/faults.md`` is written; otherwise it must be true.
"""

import asyncio
import os
import poplib
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab import clients
from lab.clients import CLIENTS, Client, Login
from lab.corpus import PASSWORD, message, sha256, write_maildir
from lab.loopback import Address
from lab.mailserver import USER
from lab.processes import need
from pop3spy.cli.serve import post_office
from pop3spy.gate.acts import Gate
from pop3spy.gate.faults import FAULTS
from pop3spy.gate.faultset import keeper_of
from pop3spy.gate.faulttext import read_fault
from pop3spy.net.host import Host
from pop3spy.net.limits import Limits
from pop3spy.net.proxy import Proxy
from pop3spy.postoffice import Account
from pop3spy.protocol.url import parse_url
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted

pytestmark = [pytest.mark.lab, pytest.mark.slow]

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
START, END = "<!-- clients:start -->\n", "\n<!-- clients:end -->"

HANGS_AFTER = 15.0
"""Seconds after which a client is taken to wait for ever: undisturbed it needs a tenth of one."""
AT_ONCE = 16

MAIL = (message("one", "first\n"), message("two", "begin\n.\n.dots\nend\n"))
SENT = [
    "delay time=300ms",
    "bandwidth rate=5K",
    "slice gap=0",
    "stall after=100 when verb = RETR",
    "cut after=100 when verb = RETR",
    "reset after=100 when verb = RETR",
    "half-close after=100 when verb = RETR",
    "drop when verb = RETR",
    "answer when verb = PASS,AUTH,APOP",
    "unterminated when verb = RETR",
    "extra-reply when verb = PASS,AUTH",
    "unstuffed when verb = RETR",
    "wrong-size by=-100",
    "wrong-size by=100",
    "changed-uid",
    "changed-capa remove=TOP,UIDL",
    "bare-lf",
    "garbage seed=1 when verb = RETR",
]


def test_the_table_has_every_fault() -> None:
    assert {read_fault(text).kind.name for text in SENT} == set(FAULTS)


def test_what_each_client_makes_of_each_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in ("curl", "fetchmail", "mpop"):
        need(program)
    monkeypatch.setattr(clients, "PATIENCE", HANGS_AFTER)
    cells = [(text, client) for text in ["", *SENT] for client in CLIENTS]
    with offices(tmp_path, [text for text, _ in cells]) as addresses:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            asked = [
                pool.submit(verdict, client, address, tmp_path / str(address.port))
                for (_, client), address in zip(cells, addresses, strict=True)
            ]
        said = [future.result() for future in asked]
    width = len(CLIENTS)
    undisturbed, *verdicts = [said[at : at + width] for at in range(0, len(said), width)]
    assert undisturbed == ["ok"] * len(CLIENTS)
    rows = [f"| `{text}` | {' | '.join(row)} |" for text, row in zip(SENT, verdicts, strict=True)]
    names = [client.name for client in CLIENTS]
    made = "\n".join([f"| fault | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|", *rows])
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(START)
    old, after = rest.split(END)
    if os.environ.get("POP3SPY_WRITE_DOCS"):
        PAGE.write_text(f"{before}{START}{made}{END}{after}", encoding="utf-8")
    else:
        assert made == old, "stale: run make docs"


def verdict(client: Client, address: Address, folder: Path) -> str:
    """Return what became of a download, in a word or two."""
    try:
        saved = client.download(address, folder, Login(auth="user"))
    except (TimeoutError, subprocess.TimeoutExpired):
        return "hangs"
    except (AssertionError, OSError, poplib.error_proto, ValueError, IndexError):
        return "error"
    return "ok" if hashes(saved) == [sha256(client.keeps(each)) for each in MAIL] else "wrong mail"


def hashes(saved: list[bytes]) -> list[str]:
    return [sha256(each) for each in saved]


@contextmanager
def offices(folder: Path, faults: list[str]) -> Iterator[list[Address]]:
    """Run a post office of its own behind each of *faults*, all of them in one thread."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    found: list[Address] = []
    ready = threading.Event()

    async def one(text: str, mailbox: Path, bus: Bus) -> None:
        write_maildir(mailbox, MAIL)
        office = post_office((Account(USER, PASSWORD),), mailbox)
        host = Host(office.session, Bus(lambda *_: None), Clock(), Limits())
        gate = Gate([keeper_of(read_fault(text))] if text else [])
        proxy = Proxy(host, bus, Clock(), Limits(grace=0.1), gate=gate)
        await proxy.run([parse_url("pop3://127.0.0.1:0")], stop)

    async def all_of_them() -> None:
        places: dict[int, Address] = {}
        async with asyncio.TaskGroup() as group:
            for place, text in enumerate(faults):
                bus = Bus(lambda *_: None)

                def look(told: Noted, place: int = place) -> None:
                    if told.what == "listening":
                        url = parse_url(str(told.facts["url"]))
                        places[place] = Address(url.host, url.port)
                        if len(places) == len(faults):
                            found.extend(places[at] for at in range(len(faults)))
                            ready.set()

                bus.subscribe_to_notes(look)
                group.create_task(one(text, folder / f"mail{place}", bus))

    thread = threading.Thread(target=lambda: loop.run_until_complete(all_of_them()))
    thread.start()
    try:
        assert ready.wait(20), "the post offices did not open"
        yield found
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()
