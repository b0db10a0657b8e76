"""What the inspector needs beside pop3spy itself: the extra ``web``."""

from importlib.util import find_spec
from typing import Final

from pop3spy.errors import ConfigError

NEEDED: Final = ("starlette", "uvicorn")


def check_web() -> None:
    """Raise ConfigError where what the inspector needs is not installed."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise ConfigError(
            f"--web needs {' and '.join(missing)}; to install: pip install 'pop3spy[web]'"
        )
