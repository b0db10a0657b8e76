"""The certificates in a file, in whichever form it has them."""

from collections.abc import Callable
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

_READERS: Final[tuple[Callable[[bytes], list[x509.Certificate]], ...]] = (
    lambda octets: [x509.load_der_x509_certificate(octets)],
    pkcs7.load_der_pkcs7_certificates,
    x509.load_pem_x509_certificates,
)


def certificates_in(octets: bytes) -> list[bytes]:
    """Return the certificates of a file in DER form: DER, PKCS #7 or PEM (RFC 5280, 4.2.2.1).

    There are none in what cannot be read.
    """
    for read in _READERS:
        try:
            return [certificate.public_bytes(Encoding.DER) for certificate in read(octets)]
        except (ValueError, UnsupportedAlgorithm):
            continue
    return []
