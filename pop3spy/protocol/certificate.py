"""What a certificate says of itself (RFC 5280, section 4; the encoding is X.690's DER).

It is read here, without a library, since what is wrong with a certificate is often what somebody
looks for: a library refuses some that have to be shown.  Nothing is checked, and nothing is an
error: what cannot be read is empty.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

LONGEST: Final = 100 << 10
"""Octets of a certificate that are read; TLS libraries take no more by default."""
MOST_NAMES: Final = 100
FEW_NAMES: Final = 5
"""Names of a certificate that a person is told; large servers have a hundred."""
_LONGEST_NAME: Final = 255
_LONGEST_URL: Final = 2000

_OID, _UTC_TIME, _SEQUENCE = 0x06, 0x17, 0x30
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_BMP_STRING, _UNIVERSAL_STRING = 0x1E, 0x1C
_COMMON_NAME: Final = b"\x55\x04\x03"
_ORGANIZATION: Final = b"\x55\x04\x0a"
_ALTERNATIVE_NAMES: Final = b"\x55\x1d\x11"
_OTHER_NAME, _DNS_NAME, _IP_ADDRESS = 0xA0, 0x82, 0x87
_AUTHORITY_ACCESS: Final = b"\x2b\x06\x01\x05\x05\x07\x01\x01"
_ISSUERS: Final = b"\x2b\x06\x01\x05\x05\x07\x30\x02"
_URI: Final = 0x86
_SERVICE_NAME: Final = b"\x2b\x06\x01\x05\x05\x07\x08\x07"

Element = tuple[int, bytes]
"""The tag of an element, and its content."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Whose it is and whose word that is, from when until when (UTC), and its ``names``.

    ``subject`` and ``issuer`` are the most telling part: the common name, else the organization.
    With ``own_issuer`` it is signed by nobody but itself, as far as names tell.  ``services`` are
    names of a service in a domain, such as ``_pop3s.example.org`` (SRV-ID; RFC 4985).
    ``issuer_at`` are the addresses of its issuer's certificate (AIA; RFC 5280, section 4.2.2.1).
    """

    subject: str = ""
    issuer: str = ""
    since: str = ""
    until: str = ""
    names: tuple[str, ...] = ()
    own_issuer: bool = False
    subject_der: bytes = b""
    issuer_der: bytes = b""
    services: tuple[str, ...] = ()
    issuer_at: tuple[str, ...] = ()


def read_certificate(der: bytes) -> Certificate:
    """Return what the certificate *der* says."""
    parts = list(_inside(_first(_first(der[:LONGEST]))))
    if parts and parts[0][0] == _VERSION:
        del parts[0]
    contents = [content for _, content in parts[:5]]
    contents += [b""] * (5 - len(contents))
    _, _, issuer, validity, subject = contents
    times = [_time(*element) for element in _inside(validity)][:2]
    since, until = [*times, "", ""][:2]
    extensions = [content for tag, content in parts[6:] if tag == _EXTENSIONS]
    names = [name for content in extensions for name in _names(content)]
    services = [name for content in extensions for name in _services(content)]
    return Certificate(
        _name(subject),
        _name(issuer),
        since,
        until,
        tuple(names[:MOST_NAMES]),
        bool(subject) and subject == issuer,
        subject,
        issuer,
        tuple(services[:MOST_NAMES]),
        tuple(url for content in extensions for url in _issuer_at(content))[:MOST_NAMES],
    )


def few(names: Sequence[str]) -> str:
    """Return *names* for a sentence: the first of them, and how many more there are."""
    more = len(names) - FEW_NAMES
    return ", ".join(names[:FEW_NAMES]) + (f" and {more} more" if more > 0 else "")


def is_among(name: str, names: Iterable[str]) -> bool:
    """Return whether a certificate for *names* is one for *name* (RFC 9525, section 6.3)."""
    wanted = name.lower().rstrip(".")
    _, _, parent = wanted.partition(".")
    accepted = (wanted, f"*.{parent}" if parent else wanted)
    return any(each.lower() in accepted for each in names)


def _inside(data: bytes) -> Iterator[Element]:
    """Yield the elements that *data* is made of, as far as they are whole."""
    place = 0
    while place + 2 <= len(data):
        tag, size = data[place], data[place + 1]
        place += 2
        if size & 0x80:
            width = size & 0x7F
            if not 0 < width < 4:  # without an end, or larger than anything here
                return
            size = int.from_bytes(data[place : place + width])
            place += width
        if place + size > len(data):
            return
        yield tag, data[place : place + size]
        place += size


def _first(data: bytes) -> bytes:
    """Return the content of the first element, if that is a sequence."""
    tag, content = next(_inside(data), (0, b""))
    return content if tag == _SEQUENCE else b""


def _name(data: bytes) -> str:
    """Return the most telling part of a name."""
    parts: dict[bytes, str] = {}
    for _, group in _inside(data):
        for _, pair in _inside(group):
            match list(_inside(pair)):
                case [(tag, kind), (form, value)] if tag == _OID:
                    parts[kind] = _text(form, value)[:_LONGEST_NAME]
    return parts.get(_COMMON_NAME) or parts.get(_ORGANIZATION) or ""


def _text(tag: int, value: bytes) -> str:
    if tag == _BMP_STRING:
        return value.decode("utf-16-be", "replace")
    if tag == _UNIVERSAL_STRING:
        return value.decode("utf-32-be", "replace")
    return value.decode("utf-8", "replace")


def _time(tag: int, value: bytes) -> str:
    """Return ``2026-11-23 10:00:00Z``; years of two digits are those from 1950 to 2049."""
    text = value.decode("ascii", "replace")
    if tag == _UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    digits = text[:14]
    if len(text) != 15 or text[14] != "Z" or not (digits.isascii() and digits.isdigit()):
        return ""
    year, month, day, *time = digits[:4], digits[4:6], digits[6:8], *_pairs(digits[8:])
    return f"{year}-{month}-{day} {':'.join(time)}Z"


def _pairs(text: str) -> list[str]:
    return [text[at : at + 2] for at in range(0, len(text), 2)]


def _extension(extensions: bytes, wanted: bytes) -> Iterator[Element]:
    """Yield what is in the sequence that the extension *wanted* is."""
    for _, extension in _inside(_first(extensions)):
        match list(_inside(extension)):
            case [(_, kind), *_, (_, value)] if kind == wanted:
                yield from _inside(_first(value))


def _issuer_at(extensions: bytes) -> Iterator[str]:
    """Yield where the certificate of the issuer is."""
    for _, access in _extension(extensions, _AUTHORITY_ACCESS):
        match list(_inside(access)):
            case [(_, kind), (tag, url)] if kind == _ISSUERS and tag == _URI:
                yield url[:_LONGEST_URL].decode("ascii", "replace")


def _names(extensions: bytes) -> Iterator[str]:
    """Yield the host names and addresses among the alternative names."""
    for tag, name in _extension(extensions, _ALTERNATIVE_NAMES):
        if tag == _DNS_NAME:
            text = name[:_LONGEST_NAME].decode("utf-8", "replace")
            yield text.replace(",", "\N{REPLACEMENT CHARACTER}")  # or one reads as two
        elif tag == _IP_ADDRESS and len(name) in (4, 16):
            yield str(ip_address(name))


def _services(extensions: bytes) -> Iterator[str]:
    """Yield the names of services among the alternative names (RFC 4985, section 2)."""
    for tag, name in _extension(extensions, _ALTERNATIVE_NAMES):
        match list(_inside(name)) if tag == _OTHER_NAME else []:
            case [(_, kind), (_, value)] if kind == _SERVICE_NAME:
                for _, text in _inside(value):
                    yield text[:_LONGEST_NAME].decode("ascii", "replace")
