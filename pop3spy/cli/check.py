"""``pop3spy check``: what a server does, tested."""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Final

import click

from pop3spy import __version__
from pop3spy.capture.files import Keeping
from pop3spy.check.audit import Audit
from pop3spy.check.doors import target_of
from pop3spy.check.earlier import read_audit
from pop3spy.check.forms import FORMS, nagios_status, schema, unreached
from pop3spy.check.loading import check_named, chosen_checks
from pop3spy.check.matrix import MATRIX_FORMS
from pop3spy.check.options import AuditOptions
from pop3spy.check.order import by_group
from pop3spy.check.plan import Plan
from pop3spy.check.registry import Check
from pop3spy.check.results import AuditStatus, Result
from pop3spy.check.runner import Runner
from pop3spy.check.text import TextReport, explained, listed
from pop3spy.check.timing import Timing
from pop3spy.cli.check_options import CheckOptions, check_options, told
from pop3spy.cli.check_output import page_for, write_file
from pop3spy.cli.environment import run
from pop3spy.cli.judging import judge_sessions
from pop3spy.cli.legs import trust_of
from pop3spy.cli.options import FILE_NAME, ValueType, with_settings
from pop3spy.cli.outputs import later
from pop3spy.cli.progress import StatusRow
from pop3spy.cli.secret import asked_for, password_source, token_source
from pop3spy.cli.standard_streams import Unbuffered, say
from pop3spy.cli.streams import close
from pop3spy.cli.terminal import colourful, width_of
from pop3spy.cli.verb import Verb
from pop3spy.config.kinds import URL
from pop3spy.config.verbs import CheckSettings
from pop3spy.console.record import SessionRecording
from pop3spy.errors import ConfigError, ConnectError, Pop3SpyError
from pop3spy.findings.history import History
from pop3spy.protocol.text import escape
from pop3spy.protocol.url import Url
from pop3spy.session.bus import Bus, NoteReader, Subscriber
from pop3spy.session.chunk import Clock
from pop3spy.session.failure import describe
from pop3spy.wrapping import wrapped

_WIDEST: Final = 100
_CRITICAL: Final = 2


@click.command(
    cls=Verb,
    epilog="\b\nExamples:\n"
    "  pop3spy check mail.example.org                  what needs no login\n"
    "  pop3spy check pop3s://mail.example.org --user bob --password-file secret\n"
    "  pop3spy check mail.example.org --select tls --select capa\n"
    "  pop3spy check mail.example.org --dns --domain example.org\n"
    "  pop3spy check mail.example.org --format html --output audit.html\n"
    "  pop3spy check --explain list/7                  what a check does, and why\n"
    "  pop3spy check --matrix old.json new.json        two audits of --format json\n"
    "\n\b\n"
    "The exit status is 0 if nothing is at or above --fail-on, 1 if something is,\n"
    "2 for a wrong option, 3 if no port gives a greeting, 4 if the audit could not\n"
    "be finished.",
)
@click.argument("what", nargs=-1, metavar="[URL | FILE...]")
@check_options
@with_settings("check", CheckSettings)
def check(settings: CheckSettings, **values: Any) -> int:
    """Check what the server at URL does, and tell what is not as it should be.

    Without --user nobody logs in.  Nothing is deleted, no wrong password is said, and no password
    goes over clear text to another machine, unless an option allows it.
    """
    options = CheckOptions(**values)
    if options.schema:
        click.echo(schema(), nl=False)
        return AuditStatus.CLEAN
    if options.matrix:
        return _table(options)
    if options.explain is not None:
        return _tell(explained(check_named(options.explain)))
    checks = chosen_checks(options.select, options.ignore)
    if options.listing:
        for line in listed(by_group(checks)):
            click.echo(line)
        return AuditStatus.CLEAN
    url = _url_in(options)
    with page_for(options) as page:  # so that an audit is not run for a file that cannot be
        auditing = _Auditing(url, settings, options, checks, page)
        try:
            auditing.run()
        except ConnectError as error:
            if options.form != "nagios":
                raise
            click.echo(unreached(str(error)), nl=False)
            return _CRITICAL
        return auditing.tell()


def _tell(paragraphs: Iterable[str]) -> int:
    columns = min(width_of(sys.stdout)() or _WIDEST, _WIDEST)
    for paragraph in paragraphs:
        for line in wrapped(paragraph, columns, columns) or [""]:
            click.echo(line)
    return AuditStatus.CLEAN


def _url_in(options: CheckOptions) -> Url:
    """Return the server that was named; raise UsageError if none or several were."""
    if len(options.what) != 1:
        raise click.UsageError("name one server: URL, as in pop3s://mail.example.org")
    if options.form == "markdown":
        raise click.UsageError("--format markdown is for --matrix")
    url: Url = ValueType(URL, "URL").convert(options.what[0], None, None)
    return url


def _table(options: CheckOptions) -> int:
    form = MATRIX_FORMS.get(options.form)
    if form is None or not options.what:
        forms = ", ".join(MATRIX_FORMS)
        raise click.UsageError(f"a --matrix is made of files, with one --format of {forms}")
    made = form([read_audit(Path(FILE_NAME.convert(each, None, None))) for each in options.what])
    with page_for(options) as page:
        if options.output is None:
            Unbuffered(sys.stdout).write(made)
        else:
            write_file(options.output, page, made)
    return AuditStatus.CLEAN


