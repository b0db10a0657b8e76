"""The program where something that it may need is not installed."""

from pathlib import Path

HIDING = """
import sys
from importlib.machinery import PathFinder
class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition('.')[0] in {hidden!r}:
            return None
        return super().find_spec(name, path, target)
sys.meta_path[:] = [Without if each is PathFinder else each for each in sys.meta_path]
"""


def without(folder: Path, *modules: str) -> dict[str, str]:
    """Return what of the environment hides *modules*; *folder* gets a file for that."""
    (folder / "sitecustomize.py").write_text(HIDING.format(hidden=modules))
    return {"PYTHONPATH": str(folder)}
