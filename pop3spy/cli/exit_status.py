"""How the program can end."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """What whoever started the program is told of its end; ``docs/command-line.md`` has it.

    From 10 on they are the stages of a session at which ``connect`` failed without a person.
    """

    DONE = 0
    FOUND = 1
    USAGE = 2
    FAILED = 3
    CONNECTION = FAILED
    GREETING = 10
    TLS = 11
    CAPABILITIES = 12
    LOGIN = 13
    TRANSACTION = 14
    INTERRUPTED = 130
