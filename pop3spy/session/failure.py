"""What went wrong inside pop3spy, told without any value that came from the wire."""

import traceback
from pathlib import Path

_DEPTH = 3


def describe(error: BaseException) -> str:
    """Return the type of *error* and the places it came through, innermost first.

    The message is left out: it may hold what was being read, a password among it.

    >>> try: int("hunter2")
    ... except ValueError as error: print(describe(error).split(" at ")[0])
    ValueError
    """
    frames = traceback.extract_tb(error.__traceback__)[-_DEPTH:]
    places = [f"{_short(frame.filename)}:{frame.lineno} in {frame.name}" for frame in frames]
    where = ", from ".join(reversed(places))
    return f"{type(error).__name__} at {where}" if where else type(error).__name__


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-2:])
