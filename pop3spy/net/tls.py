"""What was agreed in a handshake."""

import hashlib
from typing import Any

from pop3spy.net.evidence import sent_by
from pop3spy.net.identity import IdentityContext
from pop3spy.net.trust import Trust
from pop3spy.protocol.certificate import Certificate, read_certificate
from pop3spy.session.tls import Tls


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
        names=own.names,
        sha256=hashlib.sha256(sent[0]).hexdigest() if sent else "",
        chain=tuple(each.subject for each in read),
        asked=tls.server_hostname or "",
    )


def agreed_with_client(tls: Any) -> Tls:
    """Return what was agreed with a client on an SSLObject, to which we are the server."""
    cipher, _, _ = tls.cipher() or ("", "", 0)
    names = tls.context.names if isinstance(tls.context, IdentityContext) else ()
    asked = getattr(tls, "asked", "")
    return Tls(tls.version() or "", cipher, names=names, side="client", asked=asked)
