"""The client's side of TLS on a transport, and what was agreed in a handshake.

Rule: there is no way back to clear text.
"""

import asyncio
import hashlib
from typing import Any, Final

from pop3spy.errors import TlsError
from pop3spy.net.evidence import sent_by
from pop3spy.net.failed import why_failed
from pop3spy.net.identity import Shown
from pop3spy.net.trust import Trust
from pop3spy.protocol.certificate import Certificate, read_certificate
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
        raise TlsError(why_failed(error, url, timeout, trust)) from None
    assert inside is not None
    return inside, agreed_with_server(inside.get_extra_info("ssl_object"), trust)


def agreed_with_server(tls: Any, trust: Trust) -> Tls:
    """Return what was agreed with a server on an SSLObject, to which we are the client.

    What the certificate says is told even if *trust* had nobody verify it.
    """
    cipher, _, _ = tls.cipher() or ("", "", 0)
    sent = sent_by(tls)
    read = [read_certificate(each) for each in sent]
    own = read[0] if read else Certificate()
    return Tls(
        tls.version() or "",
        cipher,
        verified=not trust.insecure,
        subject=own.subject,
        issuer=own.issuer,
        since=own.since,
        until=own.until,
        names=", ".join(own.names),
        sha256=hashlib.sha256(sent[0]).hexdigest() if sent else "",
        chain=" < ".join(each.subject for each in read),
        asked=tls.server_hostname or "",
    )


def agreed_with_client(tls: Any) -> Tls:
    """Return what was agreed with a client on an SSLObject, to which we are the server."""
    cipher, _, _ = tls.cipher() or ("", "", 0)
    names = tls.context.names if isinstance(tls.context, Shown) else ()
    asked = getattr(tls, "asked", "")
    return Tls(tls.version() or "", cipher, names=", ".join(names), side="client", asked=asked)
