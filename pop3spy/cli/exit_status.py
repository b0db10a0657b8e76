"""How the program can end."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """What whoever started the program is told of its end; ``docs/command-line.md`` has it."""

    DONE = 0
    FOUND = 1
    USAGE = 2
    FAILED = 3
    INTERRUPTED = 130
