"""Where a password comes from: a file, the environment, a command or a person, never an option."""

import os
import sys
from functools import partial
from pathlib import Path
from typing import Final

import click

from pop3spy.cli.secret_command import printed_by
from pop3spy.cli.standard_streams import say
from pop3spy.config.verbs import ClientLoginSettings
from pop3spy.connect.login_details import SecretSource
from pop3spy.console.escapes import wire
from pop3spy.errors import ConfigError
from pop3spy.newfile import is_open_to_others
from pop3spy.protocol.text import escape


def secret_from(file: Path | None, variable: str | None) -> bytes | None:
    """Return the first line of *file*, or what *variable* holds; None if neither is named.

    Raise ConfigError if there is none.
    """
    if file is not None:
        try:
            secret = file.read_bytes().split(b"\n")[0].rstrip(b"\r")
        except OSError as error:
            raise ConfigError(f"{escape(str(file))}: {(error.strerror or '').lower()}") from None
        tell_if_open(file)
        return secret
    if variable is not None:
        if variable not in os.environ:
            raise ConfigError(  # it is not repeated: it may be the password itself
                "--password-env: there is no variable of that name; give its name, not the password"
            )
        return os.environb[os.fsencode(variable)]
    return None


def password_source(settings: ClientLoginSettings) -> SecretSource | None:
    """Return what gives the password; a file and the environment are read now, a command later.

    Raise ConfigError if they give none, or if there are two of them.
    """
    command = settings.password_command
    if command is None:
        secret = secret_from(settings.password_file, settings.password_env)
        return None if secret is None else partial(_given, secret)
    if settings.password_file is not None or settings.password_env is not None:
        raise ConfigError("--password-command is one way to get the password; choose one")
    return partial(printed_by, command, "--password-command")


def token_source(settings: ClientLoginSettings) -> SecretSource | None:
    """Return what gives the token, afresh each time."""
    command = settings.token_command
    return None if command is None else partial(printed_by, command, "--token-command")


async def _given(secret: bytes) -> bytes:
    return secret


COMMANDS_FOR: Final = {
    "password": ("--password-command",),
    "token": ("--token-command", "--password-command"),
}
"""The options of a client whose commands print a password, or a token."""


def asked_for(what: str, *commands: str) -> bytes:
    """Return *what*, a password or token, that a person types; *commands* could give it as well.

    Raise ConfigError if there is nobody to ask.
    """
    if not sys.stdin.isatty():
        *others, last = (*commands, "--password-file", "--password-env")
        raise ConfigError(f"a {what} is needed; give {', '.join(others)} or {last}")
    return wire(str(click.prompt(what.capitalize(), hide_input=True, err=True)))


def computable(auth: tuple[str, ...] | None, ways: tuple[str, ...]) -> tuple[str, ...]:
    """Return the mechanisms of ``--auth``; raise ConfigError for one that is not among *ways*."""
    for name in auth or ():
        if name not in ways:
            raise ConfigError(
                f"--auth: {name} cannot be computed here; there are {', '.join(ways)}"
            )
    return auth or ()


def tell_if_open(file: Path) -> None:
    """Tell, once, that others may read or change a *file* in which secrets or logs are."""
    if is_open_to_others(file):
        name = escape(str(file))
        say(f"pop3spy: {name} can be read or changed by others; say chmod 600 {name}")
