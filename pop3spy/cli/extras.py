"""What options need beside pop3spy itself: extras."""

from importlib.util import find_spec
from typing import Final

from pop3spy.errors import ConfigError

NEEDED: Final = {
    "web": ("starlette", "uvicorn"),
    "postgres": ("psycopg",),
    "otlp": ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"),
    "metrics": ("prometheus_client", "uvicorn"),
    "parquet": ("pyarrow",),
    "mcp": ("mcp",),
}
"""The modules of each extra that are looked for."""


def check_extra(option: str, extra: str) -> None:
    """Raise ConfigError where what *option* needs, which is in *extra*, is not installed."""
    if missing := [name for name in NEEDED[extra] if not _is_there(name)]:
        needs = " and ".join(missing)
        raise ConfigError(f"{option} needs {needs}; to install: pip install 'pop3spy[{extra}]'")


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of what it is in
        return False
