"""Where captures go: one file, a folder with a file for each session, or one file after another.

Rules: 1. no file is ever overwritten, and all are private; 2. whoever records never waits: a thread
writes; 3. each file can be read alone: a session that goes on in the next one is opened there anew.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pop3spy.capture.capture_file import CaptureFile
from pop3spy.capture.header import Header
from pop3spy.capture.recorder import Recorder, noted
from pop3spy.errors import CaptureError, ConfigError
from pop3spy.newfile import reason_of
from pop3spy.protocol.states import State
from pop3spy.protocol.text import escape
from pop3spy.session.bus import Reader
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
    SideClosed,
)
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Session
from pop3spy.spool import OctetSpool

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


class Captures:
    """A subscriber of the bus that records every session at *path*; ``note`` records notes.

    *path* is a folder if there is one, or if it ends with a slash: then each session gets a file.
    Raise ConfigError if nothing can be written there.
    """

    def __init__(self, path: str, keeping: Keeping, clock: Clock) -> None:
        self.keeping = keeping
        self._clock = clock
        self._path = Path(path)
        self._folder = is_folder(path)
        if self._folder:
            make_folder(self._path)
        self._number = 0
        self._open: set[CaptureFile] = set()
        self._current = None if self._folder else self._new_file(self._path)
        self._spool = OctetSpool(_Nowhere(), self._gap)
        self.write: Callable[[bytes, CaptureFile], None] = self._spool.write
        """Let a file have a record; raise OSError if what came before could not be written."""

    def __call__(self, session: Session) -> Reader:
        """Return what records *session*."""
        file = self._current
        if file is None:
            file = self._further_file(self._path / self._name_of(session))
        elif self.is_full(file):
            file = self._rotated()
        return _SessionCapture(self, session, file)

    def note(self, event: Noted) -> None:
        """Write what a person notes into every file that is being written."""
        if event.what != "noted":
            return
        record = noted(event)
        for file in self._open:
            self.write(record, file)

    @property
    def lost(self) -> int:
        """How many records came faster than they could be written."""
        return self._spool.lost

    def check(self) -> None:
        """Raise OSError if what came could not be written, as the next ``write`` would."""
        self._spool.check()

    def close(self) -> None:
        """Write what is waiting, and close every file."""
        try:
            self._spool.close()
        finally:
            for file in self._open:
                file.close()

    # -- what goes on in its sessions -----------------------------------------------------------

    def is_full(self, file: CaptureFile) -> bool:
        """Return whether another file is to follow *file*, or does already."""
        if not self.keeping.rotate or self._current is None:
            return False
        return file is not self._current or file.size >= self.keeping.rotate

    def following(self, file: CaptureFile) -> CaptureFile:
        """Return the file in which a session of *file*, which is full, goes on."""
        if self._current is None or file is self._current:
            return self._rotated()
        return self._current

    def close_unless_used(self, file: CaptureFile) -> None:
        """Close *file* behind what is written, if no session is in it and none will be."""
        if file.running or file is self._current:
            return
        self._open.discard(file)
        with suppress(OSError):  # told already, by what came before
            self._spool.write(b"", _Closing(file))

    # -- files ----------------------------------------------------------------------------------

    def _rotated(self) -> CaptureFile:
        """Return the file that comes behind the current one: ``name.1.yaml``, ``name.2.yaml``."""
        self._number += 1
        name = f"{self._path.stem}.{self._number}{self._path.suffix}"
        old, self._current = self._current, self._further_file(self._path.with_name(name))
        if old is not None:
            self.close_unless_used(old)
        return self._current

    def _further_file(self, path: Path) -> CaptureFile:
        """Return a new file, long after the first; raise CaptureError if it cannot be made."""
        try:
            return self._new_file(path)
        except ConfigError as error:
            if path.parent.is_dir():
                raise CaptureError(str(error)) from None
            folder = escape(str(path.parent))
            raise CaptureError(
                f"{folder} is no folder any more; make it again to record later sessions"
            ) from None

    def _new_file(self, path: Path) -> CaptureFile:
        keeping = self.keeping
        started = self._clock.started
        header = Header(started, keeping.program, keeping.redaction, keeping.bodies)
        file = CaptureFile(path, header, self._lost)
        self._open.add(file)
        return file

    def _name_of(self, session: Session) -> str:
        """Return a name that any file system takes: when, which session, who."""
        date = self._clock.date(session.opened_at)
        name = f"{date:%Y%m%dT%H%M%S}-{date.microsecond:06d}-s{session.id:04d}"
        if self.keeping.redaction == "strict":
            return f"{name}.yaml"
        return f"{name}-{_UNSAFE.sub('-', session.client.host)[:60]}.yaml"

    # -- what is missing ------------------------------------------------------------------------

    def _gap(self, count: int) -> bytes:
        return self._missed(f"{count} records came faster than they could be written")

    def _lost(self, count: int) -> bytes:
        return self._missed(f"{count} records could not be written")

    def _missed(self, why: str) -> bytes:
        return f'- [{self._clock.now():.9f}, 0, "gap", {{"why": "{why}"}}]\n'.encode()


class _SessionCapture:
    """A reader of the events of *session* that writes them to *file*, and to those behind it."""

    def __init__(self, captures: Captures, session: Session, file: CaptureFile) -> None:
        self._captures = captures
        self._session = session
        self._failure: OSError | None = None  # to be raised when the event is recorded
        self._begin(file)

    def __call__(self, event: Event) -> None:
        """Record *event*."""
        self._recorder(event)
        if isinstance(event, Answered):
            if self._captures.is_full(self._file) and self._may_go_on_elsewhere():
                self._move(event.at)
        elif isinstance(event, Ended):
            self._leave()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _begin(self, file: CaptureFile) -> None:
        file.running += 1
        self._file = file
        self._recorder = Recorder(self._session, self._captures.keeping.bodies, self._write)

    def _leave(self) -> None:
        self._file.running -= 1
        self._captures.close_unless_used(self._file)

    def _may_go_on_elsewhere(self) -> bool:
        """Return whether another file can be read alone: nothing of this one is outstanding."""
        session = self._session
        if session.state is not State.TRANSACTION or session.outstanding:
            return False
        # Without a greeting, a reader would take the first reply in the new file for it.
        return session.greeting is not None

    def _move(self, at: float) -> None:
        """Go on in the next file."""
        session, new = self._session, self._captures.following(self._file)
        ending = Ending(How.CUT, f"the session goes on in {new.name}")
        self._recorder(Ended(session, at, ending))
        self._leave()
        self._begin(new)
        for event in _so_far(session, at):
            self._recorder(event)

    def _write(self, record: bytes) -> None:
        try:
            self._captures.write(record, self._file)
        except OSError as error:  # of what was written before: this waits, and so may more
            self._failure = error


def _so_far(session: Session, at: float) -> Iterator[Event]:
    """Yield what who reads on has to know of a session that is logged in."""
    yield Opened(session, at)
    for tls in session.legs.values():
        yield Secured(session, at, tls)
    if session.greeting is not None:
        yield Heard(session, at, session.greeting, at, State.GREETING)
    if session.user is not None:
        yield Named(session, at, session.user)
    yield Placed(session, at, session.state, session.state)
    for closing in session.closings:  # in the file before, which has the time as well
        yield SideClosed(session, at, closing.side, closing.reset, closing.close_notify)


class _Nowhere:
    """What the spool writes to of its own accord: nothing, since each record has its file."""

    def write(self, records: Sequence[bytes]) -> None:
        """Drop *records*."""


class _Closing:
    """Closes a file when everything before it has been written."""

    def __init__(self, file: CaptureFile) -> None:
        self._file = file

    def write(self, records: Sequence[bytes]) -> None:
        """Close the file."""
        del records
        self._file.close()


def is_folder(path: str) -> bool:
    """Return whether each session gets a file of its own at *path*."""
    return os.path.isdir(path) or path.endswith("/")  # noqa: PTH112 - never raises


def make_folder(path: Path) -> None:
    """Make the folder *path*, private, unless it is there; raise ConfigError if that cannot be."""
    try:
        path.mkdir(_PRIVATE, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make {escape(str(path))}: {reason_of(error)}") from None
