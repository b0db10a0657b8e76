"""The extras: what parts of this program need that not everybody has installed."""

from importlib.util import find_spec
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
        raise ConfigError(f"{what} needs {needs}; to install: pip install 'pop3spy[{extra}]'")


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
