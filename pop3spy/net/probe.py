"""A connection whose octets and times are judged, and that is closed in every way there is."""

import asyncio
from functools import partial

from pop3spy.errors import TlsError
from pop3spy.net.connection import Connection
from pop3spy.net.failed import why_failed
from pop3spy.net.layer import Layer
from pop3spy.net.tried import TriedTls, failed, succeeded
from pop3spy.net.trust import Trust
from pop3spy.protocol.frames import Side
from pop3spy.session.how import How


class ProbeConnection(Connection):
    """Talks as a ``Connection`` does, but hands over octets as they come, and no replies.

    STLS that is granted does not begin TLS by itself: ``secure`` does.
    """

    async def octets(self, seconds: float) -> bytes | None:
        """Return what the server says next, as it came; None if it is silent for *seconds*.

        Nothing is returned if it will say no more.
        """
        try:
            async with asyncio.timeout(seconds):
                data = await self._pending.more()
        except TimeoutError:
            return None
        if not data and not self._finished:
            self._pending.tell_closings(self)
            self._finished, error = True, self._pending.error
            if self._how is How.CLIENT_CLOSED:
                self._how = How.SERVER_RESET if error else How.SERVER_CLOSED
            self._reading.close(Side.SERVER)
        elif data:
            self._hear(Side.SERVER, data)
            self._heard.clear()
            self._stls.clear()
        return data

    async def secure(self, trust: Trust, name: str) -> TriedTls:
        """Begin TLS as a client that believes *trust* and asks for *name*; return how it went.

        If that fails, the connection is of no more use.
        """
        errors: list[Exception] = []

        def explain(error: Exception, _: object) -> str:
            errors.append(error)
            return why_failed(error, self._url, self._legs.timeout, trust)

        layer = Layer(trust.context(), explain, name)
        begun = partial(self._secured, layer, trust)
        hands = self._half.secure(layer, begun, self._pending.take())
        try:
            await self._legs.shaken(layer, hands)
        except TlsError as error:
            self._how = How.TLS
            return failed(errors[-1], str(error))
        return succeeded(layer.object)

    def finish(self) -> None:
        """Say that this side will say no more, and go on listening."""
        self._half.finish()
        self.closed(Side.CLIENT, reset=False)

    def reset(self) -> None:
        """Close with a RST; ``close`` is still to be called."""
        self._half.reset()
        self.closed(Side.CLIENT, reset=True)

    @property
    def was_reset(self) -> bool:
        """Whether the server, or the way to it, ended the connection by a RST."""
        return isinstance(self._pending.error, ConnectionError)

    @property
    def was_abrupt(self) -> bool:
        """Whether the server closed without ending TLS first (RFC 8446, section 6.1)."""
        return self._half.abrupt
