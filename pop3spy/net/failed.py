"""Why TLS with a server failed: one sentence, with what to do next."""

import ssl
from datetime import UTC, datetime
from typing import Final

from pop3spy.net.dial import reason_of
from pop3spy.net.evidence import RefusedCertificateError
from pop3spy.net.trust import Trust
from pop3spy.protocol.certificate import Certificate, few
from pop3spy.protocol.text import escape
from pop3spy.protocol.url import Url

_OR_ANYWAY: Final = "or go on unchecked with --insecure"
SENTENCES: Final = {
    "expired": f"its certificate expired on {{until}}; the server needs a new one, {_OR_ANYWAY}",
    "expired issuer": (
        "the certificate of {subject} in its chain expired on {until}; the server needs a new"
        f" chain, {_OR_ANYWAY}"
    ),
    "not yet valid": (
        f"its certificate is not valid before {{since}}, and here it is {{now}}; set the clock that"
        f" is wrong, {_OR_ANYWAY}"
    ),
    "wrong name": (
        f"its certificate is not for {{host}} but for {{names}}; connect to the name that it is"
        f" for, {_OR_ANYWAY}"
    ),
    "self-signed": (
        "its certificate is signed by nobody but itself; if it is the right one, name it with"
        f" --upstream-ca FILE, {_OR_ANYWAY}"
    ),
    "missing intermediate": (
        "it sent its own certificate without that of the issuer, {issuer}, whom this machine does"
        " not know; the server should send that too, or name the issuer's with --upstream-ca FILE,"
        f" {_OR_ANYWAY}"
    ),
    "unknown issuer": (
        "nobody whom this machine trusts issued its certificate; name the certificate of {issuer},"
        f" with whom its chain ends, with --upstream-ca FILE, {_OR_ANYWAY}"
    ),
    "refused certificate": (
        f"its certificate is refused: {{reason}}; the server needs a better one, {_OR_ANYWAY}"
    ),
    "no common version": (
        "the server takes no TLS {oldest} or newer; it needs an update, or allow older versions"
        " with --tls-min 1.0"
    ),
    "no version": "the server takes no version of TLS that there is here; it needs an update",
    "no common cipher": (
        "the server has no cipher that is safe enough; it needs an update, or take old ciphers with"
        " --tls-min 1.0"
    ),
    "no client certificate": (
        "the server wants a certificate of the client's; name one, with its key, with --client-cert"
        " FILE"
    ),
    "refused client certificate": (
        "the server refuses the certificate of --client-cert ({alert}); use one whose issuer it"
        " trusts"
    ),
    "unknown name": "the server does not know the name {host}; connect to the name that it has",
    "clear text": "clear text came where TLS should begin; {plain}",
    "alert": "the server ended TLS with the alert {alert}; its log may say why",
    "silence": "the server did not go on with the TLS handshake for {timeout} s; {plain}",
    "hung up": "the server hung up in the middle of the TLS handshake; {plain}",
    "reset": "the server reset the connection in the middle of the TLS handshake; {plain}",
    "other": "TLS with the server failed: {reason}",
    "no host name": "{host} is no name that a certificate could have; write the server's name",
}
"""By what went wrong; in braces is what is known of the case."""

AT_ONCE: Final = "if that port has no TLS, try pop3+stls://{address} or pop3://{address}"
GRANTED: Final = "the server grants STLS and does not do it; tell who runs it"
"""What is ``plain`` above: what to do about a server that seems to have no TLS."""

_VERIFIED: Final = {  # the numbers of OpenSSL's X509_V_ERR
    9: "not yet valid",
    10: "expired",
    18: "self-signed",
    19: "unknown issuer",
    20: "unknown issuer",
    21: "unknown issuer",
    62: "wrong name",
    64: "wrong name",
}
_NOT_TLS: Final = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH", "HTTP_REQUEST")
_NO_CIPHER: Final = ("HANDSHAKE_FAILURE", "INSUFFICIENT_SECURITY", "KEY_TOO_SMALL")
_ABOUT_CERTIFICATES: Final = (
    "BAD_CERTIFICATE",
    "UNSUPPORTED_CERTIFICATE",
    "CERTIFICATE_REVOKED",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_UNKNOWN",
    "UNKNOWN_CA",
    "ACCESS_DENIED",
    "HANDSHAKE_FAILURE",
)
_ALERT: Final = "ALERT_"
_OLDEST: Final = "1.0"


