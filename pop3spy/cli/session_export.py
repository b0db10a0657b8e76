"""One session of a recording in the form of another program, for a page of the inspector.

The recording is read again each time, as by ``pop3spy export``: so nothing has to be kept of it.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from pop3spy.capture.opening import OpenedRecording, opened_recording
from pop3spy.errors import CaptureError
from pop3spy.export import ExportSource
from pop3spy.export.exporter import Exporter
from pop3spy.session.events import Told
from pop3spy.session.model import Session
from pop3spy.session.playback import Judge, play_back
from pop3spy.session.tape import Began, Item, Over
from pop3spy.web.saving import SavedFile, exported

Judging = Callable[[OpenedRecording], Callable[[Callable[[Told], None]], Judge] | None]
"""Returns what judges the sessions of a recording, if anything does."""


@dataclass(frozen=True, slots=True)
class SessionExports:
    """Exports the sessions of *file*; raise CaptureError, in one line, if it cannot be read."""

    file: str
    judging: Judging
    port: Collection[int] = ()

    async def __call__(self, session: Session, name: str) -> SavedFile:
        """Return *session* in the form of that *name*."""
        with opened_recording(self.file, ports=self.port) as recording:
            source = ExportSource(recording.started, recording.bodies, recording.redaction)

            async def write(exporter: Exporter) -> None:
                await asyncio.to_thread(self._play, recording, session.id, exporter)

            return await exported(session.id, name, source, write)

    def _play(self, recording: OpenedRecording, number: int, exporter: Exporter) -> None:
        began: list[int] = []
        play_back(
            _of(recording.items, number, began),
            exporter,
            note=exporter.note,
            judge=self.judging(recording),
            memory=recording.memory(),
        )
        if not began:
            raise CaptureError(f"{recording.name} has changed: there is no session {number} now")


def _of(items: Iterable[Item], number: int, began: list[int]) -> Iterator[Item]:
    """Yield what is of the session of that *number*, and what was noted while it went on."""
    for item in items:
        if item.session == number:
            if isinstance(item, Began):
                began.append(number)
            yield item
            if isinstance(item, Over):
                return
        elif began and not item.session:
            yield item
