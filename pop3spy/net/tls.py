"""The client's side of TLS: whom to believe, the handshake, and why one failed.

Rules: 1. a server's certificate is verified unless somebody said that it need not be; 2. there is
no way back to clear text; 3. a failed handshake is told in one sentence, with what to do next.
"""

import asyncio
import hashlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pop3spy.errors import ConfigError, ConnectError
from pop3spy.net.dial import reason_of
from pop3spy.protocol.text import escape
from pop3spy.protocol.url import Url
from pop3spy.session.tls import Tls

FAREWELL: Final = 1.0
"""Seconds that a peer has to answer the alert that ends TLS."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom a client believes: the system's authorities, or those in the file ``ca``.

    ``insecure`` believes everybody, and so protects from nobody but those who only listen.
    """

    insecure: bool = False
    ca: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Return what a handshake needs; raise ConfigError if the file cannot be used."""
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except ssl.SSLError:
            raise ConfigError(f"{escape(str(self.ca))} holds no certificate in PEM form") from None
        except OSError as error:
            raise ConfigError(f"{escape(str(self.ca))}: {reason_of(error)}") from None
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


async def begin_tls(
    transport: asyncio.Transport,
    protocol: asyncio.Protocol,
    trust: Trust,
    url: Url,
    timeout: float,  # noqa: ASYNC109 - for the whole handshake
) -> tuple[asyncio.Transport, Tls]:
    """Begin TLS on *transport*; return the transport inside it, which *protocol* reads from.

    Raise ConnectError if that does not work out within *timeout* seconds, and close *transport*.
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
        raise ConnectError(f"{url}: {why_failed(error, url, timeout)}") from None
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
        until=str(told.get("notAfter", "")),
        sha256=fingerprint,
    )


def _name(distinguished: Any) -> str:
    """Return the most telling part of a name: its common name, else its organisation."""
    parts = {key: value for group in distinguished for key, value in group}
    return str(parts.get("commonName") or parts.get("organizationName") or "nobody")


def why_failed(error: Exception, url: Url, timeout: float) -> str:
    """Return why a handshake with *url* failed, and what to do next, in one sentence."""
    match error:
        case ssl.SSLCertVerificationError():
            told = _UNTRUSTED.get(error.verify_code)
            reason = error.verify_message
            return told(url) if told else f"its certificate is refused: {reason}; {_LOOK}"
        case ssl.SSLError():
            return _refused(str(error.reason or error), url)
        case TimeoutError():
            return f"no TLS handshake in {timeout:g} s; {_plain(url)}"
        case ConnectionError():
            return f"the server hung up in the middle of the TLS handshake; {_plain(url)}"
        case OSError():
            return f"the TLS handshake failed: {reason_of(error)}"
    return f"{url.host!r} is no name that a certificate could have; write the server's name"


def clear_text(url: Url) -> str:
    """Return what to say of a server that speaks clear text where TLS should begin."""
    return f"clear text came where TLS should begin; {_plain(url)}"


def _refused(reason: str, url: Url) -> str:
    """Return what a reason of OpenSSL's means."""
    for part, sentence in _REASONS.items():
        if part in reason:
            return sentence(url)
    return f"the TLS handshake failed: {reason.replace('_', ' ').lower()}; {_LOOK}"


def _plain(url: Url) -> str:
    if url.scheme == "pop3s":
        return f"if that port has no TLS, try pop3+stls://{url.host} or pop3://{url.host}"
    return "the server grants STLS and does not do it; tell who runs it"


_LOOK: Final = "--insecure goes on without a check"

_Sentence = Callable[[Url], str]

_UNKNOWN: Final[_Sentence] = lambda _: (  # noqa: E731 - a row of the table below
    "nobody whom this machine trusts issued its certificate, or an intermediate one is missing;"
    f" name the issuer's with --upstream-ca FILE, or {_LOOK}"
)
_WRONG_NAME: Final[_Sentence] = lambda url: (  # noqa: E731 - as above
    f"its certificate is not for {url.host}; connect to the name that it is for, or {_LOOK}"
)
_SELF_SIGNED: Final[_Sentence] = lambda _: (  # noqa: E731 - as above
    "its certificate is signed by nobody but itself; if it is the right one, name it with"
    f" --upstream-ca FILE, or {_LOOK}"
)

_UNTRUSTED: Final[dict[int, _Sentence]] = {  # the numbers of OpenSSL's X509_V_ERR
    9: lambda _: f"its certificate is not valid yet; is this machine's clock right?  Else {_LOOK}",
    10: lambda _: f"its certificate has expired; the server needs a new one, or {_LOOK}",
    18: _SELF_SIGNED,
    19: _UNKNOWN,
    20: _UNKNOWN,
    21: _UNKNOWN,
    23: lambda _: f"its certificate was revoked; the server needs a new one, or {_LOOK}",
    62: _WRONG_NAME,
    64: _WRONG_NAME,
}

_PROTOCOL: Final[_Sentence] = lambda _: (  # noqa: E731 - a row of the table below
    "the server takes no version of TLS that is safe (1.2 or newer); it needs an update"
)

_REASONS: Final[dict[str, _Sentence]] = {
    "UNSUPPORTED_PROTOCOL": _PROTOCOL,
    "PROTOCOL_VERSION": _PROTOCOL,
    "WRONG_VERSION_NUMBER": clear_text,
    "RECORD_LAYER_FAILURE": clear_text,
    "PACKET_LENGTH": clear_text,
    "CERTIFICATE_REQUIRED": lambda _: "the server wants a certificate of ours, and there is none",
    "HANDSHAKE_FAILURE": lambda _: (
        "the server found no cipher in common, or wants a certificate of ours; its log tells which"
    ),
    "UNRECOGNIZED_NAME": lambda url: (
        f"the server does not know the name {url.host}; connect to the name that it has"
    ),
    "UNEXPECTED_EOF": lambda url: (
        f"the server hung up in the middle of the TLS handshake; {_plain(url)}"
    ),
    "EOF occurred": lambda url: (
        f"the server hung up in the middle of the TLS handshake; {_plain(url)}"
    ),
}
