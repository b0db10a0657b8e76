r"""What searches have found worth keeping: one file a door, one input a line.

A line is written as a Python string is: ``\n``, ``\x00``, and ``\\`` for a backslash.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from fuzz.trial import Door
from pop3spy import __file__ as _home

FOLDER = Path(__file__).parent / "corpora"
_OURS = str(Path(_home).parent)

if TYPE_CHECKING:
    from _typeshed import TraceFunction

Place = tuple[str, int, int]
"""A file, and two of its lines, of which the second came after the first."""


def file_of(name: str) -> Path:
    """Return where the inputs of the door *name* are kept."""
    return FOLDER / f"{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}.txt"


@cache
def kept(name: str) -> Sequence[bytes]:
    """Return the inputs that are kept for the door *name*."""
    path = file_of(name)
    return [octets(line) for line in path.read_text().splitlines()] if path.exists() else []


def keep(name: str, inputs: Iterable[bytes]) -> None:
    """Keep *inputs* for the door *name*, and none of those from before."""
    FOLDER.mkdir(exist_ok=True)
    file_of(name).write_text("".join(f"{line(data)}\n" for data in sorted(inputs)))


def line(data: bytes) -> str:
    """Return *data* as a line has it."""
    return data.decode("latin-1").encode("unicode_escape").decode("ascii")


def octets(text: str) -> bytes:
    """Return what a line says."""
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def fewest(door: Door, inputs: Iterable[bytes]) -> list[bytes]:
    """Return some of *inputs*, short ones first, that together reach all that any of them does."""
    reached: set[Place] = set()
    chosen = []
    for data in sorted(set(inputs), key=lambda data: (len(data), data)):
        if not (places := _places(door, data)) <= reached:
            reached |= places
            chosen.append(data)
    return chosen


def _places(door: Door, data: bytes) -> set[Place]:
    """Return the steps from line to line that the program takes for *data*."""
    steps: set[Place] = set()

    def enter(frame: FrameType, event: str, _: object) -> "TraceFunction | None":
        file, before = frame.f_code.co_filename, 0

        def go_on(frame: FrameType, event: str, _: object) -> "TraceFunction":
            nonlocal before
            if event == "line":
                steps.add((file, before, frame.f_lineno))
                before = frame.f_lineno
            return go_on

        return go_on if event == "call" and file.startswith(_OURS) else None

    sys.settrace(enter)
    try:
        door.enter(data)
    except BaseException as error:
        if not door.allows(error):
            raise
    finally:
        sys.settrace(None)
    return steps
