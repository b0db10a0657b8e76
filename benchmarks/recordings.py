"""Measure how fast recordings are read and judged: python -m benchmarks.recordings.

Each figure is processor time of a whole ``pop3spy``, from its start to its end, the least of
several rounds, in which recordings and commands take turns.  docs/performance.md has the figures.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.programs import find
from benchmarks.reading import Dialogue, dialogue
from benchmarks.report import occasion, write
from benchmarks.usage import run_seconds
from pop3spy.capture.header import Header
from pop3spy.capture.recorder import Recorder
from pop3spy.protocol.frames import Side
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Chunk
from pop3spy.session.how import Closing, Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
START, END = "<!-- recordings:start -->", "<!-- recordings:end -->"
EXCHANGES = 100_000
STEP = 0.001  # seconds between two lines
APART = 60.0  # seconds between the beginnings of two sessions

LOGIN = dialogue("""\
S: +OK ready
C: CAPA
S: +OK|USER|UIDL|TOP|RESP-CODES|.
C: USER alice
S: +OK
C: PASS wonderland
S: +OK Logged in.""")
NOOP = dialogue("C: NOOP\nS: +OK")
QUIT = dialogue("C: QUIT\nS: +OK Logging out.")
MESSAGE = (
    "From: bob@example.org|To: alice@example.org|Subject: Lunch|Message-ID: <1@example.org>"
    f"|Date: Mon, 23 Nov 2026 10:00:00 +0000||Hello!{'|Shall we meet today?' * 28}|"
)
SIZE = len(MESSAGE.replace("|", "\r\n"))


RECORDINGS = {"sessions of ten": 1, "sessions of a hundred": 46}
"""Of how many messages a client asks for in a session, and deletes them."""
COMMANDS = {
    "read": ["show", "--stats", "--findings", "off"],
    "lint": ["lint", "--fail-on", "never"],
}


def main() -> int:
    """Measure, and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put it into docs/performance.md")
    options = parser.parse_args()
    best: dict[tuple[str, str], float] = {}
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder, f"{name}.yaml") for name in RECORDINGS}
        for name, file in files.items():
            record(file, RECORDINGS[name])
        for _ in range(options.rounds):
            for name, file in files.items():
                for does, words in COMMANDS.items():
                    taken = run_seconds([find("pop3spy"), *words, str(file)])
                    best[name, does] = min(taken, best.get((name, does), taken))
    rounds = f"{options.rounds} round{'s' * (options.rounds != 1)}"
    text = f"{occasion()}; {EXCHANGES:,} exchanges each, the best of {rounds}.\n\n{table(best)}"
    if options.write:
        write(PAGE, text, START, END)
    sys.stdout.write(f"{text}\n")
    return 0


def record(file: Path, messages: int) -> None:
    """Record sessions of so many *messages*, until there are enough exchanges."""
    with file.open("wb") as out:
        out.write(Header(datetime(2026, 11, 23, 10, tzinfo=UTC), "benchmark").lines().encode())
        bus = Bus(_raise)
        bus.subscribe(partial(Recorder, bodies="keep", write=out.write))
        exchanges = number = 0
        while exchanges < EXCHANGES:
            number += 1
            client = Peer(f"192.0.2.{number % 250}", 50_000)
            at = number * APART
            reading = Reading(number, client, Peer("192.0.2.254", 110), at, bus.publish)
            for side, octets in session(number, messages):
                at += STEP
                reading.hear(Chunk(side, octets, at))
            for side in (Side.SERVER, Side.CLIENT):
                at += STEP
                reading.side_closed(Closing(side, at, reset=False))
            reading.end(at, Ending(How.QUIT))
            exchanges += reading.session.totals.commands


def session(number: int, messages: int) -> Dialogue:
    """Return what is said in a session in which so many messages are fetched and deleted."""
    numbers = range(1, messages + 1)
    sizes = "".join(f"|{each} {SIZE}" for each in numbers)
    ids = "".join(f"|{each} {number:08x}{each:08x}" for each in numbers)
    text = [
        *("C: STAT", f"S: +OK {messages} {messages * SIZE}"),
        *("C: LIST", f"S: +OK{sizes}|."),
        *("C: UIDL", f"S: +OK{ids}|."),
    ]
    for each in numbers:
        text += [f"C: RETR {each}", f"S: +OK {SIZE} octets|{MESSAGE}."]
    for each in numbers:
        text += [f"C: DELE {each}", "S: +OK"]
    return LOGIN + dialogue("\n".join(text)) + NOOP + QUIT


def table(best: dict[tuple[str, str], float]) -> str:
    """Return exchanges in a second of processor time as a Markdown table."""
    return "\n".join(_rows(best))


def _rows(best: dict[tuple[str, str], float]) -> Iterator[str]:
    yield f"| exchanges a second | {' | '.join(COMMANDS)} |"
    yield "|---|" + "---:|" * len(COMMANDS)
    for name in RECORDINGS:
        cells = [f"{EXCHANGES / best[name, does]:,.0f}" for does in COMMANDS]
        yield f"| {name} | {' | '.join(cells)} |"


def _raise(_: object, error: Exception) -> None:
    raise error


if __name__ == "__main__":
    sys.exit(main())