class _Auditing:
    """One run: who is audited, what is told while that goes on, and how it ended."""

    def __init__(
        self,
        url: Url,
        settings: CheckSettings,
        options: CheckOptions,
        checks: list[Check],
        page: BinaryIO | None = None,
    ) -> None:
        self._settings = settings
        self._page = page  # where a page goes, which is new
        self._options = options
        self._checks = checks
        shown = options.output is None
        width, colour = width_of(sys.stdout)(), colourful(sys.stdout)
        self._text = TextReport(width if shown else None, colour=colour and shown)
        self._row = StatusRow()
        self._stdout = Unbuffered(sys.stdout)
        self._kept: list[str] = []  # what goes to a file when all is done
        self._group = ""
        self._clock = Clock()
        self._bus = Bus(self._complain)
        self._target = target_of(url, options.pop3_port, options.pop3s_port)
        self._target.address = options.address or ""
        self._trust = trust_of(settings)
        if settings.findings != "off":
            judge_sessions(settings, self._bus, self._clock, History(), later)
        keeping = Keeping(f"pop3spy {__version__}", bodies=settings.kept_of_bodies)
        self._recording = SessionRecording(self._bus, self._clock, keeping)
        self._runner: Runner | None = None
        self._error: Pop3SpyError | OSError | None = None
        self._baseline = read_audit(options.baseline) if options.baseline is not None else None

    def run(self) -> None:
        """Run the audit; raise ConnectError if no port gives a greeting."""
        if self._settings.record is not None:
            self._recording.start(self._settings.record)
        try:
            run(self._work, self._settings.loop)
        finally:
            self._row.clear()
            close(self._recording, "the recording")
        if self._error is not None:
            raise self._error

    async def _work(self, stop: asyncio.Event) -> None:
        given = await self._given()
        options, settings = self._options, self._settings
        timing = Timing(options.patience, pause=options.pause, connect=settings.connect_timeout)
        audit = Audit(self._target, given, timing, self._bus, self._clock)
        self._runner = runner = Runner(audit, self._checks, self)
        runner.baseline = self._baseline.outcomes if self._baseline is not None else None
        report = runner.report
        report.fail_on = "should" if options.strict else options.fail_on
        report.options, report.cert_days = told(options, settings), options.cert_days
        async with asyncio.TaskGroup() as group:
            stopping = group.create_task(stop.wait())
            auditing = group.create_task(self._audit(runner))
            await asyncio.wait((stopping, auditing), return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if not auditing.done():
                auditing.cancel()
        if stop.is_set() and not runner.report.stopped:
            runner.stop("it was interrupted")

    async def _audit(self, runner: Runner) -> None:
        seconds = self._options.deadline or None
        try:
            async with asyncio.timeout(seconds):
                await runner.prepare()
                if not self._options.plan:
                    await runner.run()
        except TimeoutError:
            runner.stop(f"it has not ended within {seconds or 0:g} s (--deadline)")
        except (Pop3SpyError, OSError) as error:  # a group of tasks would wrap it
            self._error = error

    async def _given(self) -> AuditOptions:
        """Return what the audit may do, with the password, which is asked for where it must be."""
        options, settings = self._options, self._settings
        password, source = b"", password_source(settings)
        if settings.user is not None:
            password = (
                asked_for("password", "--password-command") if source is None else await source()
            )
        elif source is not None:
            raise ConfigError("a password without --user is nobody's; name the user")
        if any(octet in b"\r\n\0" for octet in password):
            raise ConfigError("a password with a line end or NUL in it is not sent")
        return AuditOptions(
            user=settings.user or "",
            password=password,
            token=token_source(settings),
            trust=self._trust,
            clear_login=options.clear_login,
            wrong_login=options.wrong_login,
            dele=options.allow_dele,
            dele_message=options.dele_message,
            retr=options.retr,
            stress=options.stress,
            slow=options.slow,
            all_mechanisms=options.auth == "all",
            probe_user=options.probe_user or "",
            probe_login_delay=options.probe_login_delay,
            ignore_login_delay=options.ignore_login_delay,
            max_wait=options.max_wait,
            max_logins=options.max_logins,
            cert_days=options.cert_days,
            domain=options.domain or "",
            dns=options.dns,
            aia=options.aia,
            dns_server=options.dns_server,
            dot_message=options.dot_message,
            sample_all=options.sample == "all",
        )

    # -- what is told while it goes on ------------------------------------------------------------

    def planned(self, plan: Plan) -> None:
        """Say what the audit will cost, before the first login."""
        self._row.clear()
        if self._options.plan:
            self._print(plan.text)
        else:
            say(plan.text)

    def begun(self, check: Check, number: int, of: int) -> None:
        """Show which check runs."""
        self._row.show(f"[{number}/{of}] {check.id} {check.title}")

    def ended(self, result: Result) -> None:
        """Show how a check ended, in text."""
        self._row.clear()
        if self._machine or (self._baseline is not None and not result.changed):
            return
        if result.check.group != self._group:
            self._group = result.check.group
            self._print(f"\n{self._group}")
        for line in self._text.result(result):
            self._print(line)

    def tell(self) -> int:
        """Tell what came of it, and return the exit status."""
        assert self._runner is not None
        report = self._runner.report
        if self._machine and not self._options.plan:
            self._print(FORMS[self._options.form](report).rstrip("\n"))
        elif not self._options.plan:
            for line in self._text.summary(report):
                self._print(line)
        if (path := self._options.output) is not None:
            write_file(path, self._page, "".join(self._kept))
        if self._options.plan:
            return AuditStatus.CLEAN
        return nagios_status(report) if self._options.form == "nagios" else report.status

    def _print(self, text: str) -> None:
        """Write *text* and a line end to stdout, or keep it for the file."""
        if self._options.output is None:
            self._stdout.write(f"{text}\n")
        else:
            self._kept.append(f"{text}\n")

    @property
    def _machine(self) -> bool:
        """Whether a machine reads what is told."""
        return self._options.form != "text"

    def _complain(self, _: Subscriber | NoteReader, error: Exception) -> None:
        say(f"pop3spy: a reader of what is said failed: {escape(describe(error))}")
