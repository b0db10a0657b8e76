"""Who looks for findings in sessions that go on, and what is remembered for the next run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from pop3spy.cli.environment import ledger_file
from pop3spy.cli.thread_notes import ThreadNotes
from pop3spy.config.verbs import FindingsSettings, OutputSettings
from pop3spy.errors import ConfigError
from pop3spy.extras import check_extra
from pop3spy.findings.history import History
from pop3spy.findings.loading import all_rules
from pop3spy.findings.open_sessions import Later, judge_open_sessions
from pop3spy.findings.thresholds import thresholds_of
from pop3spy.ledger import Database, Ledger
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted

if TYPE_CHECKING:
    from pop3spy.ledger.postgres import PostgresLedger


def judge_sessions(  # noqa: PLR0913 - who is judged, and by what is known
    settings: FindingsSettings,
    bus: Bus,
    clock: Clock,
    history: History | None = None,
    later: Later | None = None,
    *,
    hosts: bool = False,
) -> None:
    """Let all sessions of *bus* be judged as the *settings* say; see ``judge_open_sessions``.

    Raise RuleError if the rules of a user cannot be loaded.
    """
    rules, thresholds = all_rules(settings.rules), thresholds_of(settings.threshold)
    judge_open_sessions(bus, clock, rules, thresholds, history, later, hosts=hosts)


def check_ledger(settings: OutputSettings) -> None:
    """Raise ConfigError if the ledger that was asked for cannot be had in this installation."""
    database = settings.ledger
    if not isinstance(database, Database):
        return
    check_extra("--ledger postgresql://...", "postgres")
    context = click.get_current_context(silent=True)
    source = context and context.get_parameter_source("ledger")
    if database.has_password and source is ParameterSource.COMMANDLINE:
        raise ConfigError(
            "--ledger: a command line is seen by everybody on this machine, so it has no password;"
            " PGPASSWORD, a file that PGPASSFILE names, or a file for --config may have it"
        )


@contextmanager
def remembered(settings: OutputSettings, bus: Bus, clock: Clock) -> Iterator[History | None]:
    """Give the history of earlier runs, and keep it; None where nothing is to be remembered.

    Under ``--redact strict`` nothing is, since the names of users there are nobody's.  Raise
    ConfigError if a ledger that was asked for can neither be read nor be set aside; without one
    that nobody asked for the sessions go on.
    """
    place = settings.ledger or ledger_file()
    if settings.no_ledger or settings.redact == "strict" or settings.findings == "off" or not place:
        yield None
        return
    notes = ThreadNotes(bus)

    def complain(text: str) -> None:
        notes.publish(Noted("ledger_failed", clock.now(), {"text": text}))

    try:
        ledger = _ledger_at(place, complain, clock)
    except ConfigError as error:
        if settings.ledger is not None:
            raise
        complain(f"nothing is remembered for the next run: {error}")  # a service may have no home
        yield None
        return
    try:
        yield ledger.history
    finally:
        ledger.close()


def _ledger_at(
    place: Path | Database, complain: Callable[[str], None], clock: Clock
) -> "Ledger | PostgresLedger":
    if isinstance(place, Path):
        return Ledger(place, complain, now=clock.epoch)
    from pop3spy.ledger.postgres import PostgresLedger  # noqa: PLC0415 - it needs an extra

    return PostgresLedger(place, complain, now=clock.epoch)
