"""What a program looks for once it has given root up: nothing of its own may be among it.

Python's own modules are not to be looked for either: Python may be in a folder of root's as well.
"""

import os
import site
import sys
from pathlib import Path

import pop3spy

_TELLING = """
import os
import sys

told = os.open(os.environ["LATE"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)

def tell(event, args):
    if os.geteuid() == 0:
        return
    if event == "import":
        os.write(told, f"module {args[0]}\\n".encode())
    elif event == "open" and not args[2] & (os.O_WRONLY | os.O_RDWR):
        os.write(told, f"file {args[0]}\\n".encode())

sys.addaudithook(tell)
"""
"""Tells of each module that is looked for, and of each file that is opened to be read."""
_PLACES = (str(Path(pop3spy.__file__).parent), *site.getsitepackages())


class Late:
    """Hears of programs that are started with ``environment``; *folder* is only root's."""

    def __init__(self, folder: Path) -> None:
        self._told = folder / "late"
        (folder / "sitecustomize.py").write_text(_TELLING)
        path = os.pathsep.join([str(folder), *sys.path])
        self.environment = {"PYTHONPATH": path, "LATE": str(self._told)}

    def found(self) -> list[str]:
        """Return the modules, and the files of the program and of what is installed beside it."""
        told = (line.split(" ", 1) for line in self._told.read_text().splitlines())
        return [name for kind, name in told if kind == "module" or _is_near(name)]


def _is_near(file: str) -> bool:
    return file.startswith(tuple(f"{place}{os.sep}" for place in _PLACES))
