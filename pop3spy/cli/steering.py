"""Who steers a proxy, of one process or several: a person at the terminal, browsers, both."""

from contextlib import ExitStack
from dataclasses import dataclass

from pop3spy.cli.environment import Work, history_file, run
from pop3spy.cli.exit_status import ExitStatus
from pop3spy.config.verbs import ProxySettings
from pop3spy.gate.faultset import Faults
from pop3spy.gate.holds import Holds
from pop3spy.live.console import SteeredProxy
from pop3spy.live.screen import Screen
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock


@dataclass(frozen=True, slots=True)
class Steering:
    """A proxy that can be steered, at whose gate *holds* and *faults* stand."""

    settings: ProxySettings
    proxy: SteeredProxy
    holds: Holds
    faults: Faults
    bus: Bus
    clock: Clock

    def run(self, work: Work, screen: Screen | None, closing: ExitStack) -> ExitStatus:
        """Do *work* until its end; with a *screen* for a person, and for browsers if asked for.

        What was opened for browsers is closed with *closing*.
        """
        # Both take a while to load, and nobody else should wait for that.
        inspector = None
        if self.settings.web is not None:
            from pop3spy.cli.inspecting import ProxyInspector, loopback  # noqa: PLC0415

            sockets = closing.enter_context(loopback(self.settings.web))
            inspector = ProxyInspector(
                self.settings, sockets, self.bus, self.clock, self.proxy, self.holds, self.faults
            )
        if screen is None:
            return run(inspector.around(work) if inspector else work, self.settings.loop)
        from pop3spy.cli.live import Live  # noqa: PLC0415

        live = Live(
            self.settings,
            self.proxy,
            self.holds,
            self.faults,
            self.bus,
            self.clock,
            screen=screen,
            history=history_file(),
            dry_run=self.settings.dry_run_delete,
        )
        live.work = inspector.around(work, live.console) if inspector else work
        return run(live.run, self.settings.loop, screen)
