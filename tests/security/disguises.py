"""A secret as a server may repeat it, and the traces of it that nothing may show.

Nothing here is taken from the program: it is the other half of the proof.
"""

import base64
import html
import json
import quopri
import re
from array import array
from collections.abc import Iterator
from functools import cache
from html.entities import html5
from typing import Any
from urllib.parse import quote_from_bytes

import re2

LEAST = 4
"""Characters below which a trace says nothing: it may be there by chance."""


def disguises(secret: bytes) -> dict[str, bytes]:
    """Return *secret* in every form in which a server may repeat it, by name."""
    return {
        "as it is": secret,
        "upper case": _upper(secret),
        "lower case": _lower(secret),
        "quoted": b'"%b"' % secret,
        "inside a word": b"pw=%b;" % secret,
        "base64": base64.b64encode(secret),
        "base64 behind one octet": base64.b64encode(b"?" + secret + b"!"),
        "base64 behind two octets": base64.b64encode(b"??" + secret + b"!!"),
        "base64 of upper case": base64.b64encode(secret.upper()),
        "hex": secret.hex().encode(),
        "upper-case hex": secret.hex().upper().encode(),
        "percent": quote_from_bytes(secret, safe="").encode(),
        "percent, some": quote_from_bytes(secret, safe="/!#$&'()*+,:;=@[]").lower().encode(),
        "percent, all": b"".join(b"%%%02X" % octet for octet in secret),
        "percent twice": quote_from_bytes(quote_from_bytes(secret, safe="").encode()).encode(),
        **escaped(secret),
    }


def escaped(secret: bytes) -> dict[str, bytes]:
    """Return *secret* as programs escape it; none of these changes a secret without odd octets."""
    text = secret.decode("latin-1")
    utf8 = _utf8(secret)
    return {
        "backslashes before quotes": re.sub(rb"([\\\"'])", rb"\\\1", secret),
        "backslashes before all that is odd": re.sub(rb"([^\w\s])", rb"\\\1", secret),
        "backslash and hex": b"".join(b"\\x%02x" % octet for octet in secret),
        "backslash and octal": b"".join(b"\\%03o" % octet for octet in secret),
        "as Python writes it": ascii(secret)[2:-1].encode(),
        "as JSON writes it": json.dumps(utf8 or text)[1:-1].encode(),
        "as JSON writes it into a page": re.sub(
            rb"[<>&'+]",
            lambda sign: b"\\u%04x" % sign[0][0],
            json.dumps(utf8 or text)[1:-1].encode(),
        ),
        "JSON, all": "".join(f"\\u{half:04X}" for half in _halves(utf8 or text)).encode(),
        "a character in Python": "".join(f"\\U{ord(char):08x}" for char in utf8 or text).encode(),
        "doubled quotes": secret.replace(b'"', b'""').replace(b"'", b"''"),
        "HTML": html.escape(text).encode("latin-1"),
        "HTML, all names": "".join(_NAMES.get(char, char) for char in utf8 or text).encode(),
        "HTML, decimal": "".join(f"&#{ord(char)};" for char in utf8 or text).encode(),
        "HTML, hex": "".join(f"&#x{ord(char):X};" for char in utf8 or text).encode(),
        "HTML in percent": quote_from_bytes(html.escape(text).encode("latin-1"), safe="").encode(),
        "quoted-printable": quopri.encodestring(secret, quotetabs=True).replace(b"=\n", b""),
        "quoted-printable, all": b"".join(b"=%02X" % octet for octet in secret),
        "URL-safe base64": base64.urlsafe_b64encode(secret),
        "URL-safe base64 behind one octet": base64.urlsafe_b64encode(b"?" + secret),
        **{f"hex with {name}": secret.hex(char).encode() for name, char in BETWEEN.items()},
    }


def _halves(text: str) -> list[int]:
    """Return *text* in UTF-16, as JSON counts."""
    return list(array("H", text.encode("utf-16")[2:]))


_NAMES = {char: f"&{name}" for name, char in sorted(html5.items()) if name.endswith(";")}
BETWEEN = {"colons": ":", "blanks": " ", "dashes": "-"}


def unpacked(text: str) -> str:
    """Return *text* and, behind it, what each base64 in its records stands for, in Latin-1.

    What a fact says of base64 is none.
    """
    packed = re.findall(r'"base64": "(?!(?:ok|padding|length|foreign octet)")([^"]*)"', text)
    return "\n".join([text, *(base64.b64decode(each).decode("latin-1") for each in packed)])


@cache
def traces(secret: bytes) -> frozenset[str]:
    """Return what no output may hold, in lower case."""
    return frozenset(trace.lower() for trace in _traces(secret) if len(trace) >= LEAST)


@cache
def any_trace(secrets: tuple[bytes, ...]) -> Any:
    """Return a pattern of all traces of *secrets*, in the octets of UTF-8.

    A text is read once by it, and not once a trace, of which several secrets have a thousand.
    """
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = 1 << 28
    found = sorted(set().union(*map(traces, secrets)))
    return re2.compile(b"|".join(re2.escape(octets_of(trace)) for trace in found), options)


def octets_of(text: str) -> bytes:
    """Return *text* as ``any_trace`` reads it."""
    return text.encode("utf-8", "surrogatepass")


def _traces(secret: bytes) -> Iterator[str]:
    for spelling in {secret, _upper(secret), _lower(secret)}:
        yield repr(spelling)[2:-1]
        for text in _texts(spelling):
            yield text
            yield json.dumps(text)[1:-1]
            yield text.encode("unicode_escape").decode()
        yield spelling.hex()
        yield quote_from_bytes(spelling, safe="")
        yield "".join(f"%{octet:02x}" for octet in spelling)
        if len(spelling) >= LEAST:  # a hex dump has two octets by chance
            for form in escaped(spelling).values():
                yield form.decode("latin-1").rstrip("=")
        for before in range(3):
            sure = base64.b64encode(bytes(before) + spelling).decode()
            yield sure[(0, 2, 3)[before] : (before + len(spelling)) * 8 // 6]


def _texts(octets: bytes) -> Iterator[str]:
    yield octets.decode("latin-1")
    if (text := _utf8(octets)) is not None:
        yield text


def _utf8(octets: bytes) -> str | None:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return None


def _upper(secret: bytes) -> bytes:
    text = _utf8(secret)
    return secret.upper() if text is None else text.upper().encode()


def _lower(secret: bytes) -> bytes:
    text = _utf8(secret)
    return secret.lower() if text is None else text.lower().encode()
