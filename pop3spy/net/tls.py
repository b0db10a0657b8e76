"""The client's side of TLS on a transport, and what was agreed in a handshake.

Rule: there is no way back to clear text.
"""

import asyncio
import hashlib
from typing import Any, Final

from pop3spy.errors import TlsError
from pop3spy.net.failed import why_failed
from pop3spy.net.trust import Trust
from pop3spy.protocol.url import Url
from pop3spy.session.tls import Tls

FAREWELL: Final = 1.0
"""Seconds that a peer has to answer the alert that ends TLS."""


async def begin_tls(
    transport: asyncio.Transport,
    protocol: asyncio.Protocol,
    trust: Trust,
    url: Url,
    timeout: float,  # noqa: ASYNC109 - for the whole handshake
) -> tuple[asyncio.Transport, Tls]:
    """Begin TLS on *transport*; return the transport inside it, which *protocol* reads from.

    Raise TlsError if that does not work out within *timeout* seconds, and close *transport*.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout):
            inside = await loop.start_tls(
                transport,
                protocol,
                trust.context(),
                server_hostname=url.host.partition("%")[0],
                ssl_shutdown_timeout=FAREWELL,
            )
    except (OSError, ValueError) as error:  # TimeoutError and ssl's errors are OSErrors
        transport.abort()
        raise TlsError(why_failed(error, url, timeout)) from None
    assert inside is not None
    return inside, agreed(inside.get_extra_info("ssl_object"), trust)


def agreed(tls: Any, trust: Trust) -> Tls:
    """Return what the two sides of an SSLObject agreed on."""
    cipher, _, _ = tls.cipher() or ("", "", 0)
    fingerprint = hashlib.sha256(tls.getpeercert(binary_form=True) or b"").hexdigest()
    if trust.insecure:
        return Tls(tls.version() or "", cipher, verified=False, sha256=fingerprint)
    told = tls.getpeercert() or {}
    return Tls(
        tls.version() or "",
        cipher,
        subject=_name(told.get("subject", ())),
        issuer=_name(told.get("issuer", ())),
        since=str(told.get("notBefore", "")),
        until=str(told.get("notAfter", "")),
        names=", ".join(str(value) for _, value in told.get("subjectAltName", ())),
        sha256=fingerprint,
    )


def shown(tls: Any) -> Tls:
    """Return what was agreed with a client on an SSLObject, to which we are the server."""
    cipher, _, _ = tls.cipher() or ("", "", 0)
    return Tls(tls.version() or "", cipher, side="client")


def _name(distinguished: Any) -> str:
    """Return the most telling part of a name: its common name, else its organisation."""
    parts = {key: value for group in distinguished for key, value in group}
    return str(parts.get("commonName") or parts.get("organizationName") or "nobody")