def why_failed(error: Exception, url: Url, timeout: float, trust: Trust) -> str:
    """Return why TLS with the server at *url* failed, and what to do next, in one sentence."""
    facts = {
        "host": escape(url.host),
        "timeout": f"{timeout:g}",
        "plain": _plain(url),
        "oldest": trust.oldest,
        "reason": "",
        "alert": "",
    }
    cause = _cause(error, trust, facts)
    return f"{url}: {SENTENCES[cause].format_map(facts)}"


def _cause(error: Exception, trust: Trust, facts: dict[str, str]) -> str:
    """Return what went wrong, and add to *facts* what is known of it."""
    match error:
        case ssl.SSLCertVerificationError():
            return _untrusted(error, facts)
        case ssl.SSLError():
            return _refused(error, trust, facts)
        case TimeoutError():
            return "silence"
        case ConnectionResetError() if error.errno:  # asyncio has none of the peer's for an end
            return "reset"
        case ConnectionError():
            return "hung up"
        case OSError():
            facts["reason"] = reason_of(error)
            return "other"
    return "no host name"


def _untrusted(error: ssl.SSLCertVerificationError, facts: dict[str, str]) -> str:
    """Say what is wrong with a certificate; the chain that was sent tells more than OpenSSL."""
    chain = error.chain if isinstance(error, RefusedCertificateError) else ()
    own = chain[0] if chain else Certificate()
    names = own.names or (own.subject,)  # which counts where there are no others
    *others, last = _followed(chain) or (own,)
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}"
    expired = next((each for each in chain if "" < each.until < now), None)
    facts |= {
        "since": escape(max((each.since for each in chain), default="")),
        "until": escape(expired.until) if expired else "",
        "now": now,
        "subject": escape(expired.subject if expired else own.subject),
        "names": escape(few(names)),
        "issuer": escape(last.issuer) or "its issuer",
        "reason": escape(error.verify_message),
    }
    match _VERIFIED.get(error.verify_code):
        case "expired" if expired is not own:
            return "expired issuer" if expired else "refused certificate"
        case "unknown issuer" if not (others or last.own_issuer):
            return "missing intermediate"
        case cause:
            return cause or "refused certificate"


def _followed(chain: tuple[Certificate, ...]) -> list[Certificate]:
    """Return the certificates of *chain* from the first to as far as their issuers were sent."""
    path = list(chain[:1])
    while path and not path[-1].own_issuer:
        issuer = (each for each in chain if each.subject_der == path[-1].issuer_der)
        if (found := next(issuer, None)) is None or found in path:
            break
        path.append(found)
    return path


def _refused(error: ssl.SSLError, trust: Trust, facts: dict[str, str]) -> str:
    """Say what a reason of OpenSSL's means."""
    reason = str(error.reason or error)
    _, told, alert = reason.partition(_ALERT)
    facts["alert"] = alert.lower()
    facts["reason"] = reason.replace("_", " ").lower()
    identified = getattr(error, "identified", True)  # the server had shown its certificate
    if any(part in reason for part in _NOT_TLS):
        return "clear text"
    if "UNEXPECTED_EOF" in reason or "EOF occurred" in reason:
        return "hung up"
    if "CERTIFICATE_REQUIRED" in reason:
        return "no client certificate"
    if "PROTOCOL" in reason and "APPLICATION" not in reason:
        return "no version" if trust.oldest == _OLDEST else "no common version"
    if "UNRECOGNIZED_NAME" in reason:
        return "unknown name"
    if told and identified:
        return _after_certificate(alert, trust)
    if any(part in reason for part in _NO_CIPHER):
        return "no common cipher"
    return "alert" if told else "other"


def _after_certificate(alert: str, trust: Trust) -> str:
    """Say what an alert means that came once the server had shown its certificate."""
    if trust.certificate and alert in _ABOUT_CERTIFICATES:
        return "refused client certificate"
    return "no client certificate" if alert == "HANDSHAKE_FAILURE" else "alert"


def _plain(url: Url) -> str:
    return (AT_ONCE if url.scheme == "pop3s" else GRANTED).format(address=escape(url.address))
