"""How strong a certificate's key and signature are, as far as that is agreed (RFC 9325)."""

from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

LEAST_RSA: Final = 2048
LEAST_EC: Final = 256
_BROKEN: Final = frozenset({"md5", "sha1"})


@dataclass(frozen=True, slots=True)
class Strength:
    """The kind of a key and its bits, and the hash that its issuer signed; empty: not known."""

    kind: str
    bits: int
    signed: str

    @property
    def weak(self) -> str:
        """What of it is too weak, or nothing (RFC 9325, section 4.5; RFC 9155)."""
        if self.kind == "RSA" and self.bits < LEAST_RSA:
            return f"an RSA key of {self.bits} bits"
        if self.kind == "EC" and self.bits < LEAST_EC:
            return f"a key of {self.bits} bits on an elliptic curve"
        if self.kind == "DSA":
            return "a DSA key"
        return f"a signature of {self.signed.upper()}" if self.signed in _BROKEN else ""


def strength_of(der: bytes) -> Strength | None:
    """Return how strong the certificate *der* is; None if it cannot be read."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    try:
        hashed = certificate.signature_hash_algorithm
        signed = hashed.name if hashed is not None else ""
    except UnsupportedAlgorithm:
        signed = ""
    match key:
        case rsa.RSAPublicKey():
            return Strength("RSA", key.key_size, signed)
        case ec.EllipticCurvePublicKey():
            return Strength("EC", key.key_size, signed)
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
            return Strength("Ed", LEAST_EC, signed)
    return Strength("DSA", 0, signed)
