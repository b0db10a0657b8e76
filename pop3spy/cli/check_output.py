"""Where an audit is written: a page to a new file, all else in place of the last one."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pop3spy.cli.check_options import CheckOptions
from pop3spy.errors import ConfigError, said_by_system
from pop3spy.export import output_stream
from pop3spy.protocol.text import escape


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

    That is written whole, or not at all: a reader never sees a half of it.  Raise ConfigError if it
    cannot be written.
    """
    octets = text.encode("utf-8", "backslashreplace")
    if page is not None:
        page.write(octets)
        return
    aside = path.with_name(f".{path.name}.new")
    try:
        aside.write_bytes(octets)
        aside.replace(path)
    except OSError as error:
        raise ConfigError(f"{escape(str(path))}: {said_by_system(error)}") from None
