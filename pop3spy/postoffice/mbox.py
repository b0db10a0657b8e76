"""A maildrop in one file: mbox.

Rules: 1. what is not removed keeps every octet, its ``From`` line and each quoted ``>From``
included; 2. the file is replaced in one step or not at all, and only while it is locked.

From the standard library comes the locking that other mail programs know.
"""

import errno
import mailbox
import os
from collections.abc import Collection, Iterator
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from pop3spy.errors import MaildropError
from pop3spy.postoffice import mbox_lock
from pop3spy.postoffice.maildrop import InUseError, StoredMessage
from pop3spy.postoffice.mbox_extents import MessageExtent, extents, lasting, octets
from pop3spy.postoffice.mboxrd import unquoted
from pop3spy.postoffice.unique_ids import UniqueIds, fingerprint
from pop3spy.postoffice.wire import octets_of


class MboxMaildrop:
    """The messages in the mbox *file*.

    A unique-id is a hash of the ``From`` line and the message, less the fields that mail programs
    change, so it survives restarts and the removal of others.  Copies that agree in the ``From``
    line too have a number behind it.
    """

    def __init__(self, file: Path) -> None:
        self._path = file
        self._locked: mailbox.mbox | None = None
        self._file: BinaryIO | None = None
        self._places: dict[bytes, MessageExtent] = {}
        self._unique_ids = UniqueIds()

    def lock(self) -> None:
        """Take the file with fcntl and a lock file, or raise InUseError at once."""
        if self._file is not None:
            raise InUseError("the maildrop is in use by another session")
        with ExitStack() as undo:
            # Opened once and kept: to close any descriptor of a file drops its fcntl locks.
            file = undo.enter_context(self._path.open("rb"))
            try:
                box = mailbox.mbox(self._path, create=False)
                undo.callback(box.close)
                self._lock(box)
            except mailbox.ExternalClashError:
                raise InUseError("the maildrop is in use by another program") from None
            except mailbox.Error as error:  # it has gone this very moment
                raise MaildropError(f"{self._path} cannot be opened") from error
            except OSError as error:
                if error.errno != errno.EBADF:  # may only be read: there is nothing to lock
                    raise
            self._locked, self._file = box, file
            undo.pop_all()

    def _lock(self, box: mailbox.mbox) -> None:
        """Lock *box*, even if a process that is no more has left its lock file behind."""
        file = mbox_lock.lock_file(self._path)
        try:
            box.lock()
        except mailbox.ExternalClashError:
            if not mbox_lock.left_behind(file):
                raise
            file.unlink(missing_ok=True)  # two who do so are kept apart by fcntl
            box.lock()
        mbox_lock.mark_as_ours(file)
        mbox_lock.sweep(self._path)

    def unlock(self) -> None:
        """Give it back."""
        box, file = self._locked, self._file
        self._locked = self._file = None
        self._places = {}
        if box is not None:  # a mailbox without messages is false
            box.close()
            mbox_lock.give_up(mbox_lock.lock_file(self._path))
        if file is not None:
            file.close()

    def messages(self) -> list[StoredMessage]:
        """Return what is there now, in the order of the file."""
        file = self._held()
        places = list(extents(file))
        unique_ids = self._unique_ids.give(fingerprint(lasting(file, place)) for place in places)
        self._places = dict(zip(unique_ids, places, strict=True))
        stored = [partial(_stored, file, place) for place in places]
        return [
            StoredMessage(unique_id, octets_of(text()), text)
            for unique_id, text in zip(unique_ids, stored, strict=True)
        ]

    def remove(self, unique_ids: Collection[bytes]) -> None:
        """Write the file anew without these messages; what came meanwhile is kept."""
        file = self._held()
        kept = [place for name, place in self._places.items() if name not in unique_ids]
        known = max((place.next for place in self._places.values()), default=0)
        end = os.fstat(file.fileno()).st_size
        spans = [*((place.line, place.next) for place in kept), (known, end)]
        with ExitStack() as undo:
            descriptor, new = mbox_lock.new_copy(self._path)
            undo.callback(new.unlink)
            with os.fdopen(descriptor, "wb") as copy:
                _keep_owner_and_mode(file, descriptor)
                for start, stop in spans:
                    copy.writelines(octets(file, start, stop))
                copy.flush()
                os.fsync(descriptor)
            self._check_unchanged(file, known, end)
            new.replace(self._path)
            undo.pop_all()
        self._unique_ids.forget(unique_ids)

    def _held(self) -> BinaryIO:
        if self._file is None:
            raise MaildropError(f"{self._path} is not locked")
        return self._file

    def _check_unchanged(self, file: BinaryIO, known: int, end: int) -> None:
        held, there = os.fstat(file.fileno()), self._path.stat()
        same = (held.st_dev, held.st_ino) == (there.st_dev, there.st_ino)
        if not same or not known <= end == there.st_size:
            raise MaildropError(f"{self._path} was changed by another program")


def _stored(file: BinaryIO, place: MessageExtent) -> Iterator[bytes]:
    """Yield the text of a message as its author wrote it."""
    return unquoted(octets(file, place.text, place.end))


def _keep_owner_and_mode(old: BinaryIO, new: int) -> None:
    status = os.fstat(old.fileno())
    if hasattr(os, "fchown"):
        with suppress(PermissionError):  # only root may give files away
            os.fchown(new, status.st_uid, status.st_gid)
        os.fchmod(new, status.st_mode & 0o7777)
