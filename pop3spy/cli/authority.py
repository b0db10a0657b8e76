"""The authority that a command uses: where it is, and whose it says that it is."""

import getpass
import socket
from pathlib import Path

import click

from pop3spy.authority import Authority
from pop3spy.cli.environment import settings_folder
from pop3spy.errors import ConfigError
from pop3spy.protocol.text import escape


def authority_folder(given: Path | None) -> Path:
    """Return the folder of the authority: the *given* one, or that of the user.

    Raise ConfigError if the user has no place for one.
    """
    folder = given or settings_folder()
    if folder is None:
        raise ConfigError("there is no home folder for an authority; name one with --ca-dir DIR")
    return folder.absolute()


def open_authority(given: Path | None) -> Authority:
    """Return the authority in the folder *given*, or in the user's; make it if there is none.

    Raise ConfigError if that cannot be, or if what is there is not to be used.
    """
    folder = authority_folder(given)
    authority = Authority.open(folder, _owner())
    if authority.made:
        click.echo(f"pop3spy: made an authority in {escape(str(folder))}", err=True)
    return authority


def _owner() -> str:
    """Return who this is, and on which machine."""
    try:
        user = getpass.getuser()
    except (ImportError, KeyError, OSError):  # a user without a name, as in a container
        user = "somebody"
    return f"{user}@{socket.gethostname()}"
