"""A recording as people like to read and edit it: ``- C: USER bob``, one session after another.

Rules: 1. what the short form cannot say exactly is a record; 2. so is a line that its client began
before the reply above it had ended, and that reply: only their times tell it.
"""

import shutil
import tempfile
from dataclasses import dataclass, field
from typing import IO, BinaryIO, Final, NamedTuple

from pop3spy.capture.header import Header
from pop3spy.capture.recorder import Recorder
from pop3spy.capture.short import short_block, short_line
from pop3spy.capture.text import quoted
from pop3spy.protocol.frames import BodyEnd, BodyPart, Frame, Junk, Opaque, Side, StatusLine
from pop3spy.session.events import Ended, Event, Heard, Told
from pop3spy.session.model import Session

_IN_MEMORY: Final = 1 << 18
"""Octets of a session beyond which it waits on disk."""
_BLOCK: Final = 1 << 17
"""Octets of a body that are one block: what a reader takes of a person has its bounds."""
_HELD: Final = 100
"""Entries behind a reply that wait for what the client says next."""


class _SheetEntry(NamedTuple):
    """Something that was said, as a record, and in the short form if that can say it."""

    record: str
    short: str | None = None


@dataclass(slots=True)
class _BodyLines:
    """Lines of a body that are still coming; ``at`` is when the last of them came."""

    side: Side
    raw: bytes = b""
    at: float = 0.0


@dataclass(slots=True)
class _Sheet:
    """What one session has said; what is held may become records because of what follows."""

    text: IO[bytes] = field(
        default_factory=lambda: tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - see _finish
    )
    held: list[_SheetEntry] = field(default_factory=list)
    body: _BodyLines | None = None
    answered: float = 0.0  # when what the server said last had come
    expects_body: bool = False  # whether the reply that is held has one by the rules

    def settle(self, *, exact: bool = False) -> None:
        """Write what is held; *exact* with its times."""
        for record, short in self.held:
            self.text.write((record if exact or short is None else short).encode())
        self.held.clear()


class ByHand:
    """A reader of events that writes sessions to *stream*, each when it is over.

    *header* says where the recording came from, and what was left out of it.
    """

    def __init__(self, stream: BinaryIO, header: Header) -> None:
        self._stream = stream
        self._recorder = Recorder("keep", self._take)
        self._recorded: list[str] = []
        self._sheets: dict[int, _Sheet] = {}
        self._written = 0
        stream.write(header.lines().encode())

    def __call__(self, event: Told) -> None:
        """Take in *event*; write its session if that is over."""
        if not isinstance(event, Event):
            return
        number = event.session.id
        sheet = self._sheets.get(number)
        if sheet is None:
            sheet = self._sheets[number] = _Sheet()
        self._recorder(event)
        records, self._recorded = self._recorded, []
        if isinstance(event, Heard):
            self._heard(event, sheet, records)
        elif records:
            _end_body(sheet, number)
            sheet.held += map(_SheetEntry, records)
        if isinstance(event, Ended):
            self._finish(number)

    def close(self) -> None:
        """Write the sessions that have no end."""
        for number in list(self._sheets):
            self._finish(number)

    @property
    def summary(self) -> str:
        """How many sessions were written."""
        return f"{self._written:,} session" + "s" * (self._written != 1)

    def _take(self, _: Session, record: str) -> None:
        self._recorded.append(record)

    def _heard(self, event: Heard, sheet: _Sheet, records: list[str]) -> None:
        frame = event.frame
        goes_on = isinstance(frame, BodyPart | BodyEnd) and _is_of(sheet.body, frame)
        if not goes_on:
            _end_body(sheet, event.session.id)
        late = frame.side is Side.CLIENT and event.first < sheet.answered
        if late or len(sheet.held) > _HELD:
            sheet.settle(exact=True)
        elif not isinstance(frame, Junk | Opaque | BodyPart):
            sheet.settle()
            sheet.expects_body = isinstance(frame, StatusLine) and bool(frame.has_body)
        if frame.side is Side.SERVER:
            sheet.answered = event.at
        if not records:  # it is counted, or nothing but filler
            return
        *before, record = records
        sheet.held += map(_SheetEntry, before)
        if late or not _is_said(record):
            sheet.held.append(_SheetEntry(record))
        elif isinstance(frame, BodyPart) and not frame.masks:
            _add(sheet, frame, event)
        elif isinstance(frame, BodyEnd) and sheet.body is not None:
            _end_body(sheet, event.session.id, frame, record)
        else:
            text = short_line(frame.raw, frame.masks)
            short = None if text is None else f"- {frame.side.value}: {text}\n"
            sheet.held.append(_SheetEntry(record, short))

    def _finish(self, number: int) -> None:
        sheet = self._sheets.pop(number)
        _end_body(sheet, number)
        sheet.settle()
        with sheet.text as text:
            text.seek(0)
            shutil.copyfileobj(text, self._stream)
        self._written += 1


def _is_of(body: _BodyLines | None, frame: Frame) -> bool:
    return body is not None and body.side is frame.side


def _is_said(record: str) -> bool:
    """Return whether *record* has octets of a side, and does not tell something else."""
    return record.split('"', 2)[1] in ("C", "S")


def _add(sheet: _Sheet, part: BodyPart, event: Heard) -> None:
    """Take in some of a body; write what makes a block."""
    body = sheet.body = sheet.body or _BodyLines(part.side)
    body.raw += part.raw
    body.at = event.at
    if len(body.raw) > _BLOCK:
        end = body.raw.rfind(b"\n") + 1 or len(body.raw)
        rest, body.raw = body.raw[end:], body.raw[:end]
        _end_body(sheet, event.session.id)
        sheet.settle(exact=not sheet.expects_body)
        sheet.body = _BodyLines(part.side, rest, event.at) if rest else None


def _end_body(sheet: _Sheet, session: int, end: BodyEnd | None = None, record: str = "") -> None:
    """Make an entry of what has come of a body; *record* is that of the dot behind it."""
    body, sheet.body = sheet.body, None
    if body is None:
        return
    side = body.side.value
    said = f'- [{body.at:.9f}, {session}, "{side}", {quoted(body.raw)}]\n'
    block = short_block(body.raw + (end.raw if end else b""))
    sheet.held.append(_SheetEntry(said + record, block and f"- {side}: {block}"))
