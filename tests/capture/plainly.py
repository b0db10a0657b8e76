"""How a program without pop3spy reads the octets of a record, by docs/captures.md alone."""

import base64
from typing import Any


def octets(said: Any) -> bytes:
    """Return what *said*, the fourth element of a record, stands for; a mask is stars."""
    if isinstance(said, list):
        return b"".join(map(octets, said))
    if isinstance(said, str):
        return said.replace("█" * 8, "*" * 8).encode("latin-1")
    if "base64" in said:
        return base64.b64decode(said["base64"], validate=True)
    return said["utf8"].replace("█" * 8, "*" * 8).encode()  # type: ignore[no-any-return]  # of JSON
