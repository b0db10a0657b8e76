"""As whom the proxy appears to clients that want TLS."""

import re
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol
from weakref import WeakKeyDictionary

from pop3spy.authority import Authority, Leaf
from pop3spy.errors import ConfigError, said_by_system
from pop3spy.net.evidence import Evidence, remember
from pop3spy.net.trust import allow_from, keep_keys, present
from pop3spy.newfile import file_in_memory
from pop3spy.protocol.certificate import Certificate, read_certificate

_PEM = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)

_REMEMBERED: Final = 256
"""Sessions that a context remembers for clients of TLS 1.2 that take no tickets.

Then another takes its place.  OpenSSL would remember 20,480 for two hours, and Python has no word
for fewer: those are 40 MiB, and keep as much around them from going back to the system.
"""

Contexts = WeakKeyDictionary[Leaf, "IdentityContext"]


class IdentityContext(ssl.SSLContext):
    """What a handshake with a client needs; the certificate that it shows is for ``names``.

    ``minted`` says that it is one of the local authority's; versions of TLS older than ``oldest``
    are refused.
    """

    names: tuple[str, ...] = ()
    minted = False
    oldest = "1.2"

    @property
    def is_full(self) -> bool:
        """Whether it remembers so many sessions that another is to take its place."""
        return self.session_stats()["number"] >= _REMEMBERED


class Identity(Protocol):
    """Has a certificate for each occasion."""

    def context(self, certificate: bytes, name: str) -> IdentityContext:
        """Return what a handshake with a client needs, in place of the server with *certificate*.

        That is in DER form, and empty if the server showed none; then it should be called *name*.
        """


class Own:
    """Shows every client the certificate in a file; raise ConfigError if it cannot be used.

    The files are read once, by whoever may.  What was read, a key among it, goes to no disk: where
    no file can be in memory, the first context stays, however much that remembers.
    """

    def __init__(self, certificate: Path, key: Path | None, oldest: str = "1.2") -> None:
        self._context = server_context(oldest)
        present(self._context, certificate, key)
        self._context.names = _names_in(certificate)
        self._read = certificate.read_bytes(), (key or certificate).read_bytes()

    def context(self, certificate: bytes, name: str) -> IdentityContext:  # noqa: ARG002 - its own
        """Return what every handshake needs."""
        if self._context.is_full:
            with suppress(OSError, ConfigError):  # a full one serves as well
                self._context = self._another()
        return self._context

    def _another(self) -> IdentityContext:
        context = server_context(self._context.oldest)
        context.names = self._context.names
        certificate, key = map(file_in_memory, self._read)
        with certificate as shown, key as its_key:
            present(context, shown, its_key)
        return context


class Minted:
    """Shows each client a certificate of the local *authority*'s, made for the occasion."""

    def __init__(self, authority: Authority, oldest: str = "1.2") -> None:
        self._authority = authority
        self._oldest = oldest
        self._mirrored: Contexts = WeakKeyDictionary()
        self._named: Contexts = WeakKeyDictionary()  # these heed the name that is asked for

    def context(self, certificate: bytes, name: str) -> IdentityContext:
        """Return what a handshake needs; raise ConfigError if no file can be made for it.

        Where there is no *certificate*, a client that asks for another name gets that.
        """
        leaf = self._authority.mirror(certificate, name)
        contexts = self._mirrored if certificate else self._named
        context = contexts.get(leaf)
        if context is None or context.is_full:
            try:
                context = contexts[leaf] = self._showing(leaf, asked=not certificate)
            except OSError as error:
                if context is None:  # a full one serves as well
                    why = said_by_system(error)
                    raise ConfigError(f"no certificate for {name}: {why}") from None
            except ConfigError:
                if context is None:
                    raise
        return context

    def _showing(self, leaf: Leaf, *, asked: bool) -> IdentityContext:
        """Return what shows *leaf*, unless the client, where it is *asked*, names another."""
        context = server_context(self._oldest)
        with leaf.as_file() as file:
            present(context, file, None)
        context.names, context.minted = leaf.names.each, True
        if asked:
            context.sni_callback = self._asked
        return context

    def _asked(self, tls: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        """Show the client a certificate for *name*; return the alert that tells it of a failure."""
        remember(tls, name)
        if name:
            try:
                tls.context = self.context(b"", name)
            except ConfigError:
                return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
        return None


def server_context(oldest: str) -> IdentityContext:
    """Return what a handshake as a server needs, but for a certificate."""
    context = IdentityContext(ssl.PROTOCOL_TLS_SERVER)
    context.sslobject_class = Evidence
    context.sni_callback = _asked
    context.oldest = oldest
    allow_from(context, oldest)
    keep_keys(context)
    return context


def _asked(tls: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
    remember(tls, name)


def _names_in(file: Path) -> tuple[str, ...]:
    """Return the names of the first certificate in *file*, which has one in PEM form.

    OpenSSL has read it, and passes over octets that belong in no such file.
    """
    found = _PEM.search(file.read_text("ascii", errors="ignore"))
    read = read_certificate(ssl.PEM_cert_to_DER_cert(found[0])) if found else Certificate()
    return read.names or tuple(filter(None, (read.subject,)))
