"""A certificate of a server, with its key, as TLS needs it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from pop3spy.authority.names import Names


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Leaf:
    """A certificate for ``names``, valid from ``since`` until ``until``.

    ``pem`` has its private key, itself and the certificate of its authority.  A leaf equals none
    but itself, so it can be a key of a dictionary.
    """

    names: Names
    since: datetime
    until: datetime
    pem: bytes = field(repr=False)

    @contextmanager
    def as_file(self) -> Iterator[Path]:
        """Give a file with ``pem``, as ssl.SSLContext.load_cert_chain wants; then it is gone.

        It is in memory where the system can do that, else in the folder for temporary files, for
        its owner only.  Raise OSError if there is no place for it.
        """
        file, path = _open()
        with file:
            file.write(self.pem)
            file.flush()
            yield path


def _open() -> tuple[IO[bytes], Path]:
    """Return a new private file that goes when it is closed, and the path that leads to it."""
    if hasattr(os, "memfd_create"):
        file = os.fdopen(os.memfd_create("pop3spy"), "wb")
        path = Path(f"/proc/self/fd/{file.fileno()}")
        if path.exists():
            return file, path
        file.close()  # there is no /proc here
    temporary = tempfile.NamedTemporaryFile()  # noqa: SIM115 - whoever asked closes it
    return temporary, Path(temporary.name)
