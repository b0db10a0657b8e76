"""A lock on a folder that needs no lock file and ends with the process."""

import os
import sys
from pathlib import Path

from pop3spy.postoffice.maildrop import InUseError

if sys.platform != "win32":
    import fcntl


class FolderLock:
    """Holds a folder against other sessions, here and in other processes of this program.

    A Maildir asks for no lock, so other mail programs do not look for one.  On a file system that
    cannot lock folders (NFS) only the sessions of this process are kept apart.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: int | None = None

    def take(self) -> None:
        """Take the lock, or raise InUseError at once; raise OSError if the folder is gone."""
        if self._held is not None:
            raise InUseError("the maildrop is in use by another session")
        if sys.platform == "win32":
            self._held = -1
            return
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise InUseError("the maildrop is in use by another program") from None
        except OSError:  # folders cannot be locked here; the descriptor still marks it as taken
            pass
        self._held = descriptor

    def give_back(self) -> None:
        """Let go of the folder."""
        held, self._held = self._held, None
        if held is not None and held >= 0:
            os.close(held)
