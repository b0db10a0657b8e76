"""Retrieved messages as files, one each: what mail programs open when they are clicked on."""

import re
import shutil
from pathlib import Path
from typing import Final

from pop3spy.export.exporter import ExportSource
from pop3spy.export.messages import ExportedMessage, Messages
from pop3spy.newfile import new_file
from pop3spy.session.events import Ended, Told

_LONGEST: Final = 70
"""Octets of a unique-id (RFC 1939, section 7)."""
_UNSAFE = re.compile(rb"[^A-Za-z0-9._-]")


class EmlFolder:
    """Writes each message to a new file in *folder*, octet for octet as it was before stuffing."""

    def __init__(self, folder: Path, source: ExportSource) -> None:
        self._folder = folder
        self._messages = Messages(source, self._write)
        self._copies: dict[int, dict[str, int]] = {}  # by session and what its names begin with

    def __call__(self, event: Told) -> None:
        """Take in *event*; raise ConfigError if a file of that name is there already."""
        self._messages(event)
        if isinstance(event, Ended):
            self._copies.pop(event.session.id, None)

    def close(self) -> None:
        """Give up the messages that are not whole."""
        self._messages.close()

    @property
    def summary(self) -> str:
        """How many messages were written, and how many broke off."""
        return self._messages.summary

    def _write(self, message: ExportedMessage) -> None:
        begin, end = name_of(message)
        copies = self._copies.setdefault(message.session, {})
        copies[begin] = copies.get(begin, 0) + 1
        again = f"-{copies[begin]}" if copies[begin] > 1 else ""
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
