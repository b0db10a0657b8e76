"""A certificate of a server, with its key, as TLS needs it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from pop3spy.authority.names import Names
from pop3spy.newfile import file_in_memory


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
        with ExitStack() as closing:
            try:
                path = closing.enter_context(file_in_memory(self.pem))
            except OSError:
                file = closing.enter_context(NamedTemporaryFile())
                file.write(self.pem)
                file.flush()
                path = Path(file.name)
            yield path
