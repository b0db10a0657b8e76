"""The beginning of TLS, as far as it is in clear: records in, messages out (RFC 8446, section 5).

It may be anything that a hostile peer sends: nothing is an error, and what is kept is bounded.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from pop3spy.protocol.hello import CLIENT_HELLO, HANDSHAKE, ClientHello, read_client_hello

ALERT: Final = 21
LONGEST: Final = 128 << 10
"""Octets beyond which a message is not waited for; chains of certificates have some thousands."""
LONGEST_HELLO: Final = 32768
"""Octets beyond which nothing is taken for a ClientHello; real ones have some hundreds."""

_HEAD: Final = 5
_RECORD: Final = 16384 + 2048  # RFC 5246, section 6.2.3
_ALERT_SIZE: Final = 2  # one that has another size is encrypted


class TlsMessage(NamedTuple):
    """A handshake message of a ``kind``, or an alert, whose kind is ``ALERT``."""

    content: int
    kind: int
    body: bytes


class Records:
    """What one side says in TLS; once it is ``over``, all the rest is encrypted, or is no TLS."""

    def __init__(self) -> None:
        self.over = False
        self._data = bytearray()
        self._message = bytearray()

    def feed(self, data: bytes) -> Iterator[TlsMessage]:
        """Take what the side sent and yield the messages that are whole now."""
        if not self.over:
            self._data += data
        while len(self._data) >= _HEAD:
            content, size = self._data[0], int.from_bytes(self._data[3:_HEAD])
            if content not in (HANDSHAKE, ALERT) or self._data[1] != 3 or size > _RECORD:
                self._end()
                return
            if len(self._data) < _HEAD + size:
                return
            inside = bytes(self._data[_HEAD : _HEAD + size])
            del self._data[: _HEAD + size]
            if content == HANDSHAKE:
                self._message += inside
                yield from self._messages()
            elif size == _ALERT_SIZE:
                yield TlsMessage(ALERT, inside[1], b"")
            else:
                self._end()

    def _messages(self) -> Iterator[TlsMessage]:
        while len(self._message) >= 4:
            size = int.from_bytes(self._message[1:4])
            if size > LONGEST:
                self._end()
            elif len(self._message) < 4 + size:
                return
            else:
                kind, body = self._message[0], bytes(self._message[4 : 4 + size])
                del self._message[: 4 + size]
                yield TlsMessage(HANDSHAKE, kind, body)

    def _end(self) -> None:
        self.over = True
        self._data.clear()
        self._message.clear()


def read_hello(data: bytes) -> ClientHello | None:
    """Return the ClientHello that *data* begins with, None if more is needed to tell.

    One that cannot be read says nothing: the handshake itself will tell what is wrong with it.
    """
    records = Records()
    for message in records.feed(data):
        return read_client_hello(message.body) if message.kind == CLIENT_HELLO else ClientHello()
    return ClientHello() if records.over or len(data) > LONGEST_HELLO else None
