"""What the alerts of a TLS handshake mean, and what cures them: one table (RFC 8446, section 6.2)."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class AlertMeaning:
    """One row: what the alert means, and what to do if the client sent it, and if the server did.

    A cure that is empty is not known.
    """

    means: str
    from_client: str
    from_server: str

    def cure(self, side: str) -> str:
        """Return what to do about an alert that *side*, ``client`` or ``server``, sent."""
        return self.from_client if side == "client" else self.from_server


_ISSUER: Final = (
    "give the server its full chain of certificates, or the client the issuer's certificate"
)
_OTHER_CLIENT: Final = "give the client a certificate that the server trusts"
_RENEW: Final = "renew the server's certificate, or correct the client's clock"
_RENEW_CLIENT: Final = "renew the client's certificate"
_OLDER: Final = "update the older side"
_LOG: Final = "look in the log of the side that sent it"

# fmt: off
_UNTRUSTED: Final = AlertMeaning("it does not trust the certificate", _ISSUER, _OTHER_CLIENT)
_NOTHING_COMMON: Final = AlertMeaning("there is no common algorithm", _OLDER, _OLDER)
ALERT_MEANINGS: Final = {
    "unknown_ca": AlertMeaning("it does not know the issuer of the certificate", _ISSUER, _OTHER_CLIENT),
    "bad_certificate": _UNTRUSTED,
    "certificate_unknown": _UNTRUSTED,
    "certificate_expired": AlertMeaning("the certificate has expired", _RENEW, _RENEW_CLIENT),
    "certificate_revoked": AlertMeaning("the certificate was revoked", _RENEW, _RENEW_CLIENT),
    "protocol_version": AlertMeaning("the versions of TLS do not match", "update the server, which is too old", "update the client, which is too old"),
    "handshake_failure": _NOTHING_COMMON,
    "insufficient_security": _NOTHING_COMMON,
    "unrecognized_name": AlertMeaning("it does not know the name that it was asked for", "", "connect to the name that the server has"),
    "internal_error": AlertMeaning("something failed inside it", _LOG, "look in the server's log; perhaps it has no certificate"),
    "certificate_required": AlertMeaning("it wants a certificate of the client's", "", _OTHER_CLIENT),
}
# fmt: on
"""By the alert's name in the standard."""
