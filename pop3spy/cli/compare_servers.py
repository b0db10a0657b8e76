"""``pop3spy compare`` with two servers: whose accounts, how they are read, and what is told."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Final

import click

from pop3spy.cli.environment import run
from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.legs import trust_of
from pop3spy.cli.options import F, ValueType, with_setting
from pop3spy.cli.progress import AccountProgress
from pop3spy.cli.secret import asked_for, password_source, token_source
from pop3spy.cli.secret_command import printed_by
from pop3spy.cli.standard_streams import discard, say
from pop3spy.cli.terminal import width_of
from pop3spy.config.kinds import PATH, SECONDS
from pop3spy.config.verbs import ClientLoginSettings, DialSettings, TrustSettings
from pop3spy.errors import ConfigError
from pop3spy.migration.account import NEW, OLD, AccountOutcome, AccountPair, ComparedAccount
from pop3spy.migration.accounts_file import ListedAccount, read_accounts
from pop3spy.migration.comparing import compare_accounts
from pop3spy.migration.content import ContentOf
from pop3spy.migration.login import Login, Secret
from pop3spy.migration.maildrop import Server
from pop3spy.migration.results import Results, results_in, write_map
from pop3spy.migration.summary import ComparisonSummary, account_lines
from pop3spy.protocol.text import count, escape
from pop3spy.protocol.url import Url
from pop3spy.wrapping import wrapped

_NARROWEST: Final = 24
"""Columns of the narrowest terminal."""
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


_PATH: Final = partial(click.Path, path_type=Path)
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
        type=_PATH(),
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
        type=_PATH(),
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
        help="How much of each message is looked at; full retrieves them, top takes their"
        " headers.  [default: top]",
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


def compare_servers(urls: tuple[Url, Url], options: ServerOptions, shown: Shown) -> int:
    """Compare the accounts of two servers; return the exit status."""
    if (options.user is None) == (options.users is None):
        raise ConfigError("whose accounts?  Name one with --user, or a list with --users")
    if options.resume and options.results is None:
        raise ConfigError("--resume goes on with a file; name it with --results")
    if options.users is not None and options.users.exists() and not options.users.is_file():
        raise ConfigError(f"{escape(str(options.users))}: a list is read twice, so it is a file")
    return _Comparison(urls, options, shown).run()


class _Comparison:
    """One run."""

    def __init__(self, urls: tuple[Url, Url], options: ServerOptions, shown: Shown) -> None:
        self._urls = urls
        self._options = options
        self._shown = shown
        self._content = ContentOf(options.content or ContentOf.TOP.value)
        self._trust = trust_of(options)
        self._secrets = _Secrets(options)
        self._summary = ComparisonSummary()
        self._names: set[str] = set()
        self._results: Results | None = None
        self._first = True
        self._given_up = False
        self._stop = asyncio.Event()

    def run(self) -> int:
        """Do everything, and tell what it came to."""
        options, shown = self._options, self._shown
        listed = self._counted()
        with ExitStack() as closing:
            file = self._results_file(closing)
            if shown.id_map is not None:
                _must_be_writable(shown.id_map)
            if file is not None:
                compared = {OLD: str(self._urls[0]), NEW: str(self._urls[1])}
                compared["content"] = self._content.value
                self._results = Results(file, compared, resume=options.resume)
                closing.callback(self._results.close)
            done = self._results.done & self._names if self._results else set()
            progress = closing.enter_context(AccountProgress(listed))
            if done and file is not None:
                self._add_done(done, file)
                progress.skip(len(done))
            status = run(partial(self._work, done, progress), "auto")
            progress.clear()
            if status is ExitStatus.DONE and shown.id_map is not None and file is not None:
                write_map(shown.id_map, file, alone=options.user is not None)
        if self._given_up:
            return ExitStatus.DONE
        self._tell_end(listed)
        return status or self._status(listed)

    def _counted(self) -> int:
        """Return how many accounts there are; raise ConfigError if one has no secret to be had."""
        for account in self._listed():
            self._names.add(account.user)
            login = self._secrets.account(account).old
            if login.password is None and login.token is None:
                raise ConfigError(
                    f"{escape(account.user)} has no password: name a command with"
                    " --password-command, or in the column password_command"
                )
        if not self._names:
            raise ConfigError(f"{escape(str(self._options.users))}: there is no account in it")
        return len(self._names)

    def _status(self, listed: int) -> ExitStatus:
        if self._summary.outcomes[AccountOutcome.DIFFERS.value]:
            return ExitStatus.FOUND
        failed = self._summary.outcomes[AccountOutcome.FAILED.value]
        whole = not failed and self._summary.accounts == listed
        return ExitStatus.DONE if whole else ExitStatus.FAILED

    def _results_file(self, closing: ExitStack) -> Path | None:
        """Return where results are kept; for a map alone, that is for as long as it takes."""
        if self._options.results is not None or self._shown.id_map is None:
            return self._options.results
        folder = closing.enter_context(tempfile.TemporaryDirectory(prefix="pop3spy-"))
        return Path(folder) / "results"

    def _add_done(self, done: set[str], file: Path) -> None:
        """Take in what accounts came to that are not looked at again."""
        for facts in results_in(file):
            if facts["account"] in done:
                self._summary.add(facts)

    async def _work(self, done: set[str], progress: AccountProgress, stop: asyncio.Event) -> None:
        """Compare every account that is not *done*, until *stop* is set."""
        self._stop = stop
        servers = self._server(self._urls[0]), self._server(self._urls[1])
        left = (each for each in self._listed() if each.user not in done)
        accounts = map(self._secrets.account, left)
        jobs = self._options.jobs or 4
        take = partial(self._take, progress)
        async with asyncio.TaskGroup() as group:
            stopping = group.create_task(stop.wait())
            comparing = group.create_task(
                compare_accounts(accounts, servers, self._content, jobs, take)
            )
            await asyncio.wait((stopping, comparing), return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            comparing.cancel()

    def _server(self, url: Url) -> Server:
        return Server(url, self._trust, self._options.patience, self._options.connect_timeout)

    def _listed(self) -> Iterator[ListedAccount]:
        if self._options.users is not None:
            return read_accounts(self._options.users)
        return iter((ListedAccount(self._options.user or ""),))

    # -- what is told -----------------------------------------------------------------------------

    def _take(self, progress: AccountProgress, found: ComparedAccount) -> None:
        """Keep and tell what an account came to."""
        if self._results is not None:
            self._results.add(found.facts(ids=True))
        self._summary.add(found.facts(ids=False))
        progress.clear()
        try:
            self._tell(found)
        except BrokenPipeError:  # whoever read it has gone, as they may
            self._unheard()
        progress.step(self._told_so_far())

    def _tell(self, found: ComparedAccount) -> None:
        facts = found.facts(ids=False)
        if self._shown.as_json:
            click.echo(f"{'[' if self._first else ','}\n{json.dumps(facts)}", nl=False)
            self._first = False
        elif not self._shown.summary and self._is_told(found):
            _echo(account_lines(facts))

    def _unheard(self) -> None:
        """Write nothing more, and end, unless the results are kept for somebody."""
        discard(sys.stdout)
        if self._results is None:
            self._given_up = True
            self._stop.set()

    def _is_told(self, found: ComparedAccount) -> bool:
        same = found.outcome == AccountOutcome.SAME.value
        return not same or self._options.user is not None

    def _told_so_far(self) -> str:
        outcomes = self._summary.outcomes
        kinds = ((AccountOutcome.DIFFERS, "differ"), (AccountOutcome.FAILED, "failed"))
        return "".join(
            f", {outcomes[kind.value]:,} {word}" for kind, word in kinds if outcomes[kind.value]
        )

    def _tell_end(self, listed: int) -> None:
        left = listed - self._summary.accounts
        if self._shown.as_json:
            facts = json.dumps({"summary": {**self._summary.facts(), "not_compared": left}})
            click.echo(f"{'[' if self._first else ','}\n{facts}\n]")
        else:
            if self._summary.accounts and not self._shown.summary:
                click.echo("")
            _echo(self._summary.lines(self._content))
        failed = self._summary.outcomes[AccountOutcome.FAILED.value]
        if left and self._options.results:
            say(f"pop3spy: {count(left, 'account')} left; the same with --resume goes on there")
        elif failed and self._options.results:
            say("pop3spy: the same with --resume tries what could not be compared again")


class _Secrets:
    """Where the secrets of each account come from."""

    def __init__(self, options: ServerOptions) -> None:
        self._options = options
        self._password = password_source(options)
        self._token = token_source(options)
        self._new_password = password_source(options.of_new)
        self._new_token = token_source(options.of_new)
        if options.user is not None and self._password is None and self._token is None:
            self._password = partial(_given, asked_for())

    def account(self, listed: ListedAccount) -> AccountPair:
        """Return who logs in for a row of the list, and with what."""
        options = self._options
        new_user = listed.new_user or options.new_user or listed.user
        password = _printed(listed.password_command, "password_command", listed.user)
        token = _printed(listed.token_command, "token_command", listed.user)
        new_password = _printed(listed.new_password_command, "new_password_command", new_user)
        new_token = _printed(listed.new_token_command, "new_token_command", new_user)
        old_password = password or self._for(options.password_command, self._password, listed.user)
        old_token = token or self._for(options.token_command, self._token, listed.user)
        of_new = (
            new_password
            or self._for(options.new_password_command, self._new_password, new_user)
            or (None if new_token or self._new_token else old_password),
            new_token
            or self._for(options.new_token_command, self._new_token, new_user)
            or (None if new_password or self._new_password else old_token),
        )
        auth, clear = options.auth or (), options.clear_login
        return AccountPair(
            listed.user,
            Login(listed.user, old_password, old_token, auth, clear),
            Login(new_user, *of_new, auth, clear),
        )

    @staticmethod
    def _for(command: str | None, source: Secret | None, user: str) -> Secret | None:
        """Return the *source*; a command is told for which user it runs."""
        return _printed(command, "--password-command or --token-command", user) or source


def _must_be_writable(path: Path) -> None:
    """Raise ConfigError if the new file *path* could not be written in the end, after hours."""
    name = escape(str(path))
    if path.exists():
        raise ConfigError(f"{name} exists; nothing is overwritten")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise ConfigError(f"{name}: its folder cannot be written into")


def _echo(lines: Iterable[str]) -> None:
    """Write *lines*, broken at blanks where a terminal is too narrow for them."""
    columns = width_of(sys.stdout)()
    for line in lines:
        text = line.lstrip()
        indent = len(line) - len(text)
        room = max(_NARROWEST, (columns or 0) - indent)
        parts = [text] if columns is None else wrapped(text, room, room - 2)
        for place, part in enumerate(parts):
            click.echo(f"{' ' * (indent + 2 * bool(place))}{part}")


def _printed(command: str | None, option: str, user: str) -> Secret | None:
    if not command:
        return None
    return partial(printed_by, command, option, variables={"POP3SPY_USER": user})


async def _given(secret: bytes) -> bytes:
    return secret
