"""One small file over HTTP, in the clear: what certificates name is fetched in no other way."""

import asyncio
from typing import Final
from urllib.parse import SplitResult, urlsplit

from pop3spy.errors import ConnectError, said_by_system
from pop3spy.protocol.text import escape

LARGEST: Final = 1 << 16
"""Octets of an answer; a certificate has a thousand or two."""
_DONE: Final = "200"


async def fetched(url: str, seconds: float) -> bytes:
    """Return what is at *url*, within *seconds*; raise ConnectError if that cannot be had.

    Nothing is followed to another place, and nothing but ``http://`` is asked.
    """
    shown = escape(url)
    if (parts := _parts(url)) is None:
        raise ConnectError(f"{shown} is no http:// address")
    try:
        async with asyncio.timeout(seconds):
            said = await _answer(parts)
    except TimeoutError:
        raise ConnectError(f"{shown}: no whole answer within {seconds:g} s") from None
    except UnicodeError:
        raise ConnectError(f"{shown}: no host can have this name") from None
    except OSError as error:
        raise ConnectError(f"{shown}: {said_by_system(error)}") from None
    head, _, body = said.partition(b"\r\n\r\n")
    status = head.decode("latin-1").split("\r\n")[0].split(" ", 2)
    if len(said) > LARGEST:
        raise ConnectError(f"{shown}: more than {LARGEST >> 10} KiB, which no certificate has")
    if not status[0].startswith("HTTP/1.") or status[1:2] != [_DONE]:
        raise ConnectError(f'{shown}: answered "{escape(" ".join(status)[:80])}", not 200')
    return body


def _parts(url: str) -> SplitResult | None:
    """Return the parts of a URL that can be asked for; None for any other."""
    if not (url.isascii() and url.isprintable()) or " " in url:
        return None
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return None
    usable = parts.scheme == "http" and parts.hostname and not parts.username
    return parts if usable and has_port else None


async def _answer(parts: SplitResult) -> bytes:
    """Return what is answered until the server closes, which it does (HTTP/1.0)."""
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n".encode("ascii"))
        said = bytearray()
        while len(said) <= LARGEST and (more := await reader.read(LARGEST)):
            said += more
        return bytes(said)
    finally:
        writer.close()
