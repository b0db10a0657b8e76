"""Why TLS with a client failed: one sentence, with what to do next."""

import ssl
from typing import Any, Final

from pop3spy.net.identity import IdentityContext
from pop3spy.protocol.certificate import few, is_among
from pop3spy.protocol.hello import is_tls
from pop3spy.protocol.text import escape

_DISTRUST: Final = "the client refuses the certificate for {names} that it was shown ({alert}); "
SENTENCES: Final = {
    "distrust": f"{_DISTRUST}{{trust}}",
    "wrong name": (
        f"{_DISTRUST}it asked for {{asked}}, so let it connect to a name of the server's own"
    ),
    "distrust or wrong name": f"{_DISTRUST}{{trust}}, and connect to one of these names",
    "expired": f"{_DISTRUST}set its clock, or show it a newer one (--cert)",
    "no common version": (
        "the client knows no version of TLS that is taken here, {oldest} or newer; allow older ones"
        " with --tls-min 1.0"
    ),
    "no common cipher": (
        "the client has no cipher in common with us, or none for the kind of key that the"
        " certificate has; --tls-min 1.0 allows old ciphers, and --cert shows another certificate"
    ),
    "clear text at once": (
        "the client speaks clear text to a pop3s:// listener; let it use TLS at once, or listen on"
        " pop3://"
    ),
    "clear text after STLS": (
        "the client asked for STLS and then spoke clear text; it is at fault, and --stls strip"
        " keeps it from asking"
    ),
    "silence at once": (
        "the client said nothing for {timeout} s to a pop3s:// listener; if it waits for a greeting"
        " it has no TLS there: let it use that at once, or listen on pop3://"
    ),
    "hung up at once": (
        "the client hung up on a pop3s:// listener without a word; if it waited for a greeting it"
        " has no TLS there: let it use that at once, or listen on pop3://"
    ),
    "hung up early": (
        "the client hung up before it had said what TLS it wants; its log may say why"
    ),
    "silence": (
        "the client did not go on with the TLS handshake for {timeout} s; a program that waits for"
        " somebody to accept the certificate does that"
    ),
    "hung up": (
        "the client hung up in the middle of the TLS handshake; if it does not trust the"
        " certificate for {names}, {trust}"
    ),
    "reset": (
        "the client reset the connection in the middle of the TLS handshake; if it does not trust"
        " the certificate for {names}, {trust}"
    ),
    "odd name": (
        "the client asks for a server whose name has octets that no name can have; set that in it"
    ),
    "alert": "the client ended TLS with the alert {alert}; its log may say why",
    "other": "TLS with the client failed: {reason}",
}
"""By what went wrong; in braces is what is known of the case."""

MINTED: Final = "let it trust the local authority (pop3spy ca trust)"
OWN: Final = "let it trust the issuer of the certificate in --cert, which must have its whole chain"

_CAUSES: Final = {
    "unknown_ca": "distrust",
    "bad_certificate": "distrust or wrong name",
    "certificate_unknown": "distrust or wrong name",
    "unsupported_certificate": "distrust",
    "access_denied": "distrust",
    "certificate_revoked": "distrust",
    "certificate_expired": "expired",
    "protocol_version": "no common version",
    "handshake_failure": "no common cipher",
    "insufficient_security": "no common cipher",
}
"""By the alert that the client sent."""
_REASONS: Final = {
    "UNSUPPORTED_PROTOCOL": "no common version",
    "VERSION_TOO_LOW": "no common version",
    "NO_SHARED_CIPHER": "no common cipher",
    "NO_SUITABLE_SIGNATURE": "no common cipher",
    "WRONG_VERSION_NUMBER": "clear text after STLS",
    "RECORD_LAYER_FAILURE": "clear text after STLS",
    "PACKET_LENGTH": "clear text after STLS",
    "HTTP_REQUEST": "clear text after STLS",
    "UNEXPECTED_EOF": "hung up",
    "CALLBACK_FAILED": "odd name",
}
"""By what OpenSSL calls it."""
_MET: Final = {"odd name": "other"}
_UNMET: Final = {"hung up": "hung up early", "reset": "hung up early"}
"""What it is instead, if the name in the client's hello could be read, and if not."""
_ALERT: Final = "ALERT_"


def why_refused(error: Exception, timeout: float, tls: Any) -> str:
    """Return why TLS with a client failed, and what to do next, in one sentence.

    *tls* is the SSLObject; *timeout* is in seconds.
    """
    context = tls.context
    shown = context if isinstance(context, IdentityContext) else None
    asked = getattr(tls, "asked", "")
    alert = _alert_in(error)
    facts = {
        "names": escape(few(shown.names)) if shown and shown.names else "none",
        "trust": MINTED if shown is None or shown.minted else OWN,
        "oldest": shown.oldest if shown else "1.2",
        "asked": escape(asked),
        "timeout": f"{timeout:g}",
        "alert": alert,
        "reason": str(getattr(error, "reason", None) or error).replace("_", " ").lower(),
    }
    cause = _cause(error, alert)
    cause = (_MET if getattr(tls, "met", False) else _UNMET).get(cause, cause)
    if cause == "distrust or wrong name" and asked and shown:
        cause = "distrust" if is_among(asked, shown.names) else "wrong name"
    return SENTENCES[cause].format_map(facts)


def why_not_begun(said: bytes, timeout: float, *, gone: bool) -> str:
    """Return what to say of a client that does not begin TLS where that begins at once.

    All that it *said* is no ClientHello; *gone*: and it hung up.
    """
    if not said:
        cause = "hung up at once" if gone else "silence at once"
    elif not is_tls(said):
        cause = "clear text at once"
    else:
        cause = "hung up early" if gone else "silence"
    return SENTENCES[cause].format(timeout=f"{timeout:g}")


def _cause(error: Exception, alert: str) -> str:
    if alert:
        return _CAUSES.get(alert, "alert")
    match error:
        case ssl.SSLError():
            reason = str(error.reason or error)
            return next((cause for part, cause in _REASONS.items() if part in reason), "other")
        case TimeoutError():
            return "silence"
        case ConnectionResetError():
            return "reset"
    return "hung up"


def _alert_in(error: Exception) -> str:
    """Return the name of the alert that *error* tells of, empty if there was none."""
    reason = str(getattr(error, "reason", None) or "")
    _, _, alert = reason.partition(_ALERT)
    return alert.lower()
