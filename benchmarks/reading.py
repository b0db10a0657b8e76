"""Measure what it costs to read sessions, without any socket: python -m benchmarks.reading.

Each figure is processor time of this process, the least of several rounds, in which those who read
the events take turns.  docs/performance.md has the figures.
"""

import argparse
import gc
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.report import occasion, write
from pop3spy.capture.recorder import Recorder
from pop3spy.findings import Findings, own_rules
from pop3spy.logs import JsonLog, Transcript
from pop3spy.protocol.frames import Side
from pop3spy.session.bus import Bus, Reader, Subscriber
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer, Session
from pop3spy.session.reading import Reading

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
START, END = "<!-- reading:start -->", "<!-- reading:end -->"
READ = 1 << 16  # octets of a message that come in one read
SIZE = 15_600_000
MESSAGES = {
    "ASCII": b"x" * 76 + b"\r\n",
    "UTF-8": "Привет, мир! Это письмо в UTF-8, и в нём есть строки.\r\n".encode(),
    "8-bit": bytes(0x80 + octet % 0x80 for octet in range(76)) + b"\r\n",
}
"""A line of what a message is made of."""

Dialogue = list[tuple[Side, bytes]]


def dialogue(text: str) -> Dialogue:
    """Return what each line of *text*, ``C: QUIT``, says; a bar in it is a line end."""
    sides = {"C": Side.CLIENT, "S": Side.SERVER}
    lines = (line.split(": ", 1) for line in text.splitlines())
    return [(sides[side], f"{said}\r\n".replace("|", "\r\n").encode()) for side, said in lines]


LOGIN = dialogue("S: +OK ready\nC: USER alice\nS: +OK\nC: PASS wonderland\nS: +OK Logged in.")
QUIT = dialogue("C: QUIT\nS: +OK Bye")


def retrieval(line: bytes) -> Dialogue:
    """Return what is said to get a message that has many times the same *line*."""
    message = line * (SIZE // len(line))
    said = [(Side.CLIENT, b"RETR 1\r\n"), (Side.SERVER, b"+OK %d octets\r\n" % len(message))]
    said += [(Side.SERVER, message[at : at + READ]) for at in range(0, len(message), READ)]
    return [*said, (Side.SERVER, b".\r\n")]


# What is measured: how often it is said, each time in a session of its own or all in one.
MEASURES = {
    "session": (1000, LOGIN + QUIT),
    "NOOP": (10000, dialogue("C: NOOP\nS: +OK")),
    "STAT": (10000, dialogue("C: STAT\nS: +OK 3 6084")),
    "LIST": (5000, dialogue("C: LIST\nS: +OK 3 messages:|1 2028|2 2028|3 2028|.")),
    **{f"RETR {kind}": (3, retrieval(line)) for kind, line in MESSAGES.items()},
}
TITLES = ["read by", *(f"{name}, {'MB/s' if 'RETR' in name else 'µs'}" for name in MEASURES)]


class Nowhere:
    """Takes text or octets, and does nothing with them."""

    def write(self, said: str | bytes, /) -> None:
        """Take *said*."""

    def flush(self) -> None:
        """Do nothing."""


def readers(clock: Clock) -> dict[str, tuple[Subscriber, ...]]:
    """Return those who read the events, by what they are called."""
    nowhere = Nowhere()
    return {
        "nobody": (),
        "findings": (Judged(),),
        "transcript": (Transcript(nowhere, clock),),
        "JSON log": (JsonLog(nowhere, clock),),
        "recording": (lambda session: Recorder(session, "keep", nowhere.write),),
    }


class Judged:
    """A subscriber that judges sessions as the proxy does, but tells nobody."""

    def __init__(self) -> None:
        self._findings = Findings(lambda _: None, own_rules(), _raise)

    def __call__(self, session: Session) -> Reader | None:
        """Return what judges *session*."""
        return self._findings(session)


def main() -> int:
    """Measure, and print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="put it into docs/performance.md")
    options = parser.parse_args()
    clock = Clock()
    best: dict[str, dict[str, float]] = {name: {} for name in readers(clock)}
    for _ in range(options.rounds):
        for measure in MEASURES:
            for name, subscribers in readers(clock).items():
                seconds = seconds_of(measure, clock, subscribers)
                best[name][measure] = min(seconds, best[name].get(measure, seconds))
    rounds = f"{options.rounds} round{'s' * (options.rounds != 1)}"
    text = f"{occasion()}; the best of {rounds}.\n\n{table(best)}"
    if options.write:
        write(PAGE, text, START, END)
    sys.stdout.write(f"{text}\n")
    return 0


def seconds_of(measure: str, clock: Clock, subscribers: Iterable[Subscriber]) -> float:
    """Return the seconds of processor time that one time of *measure* takes."""
    times, said = MEASURES[measure]
    bus = Bus(_raise)
    for subscriber in subscribers:
        bus.subscribe(subscriber)
    began = Reading(0, Peer("client", 1), Peer("server", 110), clock.now(), bus.publish)
    hear(began, LOGIN, clock)
    gc.collect()
    before = time.process_time()
    for number in range(1, times + 1):
        if measure == "session":
            reading = Reading(number, began.session.client, began.session.server, 0.0, bus.publish)
            hear(reading, said, clock)
            reading.end(clock.now(), Ending(How.QUIT))
        else:
            hear(began, said, clock)
    return (time.process_time() - before) / times


def hear(reading: Reading, said: Dialogue, clock: Clock) -> None:
    """Let *reading* have all that was *said*, each in one read."""
    for side, octets in said:
        reading.hear(Chunk(side, octets, clock.now()))


def table(best: dict[str, dict[str, float]]) -> str:
    """Return µs, or MB in a second of processor time, as a Markdown table."""
    rows = [f"| {' | '.join(TITLES)} |", "|---|" + "---:|" * len(MEASURES)]
    for name, seconds in best.items():
        cells = [
            f"{SIZE / taken / 1e6:,.0f}" if "RETR" in measure else f"{taken * 1e6:.1f}"
            for measure, taken in seconds.items()
        ]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _raise(_: object, error: Exception) -> None:
    raise error


if __name__ == "__main__":
    sys.exit(main())
