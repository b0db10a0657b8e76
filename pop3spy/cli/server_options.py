"""The options of ``pop3spy compare`` that are about servers."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import click

from pop3spy.cli.options import F, ValueType, with_setting
from pop3spy.config.kinds import PATH, SECONDS
from pop3spy.config.verbs import ClientLoginSettings, DialSettings, TrustSettings
from pop3spy.migration.content import ContentOf

MOST_JOBS: Final = 100
"""Accounts at a time; each takes a connection to either server."""


@dataclass(frozen=True, kw_only=True)
class ServerOptions(ClientLoginSettings, TrustSettings, DialSettings):
    """Whose accounts are compared, and how both servers are read."""

    users: Path | None
    auth: tuple[str, ...] | None
    new_user: str | None
    new_password_file: Path | None
    new_password_env: str | None
    new_password_command: str | None
    new_token_command: str | None
    clear_login: bool
    content: str | None
    jobs: int | None
    results: Path | None
    resume: bool
    patience: float

    @property
    def given(self) -> str:
        """An option that somebody gave and that only servers have; nothing without one."""
        ordinary = {"tls_min", "connect_timeout", "patience"}
        names = (each.name for each in fields(ServerOptions) if each.name not in ordinary)
        found = next((name for name in names if getattr(self, name)), "")
        return found.replace("_", "-")

    @property
    def of_new(self) -> ClientLoginSettings:
        """How to log in at the new server, as far as that is different there."""
        return ClientLoginSettings(
            user=self.new_user,
            password_file=self.new_password_file,
            password_env=self.new_password_env,
            password_command=self.new_password_command,
            token_command=self.new_token_command,
        )


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What is told of a comparison, and where the map of unique-ids goes."""

    as_json: bool
    summary: bool
    id_map: Path | None


_OPTIONS: Final[tuple[Callable[[F], F], ...]] = (
    click.option("--user", metavar="NAME", help="Of servers: compare the account of this user."),
    click.option(
        "--users",
        type=ValueType(PATH, "--users"),
        metavar="FILE",
        help="Of servers: compare the accounts of this CSV file (docs/migration.md).",
    ),
    click.option(
        "--password-file",
        type=ValueType(PATH, "--password-file"),
        metavar="FILE",
        help="Take the password, or token, from the first line of this file.",
    ),
    click.option("--password-env", metavar="NAME", help="Take it from this environment variable."),
    with_setting("password-command"),
    with_setting("token-command"),
    click.option(
        "--new-user", metavar="NAME", help="The name at the new server, if that is another."
    ),
    click.option(
        "--new-password-file",
        type=ValueType(PATH, "--new-password-file"),
        metavar="FILE",
        help="At the new server, take the password from here.",
    ),
    click.option("--new-password-env", metavar="NAME", help="Likewise, from this variable."),
    click.option("--new-password-command", metavar="COMMAND", help="Likewise, from this command."),
    click.option("--new-token-command", metavar="COMMAND", help="Likewise, a token."),
    with_setting("auth"),
    click.option(
        "--clear-login",
        is_flag=True,
        help="Let passwords go over the network in clear text, where there is no TLS.",
    ),
    click.option(
        "--content",
        type=click.Choice([each.value for each in ContentOf]),
        metavar="|".join(each.value for each in ContentOf),
        help="How much of each message is looked at; top: headers, full: all of it."
        "  [default: top]",
    ),
    click.option(
        "--jobs",
        type=click.IntRange(1, MOST_JOBS),
        metavar="N",
        help="So many accounts at a time.  [default: 4]",
    ),
    click.option(
        "--results",
        type=ValueType(PATH, "--results"),
        metavar="FILE",
        help="Keep what each account came to in this new file, a line of JSON each.",
    ),
    click.option(
        "--resume",
        is_flag=True,
        help="Go on with the file of --results: only with accounts that are not done there.",
    ),
    with_setting("insecure"),
    with_setting("upstream-ca"),
    with_setting("client-cert"),
    with_setting("tls-min"),
    with_setting("connect-timeout"),
    click.option(
        "--patience",
        type=ValueType(SECONDS, "--patience"),
        metavar="SECONDS",
        default=60.0,
        help="How long each wait for a server may take.  [default: 60]",
    ),
)


def with_server_options(function: F) -> F:
    """Give a command the options that are about servers."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
