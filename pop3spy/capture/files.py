"""Where captures go: one file, a folder with a file for each session, or one file after another.

Rules: 1. no file is ever overwritten, and all are private; 2. whoever records never waits: a thread
writes; 3. each file can be read alone: a session that goes on in the next one is opened there anew.
"""

import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pop3spy.capture.header import Header
from pop3spy.capture.recorder import Recorder
from pop3spy.errors import ConfigError
from pop3spy.newfile import new_file, reason_of
from pop3spy.protocol.states import State
from pop3spy.protocol.text import escape
from pop3spy.session.chunk import Clock
from pop3spy.session.events import (
    Answered,
    Ended,
    Event,
    Heard,
    Named,
    Noted,
    Opened,
    Placed,
    Secured,
    Told,
)
from pop3spy.session.model import Ending, How, Session
from pop3spy.spool import Spool

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9.-]+")
_PRIVATE: Final = 0o700


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is recorded, and how: *program* wrote it, *redaction* and *bodies* go into the header.

    ``rotate`` is how many octets a file may have before the next begins, 0 for any number.
    """

    program: str
    redaction: str = "secrets"
    bodies: str = "keep"
    rotate: int = 0


Gap = Callable[[int], str]
"""Makes the record that tells how many records are missing."""


class CaptureFile:
    """One file; it is closed once nothing more can come.

    What a full disk takes no more of is cut off behind the last whole record; *gap* stands there
    once the disk takes data again.
    """

    def __init__(self, path: Path, header: Header, gap: Gap | None = None) -> None:
        self.name = path.name
        self.size = 0
        self.running = 0  # sessions that are not over
        self._gap = gap
        self._missing = 0  # records
        self._stream = new_file(path)
        try:
            self.write(header.lines())
        except OSError:  # there would be no telling what it is
            self.close()
            path.unlink()
            raise

    def write(self, text: str) -> None:
        """Append *text*, whole lines; what is written is with the operating system at once.

        Raise OSError if it cannot be written whole.
        """
        gap = self._gap(self._missing).encode() if self._gap and self._missing else b""
        data = gap + text.encode()
        written = 0
        try:
            while written < len(data):
                written += os.write(self._stream.fileno(), data[written:])
        except OSError:
            written = data.rfind(b"\n", 0, written) + 1
            self._cut_off(self.size + written)
            raise
        finally:
            self.size += written
            if written >= len(gap):
                self._missing = data.count(b"\n", max(written, len(gap)))
            else:
                self._missing += text.count("\n")

    def flush(self) -> None:
        """Do nothing: nothing is kept back."""

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _cut_off(self, size: int) -> None:
        """Take back what stands behind so many octets: the beginning of a record."""
        os.ftruncate(self._stream.fileno(), size)
        os.lseek(self._stream.fileno(), size, os.SEEK_SET)


class Captures:
    """A subscriber of the bus that records every session at *path*.

    *path* is a folder if there is one, or if it ends with a slash: then each session gets a file.
    Raise ConfigError if nothing can be written there.
    """

    def __init__(self, path: str, keeping: Keeping, clock: Clock) -> None:
        self._keeping = keeping
        self._clock = clock
        self._path = Path(path)
        self._folder = os.path.isdir(path) or path.endswith("/")  # noqa: PTH112 - never raises
        if self._folder:
            _make_folder(self._path)
        self._files: dict[int, CaptureFile] = {}  # by session
        self._recorders: dict[int, Recorder] = {}
        self._number = 0
        self._failure: OSError | None = None  # to be raised when the event is recorded
        self._current = None if self._folder else self._new_file(self._path)
        self._spool = Spool(_Nowhere(), self._gap)

    def __call__(self, event: Told) -> None:
        """Record *event*."""
        if not isinstance(event, Event):
            if event.what == "noted":
                self._remark(event)
            return
        session = event.session
        if isinstance(event, Opened):
            self._begin(session)
        if (recorder := self._recorders.get(session.id)) is not None:
            recorder(event)
        if isinstance(event, Ended):
            self._end(session)
        elif isinstance(event, Answered) and self._outgrown(session):
            self._move(session, event.at)
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def close(self) -> None:
        """Write what is waiting, and close every file."""
        try:
            self._spool.close()
        finally:
            for file in {*self._files.values(), self._current}:
                if file is not None:
                    file.close()

    # -- files ----------------------------------------------------------------------------------

    def _begin(self, session: Session) -> None:
        file = self._current
        rotate = self._keeping.rotate
        if self._folder:
            file = self._new_file(self._path / self._name_of(session))
        elif file is not None and rotate and file.size >= rotate:
            file = self._rotated(file)
        assert file is not None
        file.running += 1
        self._files[session.id] = file
        self._recorders[session.id] = Recorder(self._keeping.bodies, self._write)

    def _end(self, session: Session) -> None:
        self._recorders.pop(session.id, None)
        file = self._files.pop(session.id, None)
        if file is None:
            return
        file.running -= 1
        if not file.running and file is not self._current:
            self._close_behind(file)

    def _outgrown(self, session: Session) -> bool:
        """Return whether *session* may go on in another file: nothing is outstanding in it."""
        file, rotate = self._files.get(session.id), self._keeping.rotate
        if file is None or self._folder or not rotate or session.state is not State.TRANSACTION:
            return False
        return session.exchanges[-1].ended_at is not None and (
            file is not self._current or file.size >= rotate
        )

    def _move(self, session: Session, at: float) -> None:
        """Let *session* go on in the current file, or in the next one if it is full."""
        old = self._files[session.id]
        new = self._current if self._current not in (None, old) else self._rotated(old)
        assert new is not None
        ending = Ending(How.CUT, f"the session goes on in {new.name}")
        self._recorders[session.id](Ended(session, at, ending))
        self._end(session)
        new.running += 1
        self._files[session.id] = new
        recorder = self._recorders[session.id] = Recorder(self._keeping.bodies, self._write)
        recorder(Opened(session, at))
        for tls in session.legs.values():
            recorder(Secured(session, at, tls))
        if session.greeting is not None:  # who reads on needs to know that it is behind them
            recorder(Heard(session, at, session.greeting, at, State.GREETING))
        if session.user is not None:
            recorder(Named(session, at, session.user))
        recorder(Placed(session, at, session.state, session.state))

    def _close_behind(self, file: CaptureFile) -> None:
        with suppress(OSError):  # told already, by what came before
            self._spool.write("", _Closing(file))

    def _rotated(self, old: CaptureFile) -> CaptureFile:
        """Return the file that comes behind *old*: ``name.1.yaml``, ``name.2.yaml``."""
        self._number += 1
        name = f"{self._path.stem}.{self._number}{self._path.suffix}"
        self._current = self._new_file(self._path.with_name(name))
        if not old.running:
            self._close_behind(old)
        return self._current

    def _new_file(self, path: Path) -> CaptureFile:
        keeping = self._keeping
        started = self._clock.started
        return CaptureFile(
            path, Header(started, keeping.program, keeping.redaction, keeping.bodies), self._lost
        )

    def _name_of(self, session: Session) -> str:
        """Return a name that any file system takes: when, which session, who."""
        date = self._clock.date(session.opened_at)
        name = f"{date:%Y%m%dT%H%M%S}-{date.microsecond:06d}-s{session.id:04d}"
        if self._keeping.redaction == "strict":
            return f"{name}.yaml"
        return f"{name}-{_UNSAFE.sub('-', session.client.host)[:60]}.yaml"

    # -- records --------------------------------------------------------------------------------

    def _write(self, session: Session, text: str) -> None:
        try:
            self._spool.write(text, self._files[session.id])
        except OSError as error:  # of what was written before: this waits, and so may more
            self._failure = error

    def _remark(self, event: Noted) -> None:
        """Write what a person notes into every file that is being written."""
        text = json.dumps({"text": str(event.facts.get("text", ""))})
        for file in {*self._files.values(), self._current}:
            if file is not None:
                self._spool.write(f'- [{event.at:.9f}, 0, "note", {text}]\n', file)

    def _gap(self, count: int) -> str:
        return self._missed(f"{count} records came faster than they could be written")

    def _lost(self, count: int) -> str:
        return self._missed(f"{count} records could not be written")

    def _missed(self, why: str) -> str:
        return f'- [{self._clock.now():.9f}, 0, "gap", {{"why": "{why}"}}]\n'


class _Nowhere:
    """What the spool writes to of its own accord: nothing, since each record has its file."""

    def write(self, text: str) -> None:
        """Drop *text*."""

    def flush(self) -> None:
        """Do nothing."""


class _Closing:
    """Closes a file when everything before it has been written."""

    def __init__(self, file: CaptureFile) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Close the file."""
        del text
        self._file.close()

    def flush(self) -> None:
        """Do nothing."""


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(_PRIVATE, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make {escape(str(path))}: {reason_of(error)}") from None
