"""What a maildrop is, whatever it is kept in, and what one session does with it.

Rules: 1. one session at a time has it (RFC 1939, section 4); 2. numbers, sizes and unique-ids are
noted when it is opened and stay until it is closed; 3. nothing is removed but by ``update``.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Protocol, Self

from pop3spy.errors import MaildropError
from pop3spy.postoffice.wire import canonical


class InUseError(MaildropError):
    """Another session or another program has the maildrop."""


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message: its size in octets as sent with CRLF, unstuffed, and how to read it.

    ``stored`` opens it and returns its octets as they are kept, in pieces.
    """

    unique_id: bytes
    octets: int
    stored: Callable[[], Iterator[bytes]]

    def open(self) -> Iterator[bytes]:
        """Return the message in pieces, with CRLF; the file is opened before this returns.

        Raise OSError or MaildropError if that fails; the iterator raises MaildropError if reading
        fails later, or if what was read has another size than the one that was told.
        """
        return _exactly(self.octets, canonical(self.stored()))


class Maildrop(Protocol):
    """A place where messages are kept.  Each method may raise OSError or MaildropError."""

    def lock(self) -> None:
        """Take the place for one session, or raise InUseError at once."""

    def unlock(self) -> None:
        """Give it back; its messages cannot be read any more."""

    def messages(self) -> list[StoredMessage]:
        """Return what is there now, oldest first, each with a unique-id of its own."""

    def remove(self, unique_ids: Collection[bytes]) -> None:
        """Remove these messages, as many as can be, and raise if it was not all."""


@dataclass(slots=True)
class OpenMaildrop:
    """A maildrop while one session has it; messages are numbered from 1."""

    place: Maildrop
    messages: tuple[StoredMessage, ...]
    marked: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, place: Maildrop) -> Self:
        """Lock *place* and note what is in it; raise OSError or MaildropError."""
        with ExitStack() as undo:
            place.lock()
            undo.callback(place.unlock)
            messages = tuple(place.messages())
            undo.pop_all()
        return cls(place, messages)

    @property
    def unmarked(self) -> list[tuple[int, StoredMessage]]:
        """The messages that are not marked as deleted, with their numbers."""
        numbered = enumerate(self.messages, start=1)
        return [(number, message) for number, message in numbered if number not in self.marked]

    def update(self) -> None:
        """Remove the marked messages: the UPDATE state (RFC 1939, section 6)."""
        if self.marked:
            self.place.remove({self.messages[number - 1].unique_id for number in self.marked})
            self.marked.clear()

    def close(self) -> None:
        """Give the place back, with all that is in it."""
        self.place.unlock()


def _exactly(octets: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
    sent = 0
    try:
        for piece in pieces:
            sent += len(piece)
            yield piece
    except (OSError, ValueError) as error:  # ValueError: the maildrop was closed meanwhile
        raise MaildropError(f"a message could not be read to its end: {error}") from error
    if sent != octets:
        raise MaildropError(f"a message changed while it was sent: {sent} octets, not {octets}")
