"""Measure a fleet: generate sessions, write them as Parquet, and ask what docs/fleet.md asks.

python -m benchmarks.fleet FOLDER [--sessions 1000000]

The sessions are a few hundred that pop3spy itself has read, told again at other times, of other
clients and accounts; the rows go through the same code as those of a proxy.  Each query runs in a
process of its own, whose memory is told.
"""

import argparse
import multiprocessing
import random
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb

from pop3spy.findings import Findings, own_rules
from pop3spy.protocol.frames import Side
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading
from pop3spy.tables.parquet_log import ParquetLog
from pop3spy.tables.row_lines import RowLog

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "fleet.md"
STARTED: Final = datetime(2026, 11, 1, tzinfo=UTC)
DAYS: Final = 30
SERVERS: Final = 12
MIB: Final = 1 << 20
LOGINS: Final = {
    "PASS": "C: USER USER_A|S: +OK|C: PASS sesame123|S: +OK logged in",
    "APOP": "C: APOP USER_A c4c9334bac560ecc979e58001b3e22fb|S: +OK",
    "AUTH": "C: AUTH PLAIN AGEAYg==|S: +OK",
    "refused": "C: USER USER_A|S: +OK|C: PASS wrong|S: -ERR [AUTH] no|C: PASS right|S: +OK",
}
REST: Final = {
    "check": "C: STAT|S: +OK 2 320|C: QUIT|S: +OK bye",
    "list": "C: LIST|S: +OK|S: 1 120|S: 2 200|S: .|C: QUIT|S: +OK",
    "fetch": "C: UIDL|S: +OK|S: 1 a|S: .|C: RETR 1|S: +OK|S: a: b|S: |S: hi|S: .|C: QUIT|S: +OK",
    "left": "C: STAT|S: +OK 2 320|C: DELE 1|S: +OK",
}
IDS: Final = (
    "C: LIST|S: +OK|S: 1 11|S: 2 12|S: 3 13|S: 4 14|S: 5 15|S: .|"
    "C: UIDL|S: +OK|S: 1 {}a|S: 2 {}b|S: 3 {}c|S: 4 {}d|S: 5 {}e|S: .|C: QUIT|S: +OK bye"
)
"""What an account says twice whose ids change: everybody asks for them, and few get others."""


class Lines:
    """A stream that keeps the lines written to it."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, text: str, /) -> None:
        self.lines.append(text)

    def flush(self) -> None:
        """Do nothing."""


def played(slow: float, *said: str) -> str:
    """Return the rows of the last of sessions in which this is *said*, each reply behind *slow*."""
    stream, clock = Lines(), Clock(STARTED)
    bus = Bus(lambda *_: None)
    bus.subscribe(Findings(bus.publish, own_rules(), lambda *_: None))
    bus.subscribe(RowLog(stream, clock))
    client, server = Peer("CLIENT_A", 50312), Peer("SERVER_A", 110)
    at = 0.0
    for number, each in enumerate(said, 7654321 - len(said) + 1):
        reading = Reading(number, client, server, at, bus.publish)
        stream.lines.clear()
        for line in f"S: +OK ready|{each}".split("|"):
            at += slow if line.startswith("S: +OK") else 0.001
            reading.hear(Chunk(Side(line[0]), f"{line[3:]}\r\n".encode(), at))
        how = How.QUIT if "QUIT" in each else How.CLIENT_CLOSED
        reading.end(at + 0.001, Ending(how))
    return "".join(stream.lines)


def templates(count: int, dice: random.Random) -> list[str]:
    """Return the rows of so many sessions, which differ in what is said and how fast."""
    made = []
    for number in range(count):
        login, slow = dice.choice(list(LOGINS.values())), min(20.0, dice.lognormvariate(-4, 1.2))
        said = [f"{login}|{dice.choice(list(REST.values()))}"]
        if number % 100 == 0:
            said = [f"{login}|{IDS.replace('{}', begin)}" for begin in "xy"]
        made.append(played(slow, *said))
    return made


def told_again(count: int) -> Iterator[str]:
    """Yield the rows of *count* sessions, in the order of their times, spread over all days."""
    dice = random.Random(1939)
    made = templates(300, dice)
    for number in range(1, count + 1):
        at = STARTED + timedelta(days=DAYS) * (number / (count + 1))
        account = dice.randrange(count // 20 + 1)
        text = dice.choice(made)
        for name, other in (
            ("7654321", str(number)),
            ("2026-11-01T00:00", f"{at:%Y-%m-%dT%H:%M}"),
            ("CLIENT_A", f"10.{account >> 16}.{account >> 8 & 255}.{account & 255}"),
            ("USER_A", f"user{account}"),
            ("SERVER_A", f"mx{account % SERVERS}.example.org"),
        ):
            text = text.replace(name, other)
        yield text


def queries() -> dict[str, str]:
    """Return the queries of the page by their names."""
    text = PAGE.read_text(encoding="utf-8")
    return dict(re.findall(r"<!-- sql: (\w+) -->\n```sql\n(.*?)```", text, re.DOTALL))


def memory() -> float:
    """Return the most memory that this process had, in MiB."""
    text = Path("/proc/self/status").read_text(encoding="ascii")  # getrusage has that of its parent
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / 1024  # type: ignore[index]  # it is there


def ask(folder: Path, query: str) -> tuple[float, float, int]:
    """Return seconds, MiB and rows of *query* over *folder*."""
    began = time.perf_counter()
    rows = duckdb.execute(query.replace("'fleet/", f"'{folder}/")).fetchall()
    return time.perf_counter() - began, memory(), len(rows)


def generate(folder: Path, sessions: int) -> None:
    clock, began, rows, size = Clock(STARTED), time.perf_counter(), 0, 0
    log = ParquetLog(folder, clock, size=32 * MIB, age=1e9)
    spent = 0.0
    for text in told_again(sessions):
        rows += text.count("\n")
        size += len(text)
        before = time.perf_counter()
        log.write(text)
        log.flush()
        spent += time.perf_counter() - before
    log.close()
    files = list(folder.rglob("*.parquet"))
    stored = sum(path.stat().st_size for path in files)
    print(f"{sessions:,} sessions, {rows:,} rows, {size / MIB:,.0f} MiB as text")
    print(f"written in {spent:.0f} s of {time.perf_counter() - began:.0f} s, {memory():,.0f} MiB")
    print(f"{len(files)} files, {stored / MIB:,.0f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="made if there is none; asked as it is if there")
    parser.add_argument("--sessions", type=int, default=1_000_000)
    arguments = parser.parse_args()
    fresh = multiprocessing.get_context("spawn")
    if not arguments.folder.exists():
        arguments.folder.mkdir()
        generate(arguments.folder, arguments.sessions)
    for name, query in queries().items():
        if name == "gaps":  # nothing is missing
            continue
        with fresh.Pool(1) as pool:
            seconds, peak, rows = pool.apply(ask, (arguments.folder, query))
        print(f"{name:<8} {seconds:6.2f} s {peak:6,.0f} MiB {rows:7,} rows")


if __name__ == "__main__":
    main()
