"""What other installed packages offer to this program, by their entry points."""

from functools import cache
from importlib.metadata import EntryPoints, entry_points


@cache
def offered(group: str) -> EntryPoints:
    """Return the entry points of *group*.

    What is installed stays as it is while the program runs, and to look for it means to read a file
    of each package.
    """
    return entry_points(group=group)
