"""The certificate authorities that come with the HTTP library: whom a collector's is compared with.

The library opens their file for each connection, when root may have been given up long ago, and
only root may read it.
"""

from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, Final

from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from pop3spy.newfile import file_in_memory

_KEPT: Final = ExitStack()
"""The copy; nothing closes it."""


@cache
def authorities() -> str:
    """Return the path of a copy that can be read as long as the program runs.

    It is made when first asked for.  Where that cannot be, it is the path of the file itself, and
    the library tells whoever needs it what is wrong.
    """
    try:
        octets = Path(DEFAULT_CA_BUNDLE_PATH).read_bytes()
        return str(_KEPT.enter_context(file_in_memory(octets)))
    except OSError:
        return str(DEFAULT_CA_BUNDLE_PATH)


class Adapter(HTTPAdapter):
    """Connects to collectors; who names no authorities gets those of the library."""

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Have *conn* believe the authorities that *verify* names."""
        super().cert_verify(conn, url, authorities() if verify is True else verify, cert)
