"""Where an export goes: files and folders that are private, new, and reached through no link."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from pop3spy.errors import ConfigError
from pop3spy.export.exporter import Exporter, ExportSource
from pop3spy.export.formats import FolderFormat, Format
from pop3spy.newfile import new_file, reason_of
from pop3spy.protocol.text import escape

_PRIVATE: Final = 0o700


@contextmanager
def exporting(
    form: Format, out: Path | None, stdout: BinaryIO, source: ExportSource
) -> Iterator[Exporter]:
    """Give an exporter that writes to *out*, or to *stdout* where there is none; finish it.

    Raise ConfigError if that cannot be, or if the file is there already.  A file whose export
    fails is removed again, and in a folder whatever is only a part of something.
    """
    if isinstance(form, FolderFormat):
        form.check()
        files = form.open(_folder(out), source)
        try:
            yield files
            files.close()
        except BaseException:
            files.abandon()
            raise
        return
    with output_stream(out, stdout) as stream:
        exporter = form.open(stream, source)
        yield exporter
        exporter.close()
        stream.flush()


@contextmanager
def output_stream(out: Path | None, stdout: BinaryIO) -> Iterator[BinaryIO]:
    """Give the new file *out*, or *stdout*; remove the file again if what writes it fails.

    Raise ConfigError if it cannot be made, or is there already.
    """
    if out is None:
        yield stdout
        return
    with new_file(out) as stream:
        try:
            yield stream
        except BaseException:  # a part must not pass for the whole
            out.unlink()
            raise


def _folder(path: Path | None) -> Path:
    """Return the folder *path*, made if there is none."""
    if path is None:
        raise ConfigError("this format is several files; name a folder for them: -o FOLDER")
    try:
        path.mkdir(_PRIVATE)
    except FileExistsError:
        if not path.is_dir():
            raise ConfigError(f"{escape(str(path))} is no folder") from None
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ENOENT:
            raise ConfigError(f"there is no folder {escape(str(path.parent))}") from None
        raise ConfigError(f"cannot make {escape(str(path))}: {reason_of(error)}") from None
    return path
