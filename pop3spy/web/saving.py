"""What a browser can save of a session: its report, and the forms that the console exports.

Nothing that anybody said gets into the name of a file.
"""

import asyncio
import io
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from pop3spy.errors import ConfigError
from pop3spy.export import EXPORTERS, ExportSource, exporting
from pop3spy.export.exporter import Exporter
from pop3spy.export.formats import FolderFormat, StreamFormat
from pop3spy.live.exporting import FORGOTTEN, export_past
from pop3spy.session.events import Told
from pop3spy.session.model import Session
from pop3spy.web.watched import WatchedSession

Report = Callable[[WatchedSession], Awaitable[str]]
"""Makes the report of a session; raises Pop3SpyError, in one line, if that cannot be."""
Write = Callable[[Exporter], Awaitable[None]]
"""Lets an exporter have all of a session."""
LARGEST: Final = 256 << 20
"""Octets of what is exported; all of it is in memory while a browser takes it."""
_OCTETS: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file for a browser to save."""

    name: str
    kind: str
    octets: bytes

    @property
    def headers(self) -> dict[str, str]:
        """What lets a browser save it and never show it."""
        return {"Content-Disposition": f'attachment; filename="{self.name}"'}


Export = Callable[[Session, str], Awaitable[SavedFile]]
"""Returns a session in the form of that name; raises Pop3SpyError, in one line, if it cannot."""


async def saved_report(watched: WatchedSession, report_of: Report) -> SavedFile:
    """Return the report of a session; raise Pop3SpyError if it cannot be made."""
    page = await report_of(watched)
    name = f"pop3spy-s{watched.session.id}.html"
    return SavedFile(name, "text/html; charset=utf-8", page.encode())


async def exported(session: int, name: str, source: ExportSource, write: Write) -> SavedFile:
    """Return the session of that number in the form of that *name*, which *write* writes.

    A form of several files is a zip archive.  Raise Pop3SpyError if *source* has no such session
    to be exported, or if that is more than ``LARGEST``.
    """
    form, begin = EXPORTERS[name], f"pop3spy-s{session}"
    if isinstance(form, FolderFormat):
        octets = await _archive(form, source, write)
        return SavedFile(f"{begin}-{name}.zip", "application/zip", octets)
    written = _Bounded()
    with exporting(form, None, written, source) as exporter:
        await write(exporter)
    return SavedFile(f"{begin}.{form.suffix}", _kind(form), written.getvalue())


@dataclass(frozen=True, slots=True)
class LiveExports:
    """Exports sessions that go on, or that are over, as ``:export`` of the console does.

    *past* returns all that happened in one, None if nobody knows that any more.
    """

    past: Callable[[int], list[Told] | None]
    started: datetime

    async def __call__(self, session: Session, name: str) -> SavedFile:
        """Return *session* as it is now; raise ConfigError if it was too much to be kept."""
        events = self.past(session.id)
        if events is None:
            raise ConfigError(FORGOTTEN)

        async def write(exporter: Exporter) -> None:
            await export_past(exporter, session, events)

        return await exported(session.id, name, ExportSource(self.started), write)


class _Bounded(io.BytesIO):
    """Octets that are to be sent to a browser."""

    def write(self, octets: Any, /) -> int:
        """Take *octets*; raise ConfigError if that is too much."""
        _check_size(self.tell() + len(octets))
        return super().write(octets)


def _check_size(size: int) -> None:
    if size > LARGEST:
        most = f"{LARGEST >> 20} MiB"
        raise ConfigError(f"that is more than {most}; write it to a file: pop3spy export")


def _kind(form: StreamFormat) -> str:
    return "text/plain; charset=utf-8" if form.text else _OCTETS


async def _archive(form: FolderFormat, source: ExportSource, write: Write) -> bytes:
    """Return the files of a form; meanwhile they are in a folder that nobody else may read."""
    with TemporaryDirectory(prefix="pop3spy-") as folder:
        out = Path(folder)
        with exporting(form, out, io.BytesIO(), source) as exporter:
            await write(exporter)
        return await asyncio.to_thread(_zipped, out)


def _zipped(folder: Path) -> bytes:
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    _check_size(sum(file.stat().st_size for file in files))
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.relative_to(folder))
    return octets.getvalue()
