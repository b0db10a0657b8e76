"""One handshake with a server that was tried for what it shows, and how it went."""

import ssl
from dataclasses import dataclass
from typing import Any, Final

from pop3spy.net.evidence import sent_by
from pop3spy.net.layer import Layer
from pop3spy.net.trust import Trust

_OURS: Final = ("NO_PROTOCOLS_AVAILABLE", "NO_CIPHERS_AVAILABLE", "UNSUPPORTED_PROTOCOL_VERSION")
"""Reasons of OpenSSL why it does not even begin."""


@dataclass(frozen=True, slots=True)
class TriedTls:
    """How a handshake went; ``error`` is one sentence, and empty if it succeeded.

    ``unverified``: the certificate was not believed.  ``unable``: this machine's TLS library can
    not speak what was asked of it.  ``alert``: the server refused by an alert of TLS.  ``silent``:
    the server did not go on.  ``chain`` has the certificates in DER form, the server's own first.
    """

    error: str = ""
    version: str = ""
    alpn: str = ""
    chain: tuple[bytes, ...] = ()
    unverified: bool = False
    unable: bool = False
    alert: bool = False
    silent: bool = False

    @property
    def ok(self) -> bool:
        """Whether there is TLS now."""
        return not self.error


def succeeded(tls: Any) -> TriedTls:
    """Return what an SSLObject agreed on."""
    return TriedTls(
        version=tls.version() or "",
        alpn=tls.selected_alpn_protocol() or "",
        chain=tuple(sent_by(tls)),
    )


def failed(error: Exception, text: str) -> TriedTls:
    """Return how a handshake went that *error* ended, for people *text*."""
    reason = str(getattr(error, "reason", None) or "")
    return TriedTls(
        text,
        unverified=isinstance(error, ssl.SSLCertVerificationError),
        unable=reason in _OURS,
        alert="ALERT" in reason,
        silent=isinstance(error, TimeoutError),
    )


def client_hello() -> bytes:
    """Return what a client says first that speaks TLS at once (RFC 8446, section 4.1.2)."""
    layer = Layer(Trust(insecure=True).context(), lambda error, _: str(error), "")
    layer.take(b"")
    return layer.records()
