"""Whether a certificate is the one that a TLSA record of the DNS names (RFC 6698)."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_OF_AN_ISSUER: Final = (0, 2)
_OF_THE_SERVER: Final = (1, 3)
_FORMS: Final[dict[int, Callable[[bytes], bytes]]] = {
    0: bytes,
    1: lambda octets: hashlib.sha256(octets).digest(),
    2: lambda octets: hashlib.sha512(octets).digest(),
}
"""What a record has of what it is about (RFC 6698, section 2.1.3)."""


def is_named_by(
    chain: Sequence[bytes], usage: int, selector: int, matching: int, data: bytes
) -> bool | None:
    """Return whether *chain*, in DER form and the server's own first, has what a record names.

    None stands for a record that nobody can use, which a client leaves aside (RFC 6698, section
    4.1).
    """
    form = _FORMS.get(matching)
    if form is None or usage not in (*_OF_AN_ISSUER, *_OF_THE_SERVER) or selector not in (0, 1):
        return None
    about = chain[:1] if usage in _OF_THE_SERVER else chain[1:]
    selected = (_key(der) if selector else der for der in about)
    return any(octets is not None and form(octets) == data for octets in selected)


def _key(der: bytes) -> bytes | None:
    """Return the public key of a certificate, as it stands there; None if it cannot be read."""
    try:
        key = x509.load_der_x509_certificate(der).public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
