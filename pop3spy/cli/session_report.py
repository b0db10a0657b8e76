"""The report of one session, as a page of the inspector asks for it.

Making one may take long, and nobody's traffic waits: it is done in a thread, on what changes no
more.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pop3spy.cli.report_reading import ReportOptions, read_report_silently
from pop3spy.config.file import STDOUT
from pop3spy.errors import CaptureError
from pop3spy.protocol.text import count
from pop3spy.report.html import page
from pop3spy.report.past import LiveSource, Past, past_of, report_of_past
from pop3spy.session.events import Told
from pop3spy.session.model import Session
from pop3spy.web.remembered import report_of_remembered
from pop3spy.web.watched import WatchedSession

LARGEST: Final = 64 << 20
"""Octets of a recording that is read once more beside the traffic of others."""


@dataclass(frozen=True, slots=True)
class SessionReports:
    """Makes reports of the sessions of *file*, reading it again each time.

    Raise CaptureError, in one line, if it has more octets than *largest*, or cannot be read.
    """

    file: str
    rules: tuple[Path, ...] = ()
    threshold: tuple[tuple[str, float], ...] = ()
    port: Collection[int] = ()
    largest: int | None = LARGEST

    async def __call__(self, watched: WatchedSession) -> str:
        """Return the report of a session as a page."""
        return await asyncio.to_thread(self.page_of, watched.session)

    def page_of(self, session: Session) -> str:
        """Return the report of *session*, for which the recording is read: that takes a while."""
        if self.largest is not None and (size := Path(self.file).stat().st_size) > self.largest:
            raise CaptureError(
                f"the recording has {count(size, 'octet')}; write the report beside it:"
                f" pop3spy report {self.file} --session {session.id} -o report.html"
            )
        options = ReportOptions(
            files=(self.file,),
            out=STDOUT,
            form="html",
            sessions=(session.id,),
            wanted=None,
            redact="secrets",
            bodies="mask",
            port=tuple(self.port),
            rules=self.rules,
            threshold=self.threshold,
        )
        return page(read_report_silently(options))


@dataclass(frozen=True, slots=True)
class LiveReports:
    """Makes reports of the sessions of a proxy, at any time: of as much as is known of them.

    That is the *recording*, if there is one that has all and is not too large; else all that
    happened, which *past* knows as long as it was not too much; else what a page shows.  *now*
    tells the time in seconds.
    """

    source: LiveSource
    now: Callable[[], float]
    past: Callable[[int], list[Told] | None]
    recording: SessionReports | None = None

    async def __call__(self, watched: WatchedSession) -> str:
        """Return the report of a session as a page."""
        if self.recording is not None:
            try:
                return await self.recording(watched)
            except (CaptureError, OSError):
                pass  # then of what is in memory
        session, now = watched.session, self.now()
        events = self.past(session.id)
        if events is not None:
            return await asyncio.to_thread(self._page, past_of(session, events, now))
        return await asyncio.to_thread(page, report_of_remembered(watched, self.source, now))

    def _page(self, past: Past) -> str:
        return page(report_of_past(past, self.source))
