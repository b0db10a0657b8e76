"""``pop3spy connect``: POP3 by hand, as with Telnet."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import click

from pop3spy import __version__
from pop3spy.capture.files import Keeping
from pop3spy.cli.environment import history_file, run
from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.judging import judge_sessions
from pop3spy.cli.judging_recordings import SHOWN
from pop3spy.cli.legs import trust_of
from pop3spy.cli.options import ValueType, with_settings
from pop3spy.cli.outputs import later
from pop3spy.cli.probing import UnseenPerson, probe_settings, unreached
from pop3spy.cli.secret import computable, password_source, token_source
from pop3spy.cli.standard_streams import Unbuffered, say
from pop3spy.cli.streams import close
from pop3spy.cli.terminal import colourful, width_of
from pop3spy.cli.verb import Verb
from pop3spy.config.file import STDOUT
from pop3spy.config.kinds import URL
from pop3spy.config.verbs import ConnectSettings
from pop3spy.connect.commands import CONNECT_COMMANDS
from pop3spy.connect.console import Console, Person
from pop3spy.connect.expecting import Expecting
from pop3spy.connect.login_details import LoginDetails
from pop3spy.connect.logins import COMPUTED
from pop3spy.connect.probe import Probe, ProbeSettings
from pop3spy.connect.probe_facts import probe_facts
from pop3spy.connect.scripted import ScriptedPerson
from pop3spy.console.record import SessionRecording
from pop3spy.console.rows import hint
from pop3spy.errors import ConfigError, ConnectError, TlsError
from pop3spy.findings import Findings
from pop3spy.findings.open_sessions import Ticking
from pop3spy.logs import reader_failed
from pop3spy.logs.notes import sentence
from pop3spy.net.connection import Connection
from pop3spy.protocol.text import escape
from pop3spy.protocol.url import Url
from pop3spy.redaction.secret_memory import SecretMemory
from pop3spy.redaction.typist import Typist
from pop3spy.session.bus import Bus, NoteReader, Subscriber
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted

_STDIN: Final = STDOUT  # both are a dash


@click.command(
    cls=Verb,
    epilog="\b\nExamples:\n"
    "  pop3spy connect mail.example.org               in clear text until :stls\n"
    "  pop3spy connect pop3s://mail.example.org       TLS at once\n"
    "  pop3spy connect pop3+stls://mail.example.org   STLS, or not at all\n"
    "  pop3spy connect :1110 --script commands.txt\n"
    "  pop3spy connect pop3s://mail.example.org --quit-after auth --user bob\n"
    "  pop3spy connect pop3s://mail.example.org --quit-after auth --user bob \\\n"
    "      --auth XOAUTH2 --token-command 'my-oauth-tool bob'\n"
    "  pop3spy connect pop3s://mail.example.org --retr last --user bob \\\n"
    "      --expect 'Subject: probe' --json\n"
    "\n\b\n"
    "On a terminal, :help tells what there is, and Tab what may come next.\n"
    "In a script and with --quit-after and the like, the exit status tells what\n"
    "failed: 3 the connection, 10 the greeting, 11 TLS, 12 the capabilities,\n"
    "13 the login, 14 what came behind it.  It is 1 if the connection broke\n"
    "otherwise, or if what --expect asks for did not come.",
)
@click.argument("url", type=ValueType(URL, "URL"), metavar="URL")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print what a probe came to as JSON (docs/recipes.md), in place of what is said.",
)
@with_settings("connect", ConnectSettings)
def connect(settings: ConnectSettings, url: Url, *, as_json: bool) -> int:
    """Speak POP3 by hand with the server at URL.

    Commands are sent as they are typed, with the right line ends; what begins with a colon is for
    the console itself.
    """
    probe = probe_settings(settings)
    if as_json and probe is None:
        raise ConfigError("--json tells of a probe: --quit-after, --drop-after or --retr")
    talking = _Talking(url, settings, probe, as_json=as_json)
    with talking.prepared():
        return talking.run()


class Player(Person, Protocol):
    """Who does a whole session: somebody at a terminal, or a script."""

    async def play(self, console: Console) -> None:
        """Do every line that there is."""

    def quiet(self) -> AbstractContextManager[None]:
        """Keep what is typed from being seen by itself."""


class _Talking:
    """One run of the console: who speaks, and where it is shown and recorded."""

    def __init__(
        self, url: Url, settings: ConnectSettings, probe: ProbeSettings | None, *, as_json: bool
    ) -> None:
        self._url = url
        self._settings = settings
        self._as_json = as_json
        self._stream = Unbuffered(sys.stdout)
        self._clock = Clock()
        self._trust = trust_of(settings)
        self._bus = Bus(self._complain)
        self._bus.subscribe_to_notes(self._note)
        if settings.findings != "off":
            judge_sessions(settings, self._bus, self._clock, later=later)
        terminal = sys.stdin.isatty() and sys.stdout.isatty() and not as_json
        self._seated = terminal and settings.script is None  # there is a person
        self._by_hand = self._seated and probe is None
        self._probe = Probe(probe, self._clock.now()) if probe else None
        self._expecting = Expecting(settings.expect)
        self._bus.subscribe(self._expecting.subscribe)
        if self._probe is not None:
            self._bus.subscribe(self._probe.subscribe)
        self._person = person = self._find_person()
        patience = None if self._by_hand else settings.patience or None
        dial = partial(self._dial, url)
        details = _login_details(settings)
        self._typist = typist = None if settings.hide_unknown else Typist()
        self._memory = SecretMemory(self._clock.started)
        self.console = Console(
            url,
            dial,
            person,
            CONNECT_COMMANDS,
            patience,
            login=details,
            typist=typist,
            findings=SHOWN[settings.findings],
        )
        self.console.subscribe_to(self._bus)
        keeping = Keeping(f"pop3spy {__version__}", bodies=settings.kept_of_bodies)
        self._recording = self.console.recording = SessionRecording(self._bus, self._clock, keeping)
        self._play = self._work(person)

    @property
    def status(self) -> ExitStatus:
        """How it ended; who sits at a terminal has seen what was refused."""
        stage = None if self._by_hand else self.console.failed_at
        if stage is not None:
            return ExitStatus[stage.name]
        found = self.console.broke or self._expecting.missed
        return ExitStatus.FOUND if found else ExitStatus.DONE

    @property
    def loop(self) -> str:
        """The loop that runs it: at a terminal, one that leaves its modes alone."""
        loop = self._settings.loop
        return "asyncio" if self._seated and loop == "auto" else loop

    def run(self) -> int:
        """Do everything, tell what it came to, and return the exit status."""
        try:
            status: int = run(self.talk, self.loop) or self.status
        except* ConnectError as group:
            if self._probe is None or not self._as_json:
                raise
            error = unreached(group)
            self._probe.failed(error)
            say(f"pop3spy: {error}")
            status = error.exit_status
        if status in (ExitStatus.DONE, ExitStatus.FOUND):
            for missed in self._expecting.missed:
                say(f"pop3spy: nothing that the server said matches {escape(missed)}")
        if self._probe is not None and self._as_json and status != ExitStatus.INTERRUPTED:
            facts = probe_facts(self._probe, self._url, self._clock, self._expecting, status)
            click.echo(json.dumps(facts, indent=2))
        return status

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Record if that was asked for, and keep the terminal from echoing."""
        with ExitStack() as closing:
            closing.callback(close, self._recording, "the recording")
            if self._settings.record is not None:
                self._recording.start(self._settings.record)
            if self._seated:
                closing.enter_context(self._person.quiet())
            yield

    async def talk(self, stop: asyncio.Event) -> None:
        """Do everything, until it is done or *stop* is set."""
        async with asyncio.TaskGroup() as group:
            stopping = group.create_task(stop.wait())
            talking = group.create_task(self.console.run(self._play))
            await asyncio.wait((stopping, talking), return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            talking.cancel()

    def _find_person(self) -> Player:
        colour = colourful(sys.stdout)
        if self._seated:
            # It takes a while to load, and nobody else should wait for that.
            from pop3spy.connect.terminal import Terminal  # noqa: PLC0415

            history = history_file() if self._by_hand else None
            return Terminal(self._stream, sys.stdout.fileno(), history, colour=colour)
        if self._as_json:
            return UnseenPerson()
        lines = () if self._probe else _lines(self._settings.script)
        return ScriptedPerson(lines, self._stream, colour=colour, columns=width_of(sys.stdout))

    def _work(self, person: Player) -> Callable[[], Awaitable[None]]:
        if self._probe is None:
            return partial(person.play, self.console)
        return partial(self._probe.run, self.console)

    async def _dial(self, url: Url, number: int) -> Connection:
        if self._probe is not None:
            self._probe.began = self._clock.now()
        try:
            return await Connection.open(
                url,
                self._bus,
                self._clock,
                timeout=self._settings.connect_timeout,
                patience=None,
                number=number,
                trust=self._trust,
                typist=self._typist,
                memory=self._memory,
            )
        except TlsError as error:
            error.exit_status = ExitStatus.TLS
            raise

    def _note(self, event: Noted) -> None:
        if event.what == "rule_failed":
            self.console.view.add(hint(sentence(event)))

    def _complain(self, subscriber: Subscriber | NoteReader, error: Exception) -> None:
        if subscriber != self.console.begin:
            judges = isinstance(subscriber, Findings | Ticking)
            what = "the search for findings" if judges else "the recording"
            failed = reader_failed(subscriber, error, self._clock.now())
            text = escape(str(failed.facts["error"]))
            self.console.view.add(hint(f"{what} failed: {text}"))


def _login_details(settings: ConnectSettings) -> LoginDetails:
    """Return who logs in and how; raise ConfigError if that cannot be."""
    auth = computable(settings.auth, (*COMPUTED, "APOP", "USER"))
    return LoginDetails(
        settings.user or "", auth, password_source(settings), token_source(settings)
    )


def _lines(script: Path | None) -> list[str]:
    """Return the lines of a script, or of stdin."""
    try:
        data = sys.stdin.buffer.read() if script in (None, _STDIN) else script.read_bytes()
    except OSError as error:
        raise ConfigError(f"{escape(str(script))}: {(error.strerror or '').lower()}") from None
    text = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n")
    return text.removesuffix("\n").split("\n") if text else []
