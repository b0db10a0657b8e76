"""Whom we believe in TLS, what we show, and which versions of it we take.

Rule: a server's certificate is verified unless somebody said that it need not be.
"""

import os
import ssl
import stat
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from pop3spy.errors import ConfigError, said_by_system
from pop3spy.net.evidence import Evidence
from pop3spy.protocol.text import escape

VERSIONS: Final = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
_FORBIDDEN: Final = ("1.0", "1.1")
_ANY_CIPHER: Final = "DEFAULT:@SECLEVEL=0"
_KEYS: Final = "SSLKEYLOGFILE"
_FLAGS: Final = sum(getattr(os, flag, 0) for flag in ("O_NONBLOCK", "O_NOFOLLOW"))
"""Nobody has to read a pipe yet; and where a link leads is not root's to give away."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom a client believes: the system's authorities, or those in the file ``ca``.

    ``insecure`` believes everybody, and so protects from nobody but those who only listen.
    ``certificate`` is a file with a certificate, and its key, for servers that want one; versions
    of TLS older than ``oldest``, or newer than ``newest``, are refused.  Without ``names`` a
    certificate that is believed may be anybody's; ``alpn`` are the protocols that are offered (RFC
    7301).  With ``weak`` the ciphers and keys are taken that OpenSSL refuses by itself.
    A chain may also lead over the certificates ``over``, in DER form, which are not believed.
    """

    insecure: bool = False
    ca: Path | None = None
    certificate: Path | None = None
    oldest: str = "1.2"
    newest: str = "1.3"
    names: bool = True
    alpn: tuple[str, ...] = ()
    weak: bool = False
    over: tuple[bytes, ...] = ()

    def context(self) -> ssl.SSLContext:
        """Return what handshakes need; raise ConfigError if a file cannot be used."""
        return _context(self)


@cache  # reading all authorities of a system takes longer than a handshake
def _context(trust: Trust) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslobject_class = Evidence
    try:
        if trust.ca:  # whoever is named there is believed, be it an intermediate or a server
            context.load_verify_locations(trust.ca)
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        else:
            context.load_default_certs()
        for der in trust.over:  # none of them may end a chain
            context.verify_flags &= ~ssl.VERIFY_X509_PARTIAL_CHAIN
            context.load_verify_locations(cadata=der)
    except ssl.SSLError:
        raise ConfigError(f"{escape(str(trust.ca))} holds no certificate in PEM form") from None
    except OSError as error:
        raise ConfigError(f"{escape(str(trust.ca))}: {said_by_system(error)}") from None
    if trust.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.check_hostname &= trust.names
    if trust.alpn:
        context.set_alpn_protocols(list(trust.alpn))
    if trust.certificate:
        present(context, trust.certificate, None)
    allow_from(context, trust.oldest)
    context.maximum_version = VERSIONS[trust.newest]
    if trust.weak:
        context.set_ciphers(_ANY_CIPHER)
    keep_keys(context)
    return context


def keep_keys(context: ssl.SSLContext) -> None:
    """Write the keys of *context* to the file in SSLKEYLOGFILE; a new one is its owner's alone.

    Raise ConfigError if that cannot be; without that variable nothing is written anywhere.
    """
    if name := key_log():
        context.keylog_filename = name


def key_log(owner: int | None = None) -> str:
    """Return the name of the file in SSLKEYLOGFILE, which is there then; empty without one.

    Root may give it to the user *owner*.  Raise ConfigError if it cannot be written, or if others
    may read it.
    """
    if not (name := os.environ.get(_KEYS, "")):
        return ""
    try:
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _FLAGS, 0o600)
        try:
            status = os.fstat(descriptor)
            is_file = stat.S_ISREG(status.st_mode)  # a pipe, or /dev/null, keeps nothing
            if is_file and os.name == "posix" and status.st_mode & 0o077:
                raise ConfigError(
                    f"{_KEYS}: {escape(name)}: others may read it; say chmod 600, or name a new one"
                )
            if is_file and owner is not None:
                os.fchown(descriptor, owner, -1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise ConfigError(f"{_KEYS}: {escape(name)}: {said_by_system(error)}") from None
    return name


def present(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    """Let *context* show the *certificate* of a file; raise ConfigError if that cannot be.

    Without *key* the same file has that too.
    """
    for file in filter(None, (certificate, key)):
        try:
            with file.open("rb"):
                pass
        except OSError as error:
            raise ConfigError(f"{escape(str(file))}: {said_by_system(error)}") from None
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        files = escape(" and ".join(map(str, filter(None, (certificate, key)))))
        if "KEY_VALUES_MISMATCH" in str(error):
            raise ConfigError(f"{files}: the key is not the certificate's") from None
        raise ConfigError(f"{files}: no certificate with its key, in PEM form") from None
    except ValueError:
        raise ConfigError(
            f"{escape(str(key or certificate))}: the key wants a password; take that away first"
            " (openssl pkey -in KEY -out PLAIN)"
        ) from None


def _no_password() -> str:
    raise ValueError


def allow_from(context: ssl.SSLContext, oldest: str) -> None:
    """Let *context* take TLS from *oldest* on, ``1.0`` to ``1.3``, and one handshake only."""
    context.minimum_version = VERSIONS[oldest]
    context.options |= ssl.OP_NO_RENEGOTIATION  # nobody needs it, and it has been a way to attack
    if oldest in _FORBIDDEN:  # OpenSSL has rules of its own against them (RFC 8996)
        context.set_ciphers(_ANY_CIPHER)
