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
from typing import Final

from pop3spy.errors import ConfigError
from pop3spy.export import EXPORTERS, ExportSource, exporting
from pop3spy.export.formats import FolderFormat, StreamFormat
from pop3spy.live.exporting import FORGOTTEN, export_past
from pop3spy.session.events import Told
from pop3spy.session.model import Session
from pop3spy.web.watched import WatchedSession

Report = Callable[[WatchedSession], Awaitable[str]]
"""Makes the report of a session; raises Pop3SpyError, in one line, if that cannot be."""
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


async def saved_report(watched: WatchedSession, report_of: Report) -> SavedFile:
    """Return the report of a session; raise Pop3SpyError if it cannot be made."""
    page = await report_of(watched)
    name = f"pop3spy-s{watched.session.id}.html"
    return SavedFile(name, "text/html; charset=utf-8", page.encode())


async def exported(
    session: Session, events: list[Told] | None, name: str, started: datetime
) -> SavedFile:
    """Return *session* in the form of that *name*, as ``:export`` of the console writes it.

    A form of several files is a zip archive.  *events* are all that happened in it, None if they
    are not known any more: then, and if the form has no room for it, Pop3SpyError is raised.
    """
    if events is None:
        raise ConfigError(FORGOTTEN)
    form, source = EXPORTERS[name], ExportSource(started)
    begin = f"pop3spy-s{session.id}"
    if isinstance(form, FolderFormat):
        octets = await _archive(form, session, events, source)
        return SavedFile(f"{begin}-{name}.zip", "application/zip", octets)
    written = io.BytesIO()
    with exporting(form, None, written, source) as exporter:
        await export_past(exporter, session, events)
    return SavedFile(f"{begin}.{form.suffix}", _kind(form), written.getvalue())


def _kind(form: StreamFormat) -> str:
    return "text/plain; charset=utf-8" if form.text else _OCTETS


async def _archive(
    form: FolderFormat, session: Session, events: list[Told], source: ExportSource
) -> bytes:
    """Return the files of a form; meanwhile they are in a folder that nobody else may read."""
    with TemporaryDirectory(prefix="pop3spy-") as folder:
        out = Path(folder)
        with exporting(form, out, io.BytesIO(), source) as exporter:
            await export_past(exporter, session, events)
        return await asyncio.to_thread(_zipped, out)


def _zipped(folder: Path) -> bytes:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return octets.getvalue()
