"""The inspector beside what it shows: a proxy, or a recording that was read.

Only who asks for it loads this: it needs the extra ``web``.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import click

from pop3spy.cli.environment import Work
from pop3spy.cli.outputs import without_addresses
from pop3spy.cli.session_report import LiveReports, SessionReports
from pop3spy.config.verbs import ProxySettings
from pop3spy.errors import ListenError, said_by_system
from pop3spy.findings.loading import all_rules
from pop3spy.gate.faultset import Faults
from pop3spy.gate.holds import Holds
from pop3spy.live.console import LiveConsole, SteeredProxy
from pop3spy.live.histories import Histories
from pop3spy.logs.stats import Statistics
from pop3spy.report.past import LiveSource
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted
from pop3spy.session.failure import describe
from pop3spy.spool import Nowhere
from pop3spy.web.acts import Acts
from pop3spy.web.control import state_of
from pop3spy.web.feed import Feed
from pop3spy.web.kept_sessions import ENDED
from pop3spy.web.routes import About, InspectorApi
from pop3spy.web.saving import Export, LiveExports, Report
from pop3spy.web.server import WebServer
from pop3spy.web.tokens import Tokens

BACKLOG: Final = 64
PAST: Final = 32 << 20
"""Octets that are kept of what happened in sessions; with more, collecting garbage takes too long.
"""


@contextmanager
def loopback(port: int) -> Iterator[list[socket.socket]]:
    """Give sockets that listen at *port* of this machine alone; port 0 takes a free one.

    Where the machine has IPv6, there is one for that as well.  Raise ListenError if the port cannot
    be had.
    """
    with ExitStack() as closing:
        try:
            first = closing.enter_context(
                socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
            )
        except OSError as error:
            raise ListenError(
                f"the inspector cannot have port {port}: {said_by_system(error)}; --web 0 takes a"
                " free one"
            ) from None
        sockets = [first]
        with suppress(OSError):  # not every machine has it
            address = "::1", first.getsockname()[1]
            twin = socket.create_server(address, family=socket.AF_INET6, backlog=BACKLOG)
            sockets.append(closing.enter_context(twin))
        yield sockets


class Inspecting:
    """Serves the inspector of *feed* at *sockets*; *bus* is told if it fails.

    Let ``around`` do the work that it shows.
    """

    def __init__(
        self, feed: Feed, sockets: list[socket.socket], clock: Clock, bus: Bus | None = None
    ) -> None:
        self._feed = feed
        self._sockets = sockets
        self._port: int = sockets[0].getsockname()[1]
        self._clock = clock
        self._bus = bus
        self._tokens = Tokens()
        self._told = False
        self._stop: asyncio.Event | None = None

    def steered_by(self, console: LiveConsole, *, control: bool) -> Acts | None:
        """Let pages see what *console* has set; return what they may do by it, with *control*."""
        console.new_link = self.link
        self._feed.state = lambda: state_of(console, control=control)
        return Acts(console, self._end, self._clock.now) if control else None

    def link(self) -> str:
        """Return a new link, which lets one browser in."""
        return f"http://127.0.0.1:{self._port}/#{self._tokens.new()}"

    def around(
        self,
        work: Work,
        about: About,
        acts: Acts | None = None,
        report_of: Report | None = None,
        export_of: Export | None = None,
    ) -> Work:
        """Return *work* with the inspector beside it, for as long as that goes on."""
        api = InspectorApi(
            about, self._feed, self._tokens, acts, report_of, export_of, self._complain
        )

        async def run(stop: asyncio.Event) -> None:
            self._stop = stop
            server = WebServer(api.app(self._port))
            async with server.answering(self._sockets, self._complain):
                try:
                    await work(stop)
                finally:
                    self._feed.end()

        return run

    def _complain(self, error: Exception) -> None:
        """Tell once that something failed here."""
        if not self._told:
            self._told = True
            if self._bus is None:
                click.echo(f"pop3spy: the inspector failed: {describe(error)}", err=True)
            else:
                facts = {"error": describe(error)}
                self._bus.publish(Noted("inspector_failed", self._clock.now(), facts))

    def _end(self) -> None:
        if self._stop is not None:
            self._stop.set()


def _recorded(settings: ProxySettings) -> SessionReports | None:
    """Return what reads again what a proxy records; None if that is not one whole file."""
    record = settings.record
    if record is None or settings.rotate or settings.workers > 1 or record.endswith("/"):
        return None
    if Path(record).is_dir():
        return None
    return SessionReports(record, settings.rules, settings.threshold)


class ProxyInspector:
    """The inspector of a proxy, at whose gate *holds* and *faults* stand; see ``Inspecting``."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it shows and steers
        self,
        settings: ProxySettings,
        sockets: list[socket.socket],
        bus: Bus,
        clock: Clock,
        proxy: SteeredProxy,
        holds: Holds,
        faults: Faults,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._feed = Feed(clock.now)
        self._inspecting = Inspecting(self._feed, sockets, clock, bus)
        self._bus = bus
        self._steered = proxy, holds, faults
        bus.subscribe(self._feed.sessions)
        strict = settings.redact == "strict"
        self._about = About(clock.started, "", live=True)
        for reader in (self._feed.note, self._listening):
            bus.subscribe_to_notes(without_addresses(reader) if strict else reader)
        click.echo(f"pop3spy: inspector at {self._inspecting.link()}", err=True)

    def around(self, work: Work, console: LiveConsole | None = None) -> Work:
        """Return *work* with the inspector beside it; without a *console* it has one of its own."""
        console, settings = console or self._own_console(), self._settings
        acts = self._inspecting.steered_by(console, control=settings.web_control)
        strict = settings.redact == "strict"
        judged, rules = settings.findings != "off", all_rules(settings.rules)
        source = LiveSource(self._clock.started, rules, strict, judged)
        past = console.sessions.past
        report_of = LiveReports(source, self._clock.now, past, _recorded(settings))
        export_of = LiveExports(past, self._clock.started)
        return self._inspecting.around(work, self._about, acts, report_of, export_of)

    def _listening(self, note: Noted) -> None:
        """Learn what is relayed where."""
        if note.what == "listening":
            ends = (note.facts.get("url", ""), note.facts.get("upstream", "wherever clients go"))
            here, there = (str(end).removeprefix("pop3://") for end in ends)
            before = f"{self._about.title}, " if self._about.title else ""
            self._about.title = f"{before}{here} → {there}"

    def _own_console(self) -> LiveConsole:
        """Return a console at which nobody sits."""
        settings = self._settings
        console = LiveConsole(
            *self._steered,
            self._clock,
            Nowhere(),
            Statistics(0),
            lambda: lambda _: None,
            dry_run=settings.dry_run_delete,
            judges=settings.findings != "off",
        )
        sessions, histories = self._feed.sessions, Histories(ENDED, PAST)
        sessions.histories = histories
        self._bus.subscribe(histories)
        self._bus.subscribe_to_notes(histories.note)
        console.subscribe_silently_to(self._bus, sessions)
        return console
