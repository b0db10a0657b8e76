"""Octets that are not POP3 but turn up where POP3 is expected.

Each is recognised at the beginning of a line only, and never by less than its standard gives:
TLS records (RFC 8446, section 5.1), the SSLv2 hello (RFC 5246, appendix E.2), Telnet commands
(RFC 854), SASL security layers (RFC 4422, section 3.7) and PROXY headers (HAProxy's
proxy-protocol.txt, versions 1 and 2).

A record header of application data in front of clear text is a mistake of whoever wrote it, and
only the header is no POP3: such data is encrypted, so it is no line of printable ASCII.  A line may
begin with an asterisk: a cancelled AUTH does, and a secret in a recording.
"""

import re
from enum import Enum, auto

PROXY_V2 = b"\r\n\r\n\x00\r\nQUIT\n"
_PROXY_V1_FAMILIES = (b"PROXY TCP4 ", b"PROXY TCP6 ", b"PROXY UNKNOWN")
_PROXY_V1_LONGEST = 107
_PROXY_V2_FIXED = 16

TLS_HEADER = 5
"""Octets of the header of a TLS record (RFC 8446, section 5.1)."""
PEEK = 128
"""Octets that are looked at to tell what begins."""

_TLS_TYPES = range(0x14, 0x18)
_APPLICATION_DATA = 0x17
_SPOKEN = re.compile(rb"[+*A-Za-z-][\x20-\x7e]*\r?\n?")
_TLS_MINORS = range(5)
_IAC, _SB, _SE = 0xFF, 0xFA, 0xF0
_LONGEST_NEGOTIATION = 64


class Foreign(Enum):
    """What the octets at the beginning of a line are."""

    TLS = auto()
    TLS_HEADER = auto()  # and clear text behind it
    LAYER = auto()
    UNDECIDED = auto()  # the next octet will tell


def recognise(start: bytes, *, first: bool, layer: bool) -> Foreign | int | None:
    """Return what *start* begins, the size of a Telnet command, or None for plain POP3.

    *first* says that nothing was sent before it (an SSLv2 hello is possible only then), *layer*
    that a SASL security layer may have begun.
    """
    octet = start[0]
    if octet in _TLS_TYPES:
        return _tls_record(start)
    if octet == _IAC:
        return _telnet(start)
    if octet & 0x80 and first:
        return _ssl2_hello(start)
    if octet == 0 and layer:
        return Foreign.LAYER
    return None


def proxy_header(start: bytes) -> int | None:
    """Return the size of the PROXY header that *start* begins: 0 for none, None: not known yet."""
    if start.startswith(PROXY_V2):
        if len(start) < _PROXY_V2_FIXED:
            return None
        return _PROXY_V2_FIXED + int.from_bytes(start[14:16])
    if PROXY_V2.startswith(start):
        return None
    if any(family.startswith(start[: len(family)]) for family in _PROXY_V1_FAMILIES):
        end = start.find(b"\n", 0, _PROXY_V1_LONGEST)
        if end < 0:
            return None if len(start) < _PROXY_V1_LONGEST else 0
        return end + 1 if start[end - 1 : end] == b"\r" else 0
    return 0


def _tls_record(start: bytes) -> Foreign | None:
    if len(start) > 1 and start[1] != 3:
        return None
    if len(start) < 3:
        return Foreign.UNDECIDED
    if start[2] not in _TLS_MINORS:
        return None
    return _application_data(start) if start[0] == _APPLICATION_DATA else Foreign.TLS


def _application_data(start: bytes) -> Foreign:
    """Return what stands behind the header of a record that should be encrypted."""
    line = start[TLS_HEADER : start.find(b"\n", TLS_HEADER) + 1 or None]
    if len(start) > TLS_HEADER and not _SPOKEN.fullmatch(line):
        return Foreign.TLS
    if line.endswith(b"\n"):
        return Foreign.TLS_HEADER
    return Foreign.UNDECIDED if len(start) < PEEK else Foreign.TLS


def _ssl2_hello(start: bytes) -> Foreign | None:
    if b"\n" in start[:2]:  # a whole line, which must not wait for what comes behind it
        return None
    if len(start) < 3:
        return Foreign.UNDECIDED
    return Foreign.TLS if start[2] == 1 else None


def _telnet(start: bytes) -> Foreign | int | None:
    if len(start) == 1:
        return Foreign.UNDECIDED
    command = start[1]
    if command == _SB:
        # A whole line is answered as one, so it must not wait for what comes behind it.
        line_end = start.find(b"\n", 2, _LONGEST_NEGOTIATION)
        end = start.find(bytes((_IAC, _SE)), 2, _LONGEST_NEGOTIATION if line_end < 0 else line_end)
        if end >= 0:
            return end + 2
        undecided = len(start) < _LONGEST_NEGOTIATION and line_end < 0
        return Foreign.UNDECIDED if undecided else None
    if command > _SB:  # WILL, WONT, DO, DONT take an option; a second IAC is text
        if command == _IAC:
            return None
        return 3 if len(start) > 2 else Foreign.UNDECIDED
    return 2 if command >= _SE else None
