"""The house: imports go down only, and every third-party name has its home."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent / "pop3spy"

FLOORS = {
    "errors": 0,
    "spool": 0,
    "newfile": 2,
    "protocol": 1,
    "session": 2,
    "authority": 3,
    "postoffice": 3,
    "capture": 3,
    "export": 3,
    "gate": 3,
    "replay": 3,
    "net": 4,
    "config": 5,
    "logs": 5,
    "console": 5,
    "cli": 6,
}
HOMES = {
    "asyncio": {"net", "console", "cli"},
    "socket": {"net", "cli"},
    "ssl": {"net"},
    "uvloop": {"cli"},
    "yaml": {"config", "capture"},
    "structlog": {"logs"},
    "prompt_toolkit": {"console"},
    "click": {"cli"},
    "cryptography": {"authority"},
}
"""Where a name from outside may be imported."""

NO_CLOCK = {"asyncio", "logging", "os", "socket", "time"}
"""What floor 1 must not know: it has bytes and meaning only."""


def imports() -> Iterator[tuple[str, str, str]]:
    """Yield the file, the room it is in, and what it imports."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Import(names=names):
                    yield from (("/".join(parts), parts[0], name.name) for name in names)
                case ast.ImportFrom(module=str(module), level=0):
                    yield "/".join(parts), parts[0], module


def test_imports_go_down_only() -> None:
    wrong = [
        f"{file} imports {target}"
        for file, room, target in imports()
        if target.startswith("pop3spy.") and room in FLOORS
        for other in [target.split(".")[1]]
        if other != room and FLOORS[other] >= FLOORS[room]
    ]
    assert wrong == []


def test_every_room_has_a_floor() -> None:
    rooms = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert rooms - {"__init__", "__main__", "__pycache__", "py"} == set(FLOORS)


def test_names_from_outside_are_imported_at_home_only() -> None:
    wrong = [
        f"{file} imports {target}"
        for file, room, target in imports()
        for top in [target.split(".")[0]]
        if (top in HOMES and room not in HOMES[top])
        or (top not in HOMES and top not in sys.stdlib_module_names and top != "pop3spy")
    ]
    assert wrong == []


def test_protocol_knows_no_clock_and_no_sockets() -> None:
    wrong = [
        f"{file} imports {target}"
        for file, room, target in imports()
        if room == "protocol" and target.split(".")[0] in NO_CLOCK
    ]
    assert wrong == []


def test_files_are_short_enough_to_read() -> None:
    long = [
        f"{path.relative_to(ROOT)} has {lines} lines"
        for path in ROOT.rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 375
    ]
    assert long == []
