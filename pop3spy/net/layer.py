"""TLS on one connection: records on its outside, plain octets on its inside.

It knows no socket: what comes is given to ``take``, and ``records`` is what is to be sent then.
"""

import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Final

_RECORD: Final = 16384
"""Octets of content that a record holds at most (RFC 8446, section 5.1)."""


class Layer:
    """One side of TLS; a *name* makes it a client's, who asks for a server of that name.

    With an empty one the client asks for none.  *explain* says in a sentence what an error means
    that ends it, and what to do next; it is given the error, and the SSLObject.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        explain: Callable[[Exception, ssl.SSLObject], str],
        name: str | None = None,
    ) -> None:
        self._explain = explain
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_side=name is None, server_hostname=name or None
        )
        self._ahead: list[bytes] = []  # what is to be sent once the handshake is done
        self.begun = False
        self.ended = False  # the peer said that it will say no more
        self.error: ssl.SSLError | None = None  # what ends it, behind octets that were whole

    @property
    def object(self) -> ssl.SSLObject:
        """What there is to know of the handshake."""
        return self._tls

    def explain(self, error: Exception) -> str:
        """Return in a sentence what *error*, which ends this, means."""
        return self._explain(error, self._tls)

    def records(self) -> bytes:
        """Return the records that are to be sent now."""
        return self._outgoing.read()

    def take(self, data: bytes) -> bytes:
        """Take in records, or parts of them; return the plain octets in those that are whole.

        Raise ssl.SSLError if TLS comes to an end that it should not; ``records`` may then hold the
        alert that tells the peer.  If octets came before that, return them, and keep it as
        ``error``.
        """
        self._incoming.write(data)
        if not self.begun and not self._shake():
            return b""
        pieces = []
        try:
            while piece := self._tls.read(_RECORD):
                pieces.append(piece)
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.ended = True
        except ssl.SSLError as error:
            if not pieces:
                raise
            self.error = error
        return b"".join(pieces)

    def seal(self, data: bytes) -> None:
        """Make records of *data*, now or once the handshake is done."""
        if not self.begun:
            self._ahead.append(data)
            return
        view = memoryview(data)
        while view:
            view = view[self._tls.write(view) :]

    def finish(self) -> None:
        """Say that no more will come from this side."""
        if self.begun:
            with suppress(ssl.SSLError):  # it wants the peer to say so too, which may take its time
                self._tls.unwrap()

    def _shake(self) -> bool:
        """Go on with the handshake; return whether it is done."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        self.begun = True
        ahead, self._ahead = self._ahead, []
        self.seal(b"".join(ahead))
        return True
