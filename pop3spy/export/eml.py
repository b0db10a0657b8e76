"""Retrieved messages as files, one each: what mail programs open when they are clicked on."""

import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Final

from pop3spy.export.exporter import ExportSource
from pop3spy.export.messages import ExportedMessage, Messages
from pop3spy.newfile import new_file

_LONGEST: Final = 70
"""Octets of a unique-id (RFC 1939, section 7)."""
_UNSAFE = re.compile(rb"[^A-Za-z0-9._-]")


def eml_folder(folder: Path, source: ExportSource) -> Messages:
    """Return an exporter that writes each message to a new file in *folder*.

    The file is octet for octet what the message was before stuffing.  The readers of the exporter
    raise ConfigError if a file of that name is there already.
    """
    return Messages(source, lambda _: _SessionFiles(folder).write)


class _SessionFiles:
    """Writes the messages of one session."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._copies: Counter[str] = Counter()  # by what their names begin with

    def write(self, message: ExportedMessage) -> None:
        """Write *message* to a new file."""
        begin, end = name_of(message)
        self._copies[begin] += 1
        again = f"-{self._copies[begin]}" if self._copies[begin] > 1 else ""
        path = self._folder / f"{begin}{again}{end}"
        with new_file(path) as file:
            try:
                shutil.copyfileobj(message.text, file)
                file.flush()
            except BaseException:  # half a message must not pass for one
                path.unlink()
                raise


def name_of(message: ExportedMessage) -> tuple[str, str]:
    """Return what the name of the file for *message* begins and ends with.

    ``s0001-m0002`` and ``-uid.eml``; a message that is retrieved again has the number of the copy
    between them.  Of what came from the wire only letters, digits, dots, hyphens and underscores
    get into it, and never as the first character.
    """
    number = f"x{message.exchange:04d}" if message.number is None else f"m{message.number:04d}"
    unique_id = _UNSAFE.sub(b"_", (message.unique_id or b"")[:_LONGEST]).decode("ascii")
    return f"s{message.session:04d}-{number}", f"-{unique_id}.eml" if unique_id else ".eml"
