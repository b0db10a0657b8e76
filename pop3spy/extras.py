"""The extras: what parts of this program need that not everybody has installed."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from traceback import walk_tb
from typing import Final

from pop3spy.errors import ConfigError

EXTRAS: Final = {
    "web": ("starlette", "uvicorn"),
    "postgres": ("psycopg",),
    "otlp": ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"),
    "metrics": ("prometheus_client", "uvicorn"),
    "parquet": ("pyarrow",),
    "mcp": ("mcp",),
    "dns": ("dns.resolver",),
}
"""The modules of each extra that are looked for."""


def check_extra(what: str, extra: str) -> None:
    """Raise ConfigError where *what* needs modules of *extra* that are not installed."""
    if missing := [name for name in EXTRAS[extra] if not _is_there(name)]:
        needs = " and ".join(missing)
        raise ConfigError(f"{what} needs {needs}; to install: {to_install(f'pop3spy[{extra}]')}")


def to_install(requirement: str) -> str:
    """Return how a person adds *requirement*, such as ``pop3spy[web]``, to this installation."""
    if _is_of_debian():
        own = "in a virtual environment of your own; the Debian package is without it"
        return f"pip install '{requirement}', {own}"
    return f"{_pip()} install '{requirement}'"


def to_mend(extra: str) -> str:
    """Return how a person replaces the libraries of *extra* that are here and cannot be loaded."""
    if _is_of_debian():
        return "apt install --reinstall pop3spy"
    return f"{_pip()} install --upgrade 'pop3spy[{extra}]'"


def broken_extra(error: ImportError) -> str | None:
    """Return the extra that *error* came from: one too old, or without a library of the system."""
    frames = [frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__)]
    packages = {str(name).partition(".")[0] for name in (error.name or "", *frames)}
    for extra, modules in EXTRAS.items():
        if not packages.isdisjoint(module.partition(".")[0] for module in modules):
            return extra
    return None


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of what it is in
        return False


def _is_of_debian() -> bool:
    """Return whether the Debian package was installed, where there is no pip; it says so itself."""
    from importlib import metadata  # noqa: PLC0415 - it loads email and socket, and hardly anybody asks

    try:
        return (metadata.distribution("pop3spy").read_text("INSTALLER") or "").strip() == "debian"
    except metadata.PackageNotFoundError:  # it runs from its sources
        return False


def _pip() -> str:
    """Return the pip of this environment; pipx keeps a file in each of its own."""
    environment = Path(sys.prefix)
    if os.path.exists(environment / "pipx_metadata.json"):  # noqa: PTH110 - pathlib's raises where only root may look
        return f"pipx runpip {environment.name}"
    return "pip"
