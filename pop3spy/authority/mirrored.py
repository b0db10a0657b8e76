"""What a server's certificate says its names are.

It may be anything that a hostile server sends, so nothing in it is an error.
"""

import warnings

from cryptography import x509
from cryptography.x509.oid import NameOID

from pop3spy.authority.names import Names, names_as_they_stand
from pop3spy.protocol.certificate import LONGEST


def names_of(der: bytes) -> Names:
    """Return the names of a certificate; none if it has none, or cannot be read."""
    if len(der) > LONGEST:
        return Names()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a library's word on a peer's certificate is for nobody
        try:
            return _read(der)
        except Exception:  # noqa: BLE001 - whatever the library makes of it, it has no names
            return Names()


def _read(der: bytes) -> Names:
    certificate = x509.load_der_x509_certificate(der)
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        hosts, addresses = [], []
    else:
        hosts = alternatives.value.get_values_for_type(x509.DNSName)
        addresses = alternatives.value.get_values_for_type(x509.IPAddress)
    return names_as_they_stand(hosts, addresses, [str(each.value) for each in common])
