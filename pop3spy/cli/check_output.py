"""Where an audit is written: a page to a new file, all else in place of the last one."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from pop3spy.cli.check_options import CheckOptions
from pop3spy.errors import ConfigError, said_by_system
from pop3spy.export import output_stream
from pop3spy.protocol.text import escape

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL
"""No link is followed then (POSIX, open)."""
_MODE: Final = 0o666
"""Less what the umask says."""


@contextmanager
def page_for(options: CheckOptions) -> Iterator[BinaryIO | None]:
    """Give the new file that a page goes to, which is a report and overwrites nothing; or None.

    Raise ConfigError if it cannot be made, or if a page would go to a terminal.
    """
    if options.form != "html":
        yield None
    elif options.output is None and sys.stdout.isatty() and not options.plan:
        raise ConfigError("html is nothing for a terminal; name a file: --output FILE")
    elif options.output is None:
        yield None
    else:
        with output_stream(options.output, sys.stdout.buffer) as stream:
            yield stream


def write_file(path: Path, page: BinaryIO | None, text: str) -> None:
    """Write *text* to the *page* that is new, or else in place of the file at *path*.

    That is written whole, or not at all: a reader never sees a half of it.  What is no file, such
    as a pipe or /dev/stdout, is written to and stays.  Raise ConfigError if it cannot be written.
    """
    octets = text.encode("utf-8", "backslashreplace")
    if page is not None:
        page.write(octets)
        return
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(octets)
        else:
            _replace(path, octets)
    except OSError as error:
        raise ConfigError(f"{escape(str(path))}: {said_by_system(error)}") from None


def _replace(path: Path, octets: bytes) -> None:
    aside = path.with_name(f".{path.name}.new")
    aside.unlink(missing_ok=True)  # of an audit that was killed, or a link that leads elsewhere
    with os.fdopen(os.open(aside, _NEW, _MODE), "wb") as file:
        file.write(octets)
    aside.replace(path)
