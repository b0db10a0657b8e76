"""``pop3spy compare`` with two servers: whose accounts, how they are read, and what is told."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

import click

from pop3spy.cli.account_secrets import AccountSecrets
from pop3spy.cli.environment import run
from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.legs import trust_of
from pop3spy.cli.progress import AccountProgress
from pop3spy.cli.server_options import ServerOptions, Shown
from pop3spy.cli.standard_streams import discard, say
from pop3spy.cli.terminal import width_of
from pop3spy.errors import ConfigError
from pop3spy.migration.account import NEW, OLD, AccountOutcome, ComparedAccount, ComparisonSettings
from pop3spy.migration.accounts_file import ListedAccount, read_accounts
from pop3spy.migration.comparing import compare_accounts
from pop3spy.migration.content import ContentOf
from pop3spy.migration.maildrop import ComparedServer
from pop3spy.migration.results import Results, results_in, write_map
from pop3spy.migration.summary import ComparisonSummary, account_lines
from pop3spy.protocol.text import count, escape
from pop3spy.protocol.url import Url
from pop3spy.wrapping import wrapped

_NARROWEST: Final = 24
"""Columns of the narrowest terminal."""


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
        self._secrets = AccountSecrets(options)
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
        settings = ComparisonSettings(servers, self._content, progress.looked)
        left = (each for each in self._listed() if each.user not in done)
        accounts = map(self._secrets.account, left)
        jobs = self._options.jobs or 4
        take = partial(self._take, progress)
        async with asyncio.TaskGroup() as group:
            stopping = group.create_task(stop.wait())
            comparing = group.create_task(compare_accounts(accounts, settings, jobs, take))
            await asyncio.wait((stopping, comparing), return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            comparing.cancel()

    def _server(self, url: Url) -> ComparedServer:
        return ComparedServer(
            url, self._trust, self._options.patience, self._options.connect_timeout
        )

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
