"""Where a password comes from: a file, the environment, a person; never the command line."""

import os
import sys
from pathlib import Path

import click

from pop3spy.errors import ConfigError
from pop3spy.protocol.text import escape


def secret_from(file: Path | None, variable: str | None) -> bytes | None:
    """Return the first line of *file*, or what *variable* holds; None if neither is named.

    Raise ConfigError if there is none.
    """
    if file is not None:
        try:
            return file.read_bytes().split(b"\n")[0].rstrip(b"\r")
        except OSError as error:
            raise ConfigError(f"{escape(str(file))}: {(error.strerror or '').lower()}") from None
    if variable is not None:
        if variable not in os.environ:
            raise ConfigError(f"--password-env: there is no variable {escape(variable)}")
        return os.environb[variable.encode()]
    return None


def asked_for() -> bytes:
    """Return the password that a person types; raise ConfigError if there is nobody to ask."""
    if not sys.stdin.isatty():
        raise ConfigError("a password is needed; give --password-file or --password-env")
    return str(click.prompt("Password", hide_input=True, err=True)).encode()
