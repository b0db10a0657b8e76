"""The authority's own key and certificate, and what it signs with them."""

import warnings
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pop3spy.authority.folder import CERTIFICATE, KEY
from pop3spy.authority.leaf import Leaf
from pop3spy.authority.names import Names
from pop3spy.protocol.text import escape

_LIFE: Final = timedelta(days=3652)
_EARLIER: Final = timedelta(days=1)  # clocks of clients may be behind
_LEAF_LIFE: Final = timedelta(days=397)  # with the day before, the most that clients of today take
_OWNER: Final = 33
"""Octets of an owner that fit into a common name with the rest of it."""

_FOREIGN: Final = (
    ValueError,
    TypeError,  # an encrypted key
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises of files that are not what they should be."""

_ANEW: Final = f"put copies of {KEY} and {CERTIFICATE} back, or move both away for a new authority"


class UnfitError(Exception):
    """A key or certificate that cannot be used: why not, and what to do."""


class Issuer:
    """Signs leaves with a *key* and its *certificate*; they all have one key, made here."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self._certificate = certificate
        self._chain = certificate.public_bytes(Encoding.PEM)
        self._known_by = _known_by(certificate)
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._leaf_pem = _pem(self._leaf_key)
        self.subject = certificate.subject.rfc4514_string()
        self.sha256 = certificate.fingerprint(SHA256())
        self.serial = certificate.serial_number
        self.since = certificate.not_valid_before_utc
        self.until = certificate.not_valid_after_utc

    def mint(self, names: Names, now: datetime) -> Leaf:
        """Return a new certificate for *names*."""
        until = min(now + _LEAF_LIFE, self.until)
        since = min(now, until) - _EARLIER
        key = self._leaf_key.public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(*names.common))
            .issuer_name(self._certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(since)
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(_SERVER, critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(self._known_by, critical=False)
        )
        alternatives: list[x509.GeneralName] = [x509.DNSName(host) for host in names.hosts]
        alternatives += [x509.IPAddress(address) for address in names.addresses]
        if alternatives:
            alternative = x509.SubjectAlternativeName(alternatives)
            builder = builder.add_extension(alternative, critical=False)
        certificate = builder.sign(self._key, SHA256()).public_bytes(Encoding.PEM)
        return Leaf(names, since, until, self._leaf_pem + certificate + self._chain)

    def pem(self) -> bytes:
        """Return the certificate as text."""
        return self._chain

    def der(self) -> bytes:
        """Return the certificate as octets."""
        return self._certificate.public_bytes(Encoding.DER)

    def trust_store(self, password: str) -> bytes:
        """Return a PKCS #12 file with the certificate alone, marked as Java wants it."""
        entry = pkcs12.PKCS12Certificate(self._certificate, b"pop3spy")
        return pkcs12.serialize_java_truststore([entry], BestAvailableEncryption(password.encode()))


def make_key() -> bytes:
    """Return a new private key, as PEM."""
    return _pem(ec.generate_private_key(ec.SECP256R1()))


def certify(key_pem: bytes, owner: str, now: datetime) -> bytes:
    """Return a certificate, as PEM, with which a key signs for itself.

    It names *owner*, so that people can tell it in a trust store.  Raise UnfitError if the key
    cannot be used.
    """
    key = _key_from(key_pem)
    short = escape(owner).encode("utf-8", "replace")[:_OWNER].decode("utf-8", "ignore")
    name = _name(f"pop3spy CA of {short} since {now:%Y-%m-%d}")
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True), critical=True)
        .add_extension(_SERVER, critical=False)  # so it vouches for no mail, program or client
        .add_extension(identifier, critical=False)
        .sign(key, SHA256())
    )
    return certificate.public_bytes(Encoding.PEM)


def issuer_from(key_pem: bytes, certificate_pem: bytes, now: datetime) -> Issuer:
    """Return what signs with this key and certificate.

    Raise UnfitError if they cannot be read, are no authority's, do not belong together, or are not
    valid *now*.
    """
    key = _key_from(key_pem)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about odd certificates, which are refused here or fit
        try:
            certificate = x509.load_pem_x509_certificate(certificate_pem)
            constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
            if not constraints.value.ca:
                raise ValueError
            if certificate.public_key() != key.public_key():
                raise UnfitError(f"the key and the certificate do not belong together; {_ANEW}")
            issuer = Issuer(key, certificate)
        except _FOREIGN:
            raise UnfitError(f"the certificate is damaged, or no authority's; {_ANEW}") from None
    if now >= issuer.until:
        raise UnfitError(f"the certificate has expired on {issuer.until:%Y-%m-%d}; {_ANEW}")
    if now < issuer.since:
        since = f"{issuer.since:%Y-%m-%d}"
        raise UnfitError(f"the certificate is not valid before {since}; set this machine's clock")
    return issuer


_SERVER: Final = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(*common: str) -> x509.Name:
    told = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "pop3spy")]
    return x509.Name(told + [x509.NameAttribute(NameOID.COMMON_NAME, each) for each in common])


def _known_by(certificate: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Return how leaves refer to the key of *certificate*: as that calls it itself."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        key = certificate.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(found.value)


def _key_from(pem: bytes) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(pem, None)
    except _FOREIGN:
        raise UnfitError(f"the key is damaged, or locked with a password; {_ANEW}") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise UnfitError(f"the key is none for elliptic curves, as pop3spy makes them; {_ANEW}")
    return key


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
