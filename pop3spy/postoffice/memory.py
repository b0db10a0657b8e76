"""Messages in memory: what was removed stays away as long as the process runs."""

from collections.abc import Collection, Iterable, Iterator
from functools import partial

from pop3spy.postoffice.maildrop import InUseError, StoredMessage
from pop3spy.postoffice.unique_ids import UniqueIds, fit_for_unique_id
from pop3spy.postoffice.wire import PIECE, octets_of


class MemoryMaildrop:
    """A maildrop that holds *messages*: pairs of a name and the octets as they would be stored."""

    def __init__(self, messages: Iterable[tuple[bytes, bytes]]) -> None:
        named = list(messages)
        names = UniqueIds().give(fit_for_unique_id(name) for name, _ in named)
        self._kept = {name: text for name, (_, text) in zip(names, named, strict=True)}
        self._locked = False

    def lock(self) -> None:
        """Take the place for one session, or raise InUseError."""
        if self._locked:
            raise InUseError("the maildrop is in use by another session")
        self._locked = True

    def unlock(self) -> None:
        """Give it back."""
        self._locked = False

    def messages(self) -> list[StoredMessage]:
        """Return what has not been removed."""
        return [
            StoredMessage(name, octets_of([text]), partial(_pieces, text))
            for name, text in self._kept.items()
        ]

    def remove(self, unique_ids: Collection[bytes]) -> None:
        """Forget these messages."""
        self._kept = {name: text for name, text in self._kept.items() if name not in unique_ids}


def _pieces(text: bytes) -> Iterator[bytes]:
    return (text[at : at + PIECE] for at in range(0, len(text), PIECE))
