"""The messages that a client retrieved, put together from the parts that went by.

A message is handed on when it is whole; one that broke off is only counted.  What waits is on disk
if it is large, so neither large messages nor many sessions fill the memory.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Final

from pop3spy.export.exporter import ExportError, ExportSource, count
from pop3spy.export.unstuff import Unstuffer
from pop3spy.export.waiting import waiting_file
from pop3spy.protocol import replies
from pop3spy.protocol.frames import BodyPart, CommandLine, Side
from pop3spy.session.events import (
    Answered,
    Blinded,
    Ended,
    Event,
    Heard,
    Intervened,
    Told,
    Unanswered,
)
from pop3spy.session.model import Exchange

_IN_MEMORY: Final = 1 << 20
"""Octets of a message beyond which it waits on disk."""
_LONGEST_LISTING: Final = 1 << 22
"""Octets of unique-ids that are looked at: 50,000 messages or more."""

_ENTRY = re.compile(rb"(?m)^0*([0-9]{1,20})[ \t]+([^\s]{1,70})")


@dataclass(frozen=True, slots=True)
class ExportedMessage:
    """A message as it was before it was stuffed; ``text`` is at its beginning.

    ``number`` is the one that the client asked for, if it is one; ``at`` is when it was whole.
    """

    session: int
    exchange: int
    number: int | None
    unique_id: bytes | None
    at: float
    text: IO[bytes]


@dataclass(slots=True)
class _PartialMessage:
    """A message that is still coming."""

    number: int  # of the exchange
    unstuffer: Unstuffer = field(default_factory=Unstuffer)
    text: IO[bytes] = field(default_factory=lambda: waiting_file(_IN_MEMORY))


@dataclass(slots=True)
class _SessionMessages:
    """What is kept of a session: its RETRs and UIDLs without a reply, and what came of them."""

    retrieving: set[int] = field(default_factory=set)
    listing: set[int] = field(default_factory=set)
    listed: bytearray = field(default_factory=bytearray)
    unique_ids: dict[bytes, bytes] = field(default_factory=dict)
    draft: _PartialMessage | None = None


class Messages:
    """A subscriber that hands each message of *source* that was retrieved whole to *deliver*."""

    def __init__(self, source: ExportSource, deliver: Callable[[ExportedMessage], None]) -> None:
        self._source = source
        self._deliver = deliver
        self._sessions: dict[int, _SessionMessages] = {}
        self._delivered = 0
        self._left_out = 0

    def __call__(self, event: Told) -> None:
        """Take in *event*; raise ExportError if a message is not in the recording as it was."""
        if not isinstance(event, Event):
            return
        known = self._sessions.setdefault(event.session.id, _SessionMessages())
        match event:
            case Heard(frame=CommandLine() as line) | Intervened(sent=CommandLine() as line):
                _ask(line, known)
            case Heard(frame=BodyPart(side=Side.SERVER) as part):
                self._part(event, part, known)
            case Answered(exchange=exchange):
                self._answered(event, exchange, known)
            case Unanswered(exchange=exchange):
                self._forget(exchange.number, known)
            case Blinded():
                self._break_off(known)
            case Ended():
                self._break_off(known)
                del self._sessions[event.session.id]

    def close(self) -> None:
        """Count what is still coming as broken off."""
        for known in self._sessions.values():
            self._break_off(known)
        self._sessions.clear()

    @property
    def summary(self) -> str:
        """How many messages were handed on, and how many were not."""
        text = count(self._delivered, "message")
        return f"{text}; {self._left_out:,} broke off and left out" if self._left_out else text

    def _part(self, event: Event, part: BodyPart, known: _SessionMessages) -> None:
        if part.number in known.retrieving:
            if part.masks:
                self._refuse(event, part.number, known)
            draft = self._draft(event, part.number, known)
            draft.text.write(draft.unstuffer.feed(part.raw))
        elif part.number in known.listing and len(known.listed) < _LONGEST_LISTING:
            known.listed += part.raw

    def _draft(self, event: Event, number: int, known: _SessionMessages) -> _PartialMessage:
        if not self._source.bodies_kept:
            self._refuse(event, number, known)
        if known.draft is None or known.draft.number != number:
            self._break_off(known)
            known.draft = _PartialMessage(number)
        return known.draft

    def _answered(self, event: Event, exchange: Exchange, known: _SessionMessages) -> None:
        number = exchange.number
        if number in known.listing:
            known.unique_ids |= _unique_ids(exchange, known)
            known.listed.clear()
        elif not self._source.wants(event.session, exchange):
            self._drop(number, known)
        elif number in known.retrieving and exchange.ok and not exchange.kept:
            draft = self._draft(event, number, known)
            if exchange.complete:
                known.draft = None
                with draft.text as text:
                    text.seek(0)
                    self._delivered += 1
                    self._deliver(_message(event, exchange, known, text))
        self._forget(number, known)

    def _forget(self, number: int, known: _SessionMessages) -> None:
        known.retrieving.discard(number)
        known.listing.discard(number)
        if known.draft is not None and known.draft.number == number:
            self._break_off(known)

    def _drop(self, number: int, known: _SessionMessages) -> None:
        """Leave out what nobody asked for."""
        if known.draft is not None and known.draft.number == number:
            known.draft.text.close()
            known.draft = None

    def _break_off(self, known: _SessionMessages) -> None:
        if known.draft is not None:
            known.draft.text.close()
            known.draft = None
            self._left_out += 1

    def _refuse(self, event: Event, number: int, known: _SessionMessages) -> None:
        self._break_off(known)
        raise ExportError(
            f"session {event.session.id}, exchange {number}: the message was masked or left out "
            "when this was recorded, so it cannot be exported; record with: --bodies keep"
        )


def _ask(line: CommandLine, known: _SessionMessages) -> None:
    """Expect a message, unique-ids or neither: what counts is what the server hears at last."""
    for numbers, verb in ((known.retrieving, "RETR"), (known.listing, "UIDL")):
        (numbers.add if line.command.verb == verb else numbers.discard)(line.number)


def _message(
    event: Event, exchange: Exchange, known: _SessionMessages, text: IO[bytes]
) -> ExportedMessage:
    args = exchange.command.args
    number = replies.number_of(args[0]) if args else None
    unique_id = known.unique_ids.get(b"%d" % number) if number is not None else None
    return ExportedMessage(event.session.id, exchange.number, number, unique_id, event.at, text)


def _unique_ids(exchange: Exchange, known: _SessionMessages) -> dict[bytes, bytes]:
    """Return the unique-ids that a UIDL told, by message number."""
    if exchange.body is not None:
        return dict(_ENTRY.findall(known.listed))
    if not exchange.ok or exchange.status is None:
        return {}
    return dict(_ENTRY.findall(exchange.status.text))
