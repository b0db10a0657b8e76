"""As whom the proxy appears to clients that want TLS."""

import ssl
from pathlib import Path
from typing import Protocol

from pop3spy.net.trust import allow_from, present


class Identity(Protocol):
    """Has a certificate for each occasion."""

    def context(self, certificate: bytes, name: str) -> ssl.SSLContext:
        """Return what a handshake with a client needs, in place of the server with *certificate*.

        That is in DER form, and empty if the server showed none; then it should be called *name*.
        """


class Own:
    """Shows every client the certificate in a file; raise ConfigError if it cannot be used."""

    def __init__(self, certificate: Path, key: Path | None, oldest: str = "1.2") -> None:
        self._context = server_context(oldest)
        present(self._context, certificate, key)

    def context(self, certificate: bytes, name: str) -> ssl.SSLContext:  # noqa: ARG002 - its own
        """Return what every handshake needs."""
        return self._context


def server_context(oldest: str) -> ssl.SSLContext:
    """Return what a handshake as a server needs, but for a certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.options |= ssl.OP_NO_RENEGOTIATION
    allow_from(context, oldest)
    return context
