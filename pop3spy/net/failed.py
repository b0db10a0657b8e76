"""Why TLS with a peer failed: one sentence, with what to do next."""

import ssl
from collections.abc import Callable
from typing import Final

from pop3spy.net.dial import reason_of
from pop3spy.protocol.url import Url


def why_failed(error: Exception, url: Url, timeout: float) -> str:
    """Return why TLS with the server at *url* failed, and what to do next, in one sentence."""
    return f"{url}: {_why_failed(error, url, timeout)}"


def _why_failed(error: Exception, url: Url, timeout: float) -> str:
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


def why_refused(error: Exception, timeout: float) -> str:
    """Return why TLS with a client failed, and what to do next, in one sentence."""
    match error:
        case ssl.SSLError():
            reason = str(error.reason or error)
            for part, sentence in _REFUSALS.items():
                if part in reason:
                    return sentence
            return f"TLS with the client failed: {reason.replace('_', ' ').lower()}"
        case TimeoutError():
            return f"the client did no TLS handshake in {timeout:g} s; if it has no TLS, {_CLEAR}"
        case ConnectionAbortedError():
            return (
                "the client hung up in the middle of the TLS handshake; it may not trust the"
                " certificate that it was shown (pop3spy ca trust)"
            )
    return "the connection with the client broke in the middle of the TLS handshake"


_CLEAR: Final = "let it connect to a pop3:// listener"
_DISTRUST: Final = (
    "the client refuses the certificate that it was shown ({}); let it trust the local authority"
    " (pop3spy ca trust), and connect to the server's name"
)
_REFUSALS: Final[dict[str, str]] = {
    "ALERT_UNKNOWN_CA": _DISTRUST.format("unknown CA"),
    "ALERT_BAD_CERTIFICATE": _DISTRUST.format("bad certificate"),
    "ALERT_CERTIFICATE_UNKNOWN": _DISTRUST.format("certificate unknown"),
    "ALERT_CERTIFICATE_EXPIRED": _DISTRUST.format("certificate expired"),
    "ALERT_UNSUPPORTED_CERTIFICATE": _DISTRUST.format("unsupported certificate"),
    "UNSUPPORTED_PROTOCOL": (
        "the client knows no version of TLS that is taken here; allow older ones with --tls-min"
    ),
    "NO_SHARED_CIPHER": "the client has no cipher in common with us; --tls-min 1.0 allows old ones",
    "HTTP_REQUEST": "the client speaks HTTP; let it connect to a POP3 port",
    "WRONG_VERSION_NUMBER": f"the client speaks clear text where TLS should begin; {_CLEAR}",
    "UNEXPECTED_EOF": "the client hung up in the middle of TLS",
}


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
