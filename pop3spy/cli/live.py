"""The live console of ``pop3spy proxy``: who sits at the terminal while the proxy runs."""

import asyncio
import sys
from pathlib import Path
from typing import Final

from pop3spy.cli.environment import Work
from pop3spy.cli.judging_recordings import SHOWN
from pop3spy.cli.outputs import later
from pop3spy.cli.terminal import colourful, width_of
from pop3spy.config.file import STDOUT
from pop3spy.config.verbs import ProxySettings
from pop3spy.findings.loading import all_rules
from pop3spy.gate.faultset import Faults
from pop3spy.gate.holds import Holds
from pop3spy.live.console import LiveConsole, SteeredProxy
from pop3spy.live.pace import Paced
from pop3spy.live.screen import Screen
from pop3spy.live.terminal_ui import TerminalUi
from pop3spy.logs import Transcript, WaitLines
from pop3spy.logs.stats import Statistics
from pop3spy.session.bus import Bus, Reader, Subscriber
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Event, Noted
from pop3spy.session.failure import describe
from pop3spy.session.model import Session

LATENCIES: Final = 10000
"""Latencies of each command that :stats knows."""


class Live:
    """A proxy that somebody can steer while it does its ``work``, and what the *screen* shows."""

    work: Work

    def __init__(  # noqa: PLR0913, PLR0917 - what it brings together
        self,
        settings: ProxySettings,
        relay: SteeredProxy,
        holds: Holds,
        faults: Faults,
        bus: Bus,
        clock: Clock,
        *,
        screen: Screen,
        history: Path | None,
        dry_run: bool,
    ) -> None:
        self._findings = SHOWN[settings.findings]
        all_rules(settings.rules)  # a user's are explained here, also where workers ask them
        self._bus = bus
        self._clock = clock
        self._colour = colourful(sys.stdout)
        self._paced = Paced(screen)
        self._width = width_of(sys.stdout)
        fd = sys.stdout.fileno()
        self._ui = TerminalUi(screen, fd, history, colour=self._colour, sure=settings.yes)
        silent = settings.quiet or settings.log == STDOUT
        make = _nothing if silent else self._transcript
        self.console = LiveConsole(
            relay,
            holds,
            faults,
            clock,
            screen,
            Statistics(LATENCIES),
            make,
            colour=self._colour,
            dry_run=dry_run,
            judges=settings.findings != "off",
            changed=screen.soon,
            columns=self._width,
        )
        self.console.showing.filter(settings.show)
        self.console.subscribe_to(bus)
        if not silent:
            bus.subscribe(self._wait_lines())

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until *stop* is set or the person has had enough, then end in order."""
        async with asyncio.TaskGroup() as group:
            relaying = group.create_task(self.work(stop))
            talking = group.create_task(self._talk(stop))
            stopping = group.create_task(stop.wait())
            await asyncio.wait((relaying, talking, stopping), return_when=asyncio.FIRST_COMPLETED)
            talking.cancel()
            stopping.cancel()
            await asyncio.wait((talking,))  # the terminal is as it was before anything else is said
            self.console.end()
            stop.set()

    async def _talk(self, stop: asyncio.Event) -> None:
        try:
            await self._ui.play(self.console, stop)
        except Exception as error:  # noqa: BLE001 - whatever fails here, the traffic goes on
            self.console.end()
            facts = {"error": describe(error)}
            self._bus.publish(Noted("console_failed", self._clock.now(), facts))
            await stop.wait()

    def _transcript(self) -> Subscriber:
        """Return a new transcript that fits the window, whatever becomes of that."""
        transcript = Transcript(
            self._paced, self._clock, colour=self._colour, findings=self._findings, wait=later
        )

        def begin(session: Session) -> Reader:
            read = transcript(session)

            def tell(event: Event) -> None:
                transcript.width = self._width()
                read(event)

            return tell

        return begin

    def _wait_lines(self) -> Subscriber:
        """Return what tells, of the sessions that are shown, who waits long."""
        shows = self.console.showing.shows
        return WaitLines(
            self._paced,
            self._clock,
            self.console.waits,
            later,
            colour=self._colour,
            width=self._width,
            wanted=lambda wait: shows(wait.session, wait.exchange),
        )


def _nothing() -> Subscriber:
    return lambda _: None
