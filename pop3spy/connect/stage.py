"""The stages of a session: what a script, or ``--quit-after``, can fail at."""

from enum import Enum, auto


class Stage(Enum):
    """One stage; ``cli/exit_status.py`` has the exit status of each, by the same name."""

    CONNECTION = auto()
    GREETING = auto()
    TLS = auto()
    CAPABILITIES = auto()
    LOGIN = auto()
    TRANSACTION = auto()
