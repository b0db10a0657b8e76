"""The house: imports go down only, and every third-party name has its home."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent / "pop3spy"
PAGE = ROOT.parent / "docs" / "architecture.md"
PLACES = ROOT.parent / "docs" / "places.md"

FLOORS = {
    "errors": 0,
    "installed": 0,
    "spool": 0,
    "plainyaml": 0,
    "wrapping": 0,
    "extras": 1,
    "protocol": 1,
    "redaction": 2,
    "newfile": 2,
    "session": 3,
    "findings": 4,
    "readers": 4,
    "filters": 5,
    "ledger": 5,
    "lint": 5,
    "tables": 5,
    "authority": 6,
    "postoffice": 6,
    "capture": 6,
    "export": 6,
    "gate": 6,
    "replay": 6,
    "net": 7,
    "config": 8,
    "logs": 8,
    "console": 8,
    "workers": 8,
    "connect": 9,
    "migration": 9,
    "embedding": 9,
    "live": 9,
    "report": 9,
    "metrics": 9,
    "otlp": 9,
    "check": 10,
    "mcp": 10,
    "web": 10,
    "cli": 11,
    "pytest_plugin": 11,
}
HOMES = {
    "asyncio": {
        "net",
        "workers",
        "connect",
        "embedding",
        "live",
        "metrics",
        "migration",
        "check",
        "web",
        "cli",
    },
    "socket": {"net", "web", "cli"},
    "ssl": {"net"},
    "uvloop": {"cli"},
    "yaml": {"plainyaml"},
    "structlog": {"logs"},
    "prompt_toolkit": {"console", "connect", "live"},
    "click": {"cli"},
    "starlette": {"web"},
    "uvicorn": {"web"},
    "prometheus_client": {"metrics"},
    "opentelemetry": {"otlp"},
    "requests": {"otlp"},
    "pyarrow": {"tables"},
    "mcp": {"mcp"},
    "mcp_types": {"mcp"},
    "pydantic": {"mcp"},
    "psycopg": {"ledger"},
    "cryptography": {"authority"},
    "re2": {"filters"},
    "sqlite3": {"ledger"},
    "jinja2": {"report"},
    "markupsafe": {"report"},
    "dns": {"net"},
    "pluggy": {"pytest_plugin"},
    "pytest": {"pytest_plugin"},
}
"""Where a name from outside may be imported."""

# fmt: off
GONE = {
    "allowed", "doing", "guest", "inplace", "kept", "knobs", "known", "lane", "livemetas", "lobby",
    "manner", "metas", "room", "seat", "sieve", "sightings", "stages", "tapes", "telling", "turns",
    "veil", "voice",
}
# fmt: on
"""Names of modules that said nothing, or one thing here and another there."""

NO_CLOCK = {"asyncio", "logging", "os", "socket", "time"}
"""What floor 1 must not know: it has bytes and meaning only."""


def imports() -> Iterator[tuple[str, str, str]]:
    """Yield the file, the package it is in, and what it imports."""
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
        for file, package, target in imports()
        if target.startswith("pop3spy.") and package in FLOORS
        for other in [target.split(".")[1]]
        if other != package and FLOORS[other] >= FLOORS[package]
    ]
    assert wrong == []


def test_every_package_has_a_floor() -> None:
    packages = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert packages - {"__init__", "__main__", "__pycache__", "py"} == set(FLOORS)


def test_every_package_is_on_its_floor_in_the_docs() -> None:
    rows = dict(re.findall(r"^\| (\d+) \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE))
    wrong = [name for name, floor in FLOORS.items() if f"`{name}`" not in rows[str(floor)]]
    assert wrong == []


def test_names_from_outside_are_imported_at_home_only() -> None:
    wrong = [
        f"{file} imports {target}"
        for file, package, target in imports()
        for top in [target.split(".")[0]]
        if (top in HOMES and package not in HOMES[top])
        or (top not in HOMES and top not in sys.stdlib_module_names and top != "pop3spy")
    ]
    assert wrong == []


def test_protocol_knows_no_clock_and_no_sockets() -> None:
    wrong = [
        f"{file} imports {target}"
        for file, package, target in imports()
        if package == "protocol" and target.split(".")[0] in NO_CLOCK
    ]
    assert wrong == []


def test_files_are_short_enough_to_read() -> None:
    long = [
        f"{path.relative_to(ROOT)} has {lines} lines"
        for path in ROOT.rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 375
    ]
    assert long == []


def public_classes() -> Iterator[tuple[str, str]]:
    """Yield each public class with the package that it is in."""
    for path in sorted(ROOT.rglob("*.py")):
        package = path.relative_to(ROOT).with_suffix("").parts[0]
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, package


def test_no_two_packages_have_a_class_of_the_same_name() -> None:
    found: dict[str, set[str]] = {}
    for name, package in public_classes():
        found.setdefault(name, set()).add(package)
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_names_that_are_gone_stay_gone() -> None:
    assert [path for path in ROOT.rglob("*.py") if path.stem in GONE] == []


def test_every_place_where_something_is_decided_is_there() -> None:
    rows = [line for line in PLACES.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    paths = [path for row in rows for path in re.findall(r"`([\w.-]+/[\w./-]+)`", row)]
    assert len(paths) > 100
    gone = [path for path in paths if not any((top / path).exists() for top in (ROOT, ROOT.parent))]
    assert not gone
