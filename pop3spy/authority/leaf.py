"""A certificate of a server, with its key, as TLS needs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pop3spy.authority.names import Names
from pop3spy.newfile import passing_file


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

        Raise OSError if there is no place for it.
        """
        with passing_file(self.pem) as path:
            yield path
