"""The inspector of a recording: all of it is read first, then pages look at it, and change nothing.

Only who asks for it loads this: it needs the extra ``web``.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

import click

from pop3spy.capture.opening import OpenedRecording
from pop3spy.cli.environment import run
from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.inspecting import Inspecting, loopback
from pop3spy.cli.progress import ProgressLine
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Told
from pop3spy.session.playback import Judge, play_back
from pop3spy.session.tape import Item
from pop3spy.web.feed import Feed
from pop3spy.web.kept_sessions import KeptSessions
from pop3spy.web.routes import About
from pop3spy.web.saving import Export, Report

SESSIONS: Final = 100_000
"""Sessions that are kept; of a larger recording the last ones."""
EXCHANGES: Final = 1_000_000
BODIES: Final = 256 << 20


def inspect_recording(
    recording: OpenedRecording,
    items: Iterable[Item],
    judge: Callable[[Callable[[Told], None]], Judge] | None,
    report_of: Report | None = None,
    export_of: Export | None = None,
) -> ExitStatus:
    """Let browsers look at *items* of *recording*, whose sessions *judge* judges, until Ctrl-C.

    *report_of* makes the report of a session, and *export_of* exports one, where that can be done.
    """
    sessions = KeptSessions(ended=SESSIONS, exchanges=EXCHANGES, bodies=BODIES)
    last = 0.0

    def now() -> float:
        return last

    feed = Feed(now, sessions)
    with ProgressLine(1) as progress:
        play_back(
            progress.along(items, recording.name),
            sessions,
            names=recording.names,
            note=feed.note,
            judge=judge,
            memory=recording.memory(),
        )
    last = max((_end_of(sessions, number) for number in sessions.numbers), default=0.0)
    with loopback(0) as sockets:
        inspecting = Inspecting(feed, sockets, Clock())
        click.echo(f"pop3spy: inspector at {inspecting.link()}; Ctrl-C ends it", err=True)
        about = About(recording.started, recording.name, live=False)
        return run(inspecting.around(_wait, about, None, report_of, export_of), "auto")


async def _wait(stop: asyncio.Event) -> None:
    await stop.wait()


def _end_of(sessions: KeptSessions, number: int) -> float:
    """Return when the last thing happened in a session, in seconds since the recording began."""
    watched = sessions.watched(number)
    assert watched is not None
    exchanges = watched.session.exchanges
    spoken = exchanges[-1].ended_at or exchanges[-1].asked_at if exchanges else 0.0
    return max(watched.session.opened_at, spoken, watched.ended_at or 0.0)
