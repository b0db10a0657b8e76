"""The certificate authorities that come with the HTTP library: whom a collector's is compared with.

The library opens their file for each connection, when root may have been given up long ago, and
only root may read it.
"""

import os
from functools import cache
from pathlib import Path
from typing import Any

from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH


@cache
def authorities() -> str:
    """Return the path of a copy that can be read as long as the program runs.

    It is made when first asked for.  Where the system keeps no such files in memory, it is the path
    of the file itself.
    """
    if not hasattr(os, "memfd_create"):
        return DEFAULT_CA_BUNDLE_PATH
    kept = os.memfd_create("pop3spy")
    with os.fdopen(kept, "wb", closefd=False) as copy:
        copy.write(Path(DEFAULT_CA_BUNDLE_PATH).read_bytes())
    path = f"/proc/self/fd/{kept}"
    if not os.path.exists(path):  # noqa: PTH110 - there may be no /proc here
        os.close(kept)
        return DEFAULT_CA_BUNDLE_PATH
    return path


class Adapter(HTTPAdapter):
    """Connects to collectors; who names no authorities gets those of the library."""

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Have *conn* believe the authorities that *verify* names."""
        super().cert_verify(conn, url, authorities() if verify is True else verify, cert)
