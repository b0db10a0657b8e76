"""What is wrong with a text while it is typed, by the parsers that are asked in the end."""

from collections.abc import Callable
from typing import Any, Final

from pop3spy.console.escapes import one_line
from pop3spy.console.registry import RefusalError
from pop3spy.filters.expression import compile_filter
from pop3spy.filters.terms import Progress
from pop3spy.filters.tokens import FilterError
from pop3spy.gate.faulttext import read_fault

CHECKS: Final[dict[str, Callable[[str], object]]] = {
    "filter": compile_filter,
    "hold": lambda text: compile_filter(text, Progress.ASKED),
    "fault": read_fault,
    "line": one_line,
}
"""What reads a text of each kind; a line is octets for a server or a client."""


def check(kind: str, text: str) -> dict[str, Any]:
    """Return whether *text* is what a *kind* has to be, else what is wrong and at which column.

    Raise KeyError if there is no such kind.
    """
    read = CHECKS[kind]
    try:
        read(text)
    except FilterError as error:
        return {"ok": False, "error": str(error), "column": error.column}
    except (RefusalError, ValueError) as error:
        return {"ok": False, "error": str(error), "column": None}
    return {"ok": True, "error": None, "column": None}
