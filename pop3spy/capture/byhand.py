"""A recording as people like to read and edit it: ``- C: USER bob``, one session after another.

Rules: 1. what the short form cannot say exactly is a record; 2. so is a line that its client began
before the reply above it had ended, and that reply with the odd lines before it: only their times
tell it.
"""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, BinaryIO, Final, NamedTuple

from pop3spy.capture.header import Header
from pop3spy.capture.recorder import Recorder, noted
from pop3spy.capture.short import short_block, short_line
from pop3spy.capture.text import recorded
from pop3spy.protocol.frames import BodyEnd, BodyPart, Frame, Junk, Opaque, Side, StatusLine
from pop3spy.protocol.text import count
from pop3spy.session.bus import Reader
from pop3spy.session.events import Ended, Event, Heard, Noted
from pop3spy.session.model import Session

_IN_MEMORY: Final = 1 << 18
"""Octets of a session beyond which it waits on disk."""
_BLOCK: Final = 1 << 17
"""Octets of a body that are one block: what a reader takes of a person has its bounds."""
_HELD: Final = 100
"""Entries behind a reply that wait for what the client says next."""


class _SheetEntry(NamedTuple):
    """Something that was said, as a record, and in the short form if that can say it."""

    record: bytes
    short: str | None = None


@dataclass(slots=True)
class _BodyLines:
    """Lines of a body that are still coming; ``at`` is when the last of them came."""

    side: Side
    raw: bytes = b""
    at: float = 0.0


class ByHand:
    """A subscriber that writes sessions to *stream*, each when it is over.

    *header* says where the recording came from, and what was left out of it.
    """

    def __init__(self, stream: BinaryIO, header: Header) -> None:
        self._stream = stream
        self._open: list[_Sheet] = []
        self._written = 0
        stream.write(header.lines().encode())

    def __call__(self, session: Session) -> Reader:
        """Return what writes *session*."""
        sheet = _Sheet(session, self._finish)
        self._open.append(sheet)
        return sheet

    def note(self, event: Noted) -> None:
        """Write what a person noted: a record, which belongs to no session."""
        self._stream.write(noted(event))

    def close(self) -> None:
        """Write the sessions that have no end."""
        for sheet in list(self._open):
            self._finish(sheet)

    @property
    def summary(self) -> str:
        """How many sessions were written."""
        return count(self._written, "session")

    def _finish(self, sheet: "_Sheet") -> None:
        self._open.remove(sheet)
        sheet.copy_to(self._stream)
        self._written += 1


class _Sheet:
    """A reader of the events of *session* that has *finished* called with itself at the end.

    What is held may become records because of what follows.
    """

    def __init__(self, session: Session, finished: Callable[["_Sheet"], None]) -> None:
        self._number = session.id
        self._finished = finished
        self._recorded: list[bytes] = []  # of the event that is being read
        self._recorder = Recorder(session, "keep", self._recorded.append)
        self._text: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - see copy_to
        self._held: list[_SheetEntry] = []
        self._body: _BodyLines | None = None
        self._answered = 0.0  # when what the server said last had come
        self._expects_body = False  # whether the reply that is held has one by the rules
        self._goes_on = False  # the last line was no reply, so that is still to come

    def __call__(self, event: Event) -> None:
        """Take in *event*."""
        self._recorder(event)
        records = list(self._recorded)
        self._recorded.clear()
        if isinstance(event, Heard):
            self._heard(event, records)
        elif records:
            self._end_body()
            self._held += map(_SheetEntry, records)
        if isinstance(event, Ended):
            self._finished(self)

    def copy_to(self, stream: BinaryIO) -> None:
        """Write the session, which is over."""
        self._end_body()
        self._settle()
        with self._text as text:
            text.seek(0)
            shutil.copyfileobj(text, stream)

    def _heard(self, event: Heard, records: list[bytes]) -> None:
        frame = event.frame
        if not (isinstance(frame, BodyPart | BodyEnd) and self._is_of_body(frame)):
            self._end_body()
        late = frame.side is Side.CLIENT and event.first < self._answered
        if late or len(self._held) > _HELD:
            self._settle(exact=True)
        elif not isinstance(frame, Junk | Opaque | BodyPart):
            if not self._goes_on or frame.side is Side.CLIENT:
                self._settle()
            self._expects_body = isinstance(frame, StatusLine) and bool(frame.has_body)
        self._goes_on = isinstance(frame, Junk)
        if frame.side is Side.SERVER:
            self._answered = event.at
        if not records:  # it is counted, or nothing but filler
            return
        record = self._behind_facts(frame, records)
        if late or not _is_said(record):
            self._held.append(_SheetEntry(record))
        elif isinstance(frame, BodyPart) and not frame.masks:
            self._add_to_body(frame, event.at)
        elif isinstance(frame, BodyEnd) and self._body is not None:
            self._end_body(frame, record)
        else:
            text = short_line(frame.raw, frame.masks)
            short = None if text is None else f"- {frame.side.value}: {text}\n"
            self._held.append(_SheetEntry(record, short))

    def _behind_facts(self, frame: Frame, records: list[bytes]) -> bytes:
        """Hold the facts about *frame* that are among its *records*; return the other one."""
        *before, record = records
        if before and isinstance(frame, BodyEnd):
            self._end_body()  # so that they stand between it and its dot
        self._held += map(_SheetEntry, before)
        return record

    def _settle(self, *, exact: bool = False) -> None:
        """Write what is held; *exact* with its times."""
        for record, short in self._held:
            self._text.write(record if exact or short is None else short.encode())
        self._held.clear()

    # -- bodies ---------------------------------------------------------------------------------

    def _is_of_body(self, frame: Frame) -> bool:
        return self._body is not None and self._body.side is frame.side

    def _add_to_body(self, part: BodyPart, at: float) -> None:
        """Take in some of a body; write what makes a block."""
        body = self._body = self._body or _BodyLines(part.side)
        body.raw += part.raw
        body.at = at
        if len(body.raw) > _BLOCK:
            end = body.raw.rfind(b"\n") + 1 or len(body.raw)
            rest, body.raw = body.raw[end:], body.raw[:end]
            self._end_body()
            self._settle(exact=not self._expects_body)
            self._body = _BodyLines(part.side, rest, at) if rest else None

    def _end_body(self, end: BodyEnd | None = None, record: bytes = b"") -> None:
        """Make an entry of what has come of a body; *record* is that of the dot behind it."""
        body, self._body = self._body, None
        if body is None:
            return
        side = body.side.value
        said = f'- [{body.at:.9f}, {self._number}, "{side}", '.encode()
        said = b"%b%b]\n" % (said, recorded(body.raw))
        block = short_block(body.raw + (end.raw if end else b""))
        self._held.append(_SheetEntry(said + record, block and f"- {side}: {block}"))


def _is_said(record: bytes) -> bool:
    """Return whether *record* has octets of a side, and does not tell something else."""
    return record.split(b'"', 2)[1] in (b"C", b"S")
