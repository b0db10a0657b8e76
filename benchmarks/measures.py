"""What is measured of a relay: one row a measurement, and how its figures are taken."""

import time
from dataclasses import dataclass, replace

from benchmarks.programs import Program, client
from benchmarks.report import Row

SETTLE = 0.3  # seconds in which a relay takes what idle sessions need


@dataclass(frozen=True)
class Measure:
    """One measurement: its name for ``--figures``, the client's role, and how much work it is."""

    name: str
    role: str
    work: tuple[int, ...]
    quick: tuple[int, ...]


HELP = Measure("help", "", (), ())  # of the program, and no relay is asked
# Memory first: what a relay freed after heavy load would hide what a session takes.
MEASURES = (
    Measure("idle", "idle", (200,), (50,)),
    Measure("noop", "noop", (5000,), (1000,)),
    Measure("command", "many", (64, 2), (64, 1)),
    Measure("session", "sessions", (2000, 16), (500, 16)),
    Measure("ascii", "retr", (1,), (1,)),
    Measure("utf8", "retr", (2,), (2,)),
    Measure("octets", "retr", (3,), (3,)),
    Measure("small", "small", (20000, 100), (5000, 100)),
    HELP,
)
BODY_MB, QUICK_BODY_MB = 256, 64


def chosen(names: list[str], *, quick: bool) -> list[Measure]:
    """Return the measurements of these names, or all, with the work that they are to do."""
    wanted = [measure for measure in MEASURES if not names or measure.name in names]
    return [replace(measure, work=measure.quick) for measure in wanted] if quick else wanted


def take(measure: Measure, program: Program, port: int) -> Row:
    """Return the figures of one measurement of one relay.

    The processor time is that between two moments at which the relay has nothing to do: sessions
    that are there before and after the work cost nothing.
    """
    if measure.name == "idle":
        return {"idle_kib": _memory(program, port, *measure.work)}
    with client(measure.role, port, *measure.work) as act:
        before = program.seconds()
        row = act()
        used = program.seconds() - before
    row[f"{measure.name}_cpu_us"] = used / row.pop("operations") * 1e6
    return row


def _memory(program: Program, port: int, sessions: int) -> float:
    before = program.memory()
    with client("idle", port, sessions):
        time.sleep(SETTLE)
        return (program.memory() - before) / sessions
