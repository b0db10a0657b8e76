"""What is known of a message's header once it has passed."""

import re
from dataclasses import dataclass
from typing import Final

from pop3spy.protocol.message import unstuff
from pop3spy.session.body_digest import keyed_digest

HEADER: Final = 65536
"""How many octets of a header are looked at; of a longer one nothing is known."""

_MESSAGE_ID: Final = 998
"""How many octets of a Message-ID are kept."""

# The literal line end in front makes each as fast as find.
_EMPTY_LINE: Final = re.compile(rb"\n(\r{0,2}\n)")
_MESSAGE_ID_FIELD: Final = re.compile(rb"\n(?i:Message-ID)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)")
_UNSTABLE_FIELD: Final = re.compile(
    rb"\n(?i:(?:X-)?Status|X-UIDL|X-Keywords)[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*"
)


@dataclass(slots=True)
class HeaderFacts:
    """Facts about a header: the lines before the first empty one, or all if there is none.

    ``octets`` counts them without the dots that were stuffed, ``lines`` their LFs.  ``eight_bit``
    counts the octets from 0x80 on, ``utf8`` is whether all of it is valid UTF-8 (RFC 6856).  The
    digests are keyed, and empty without a key; the stable one leaves out Status, X-Status, X-UIDL
    and X-Keywords, which servers write themselves.  ``message_id`` is the content of that field,
    at most 998 octets.
    """

    octets: int
    lines: int
    eight_bit: int
    utf8: bool
    digest: bytes
    stable_digest: bytes
    message_id: bytes | None


class HeaderGatherer:
    """Keeps the octets of a header, still stuffed, until its end has come.

    ``ended``: the empty line has come.  ``header`` is what has come of it, at most HEADER octets.
    """

    __slots__ = ("_head", "ended")

    def __init__(self) -> None:
        self._head = b"\n"  # a header begins as if behind a line end
        self.ended = False

    def add(self, part: bytes) -> bytes | None:
        """Take more; return what stands behind the empty line, or None until that has come.

        If it does not come in HEADER octets, all that has come is returned, and there is no header.
        """
        seen = len(self._head)
        head = self._head = self._head + part[: HEADER + 1 - seen]
        empty = _EMPTY_LINE.search(head, max(0, seen - 3))
        if empty:
            self.ended = True
            self._head = head[: empty.start(1)]
            return part[empty.end() - seen :]
        if len(head) > HEADER:
            self._head = b""
            return head[1:] + part[len(head) - seen :]
        return None

    @property
    def header(self) -> bytes:
        """The header without the empty line."""
        return self._head[1:]


def facts_of_header(wire: bytes, key: bytes) -> HeaderFacts:
    """Return what there is to know of a header as it came over the wire, still stuffed.

    Without a *key* there are no digests.
    """
    header = unstuff(wire)
    eight_bit, utf8 = 0, True
    if not header.isascii():
        eight_bit = len(header) - len(header.decode("ascii", "ignore"))
        utf8 = _is_utf8(header)
    behind_line = b"\n" + header
    message_id = _MESSAGE_ID_FIELD.search(behind_line)
    digest = stable = keyed_digest(header, key) if key else b""
    if key and _UNSTABLE_FIELD.search(behind_line):
        stable = keyed_digest(_UNSTABLE_FIELD.sub(b"", behind_line)[1:], key)
    return HeaderFacts(
        len(header),
        header.count(b"\n"),
        eight_bit,
        utf8,
        digest,
        stable,
        message_id[1].strip()[:_MESSAGE_ID] if message_id else None,
    )


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True
