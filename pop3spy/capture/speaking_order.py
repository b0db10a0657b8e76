"""The order in which two sides spoke, of whom only is known what each said."""

from collections.abc import Iterator

from pop3spy.protocol.decoder import Decoder
from pop3spy.protocol.frames import BodyPart, Challenge, Frame, Side, StatusLine
from pop3spy.protocol.replies import status_of


def in_speaking_order(
    client: Iterator[bytes], server: Iterator[bytes]
) -> Iterator[tuple[Side, bytes]]:
    """Yield the lines of both in the order that the protocol gives them.

    The server greets and answers, the client asks and goes on in AUTH.  What was pipelined comes
    out as if it had waited.
    """
    decoder = Decoder()
    asks, says = next(client, b""), next(server, b"")
    last: Frame | None = None
    while asks or says:
        if says and (not asks or _server_speaks(decoder, last, says)):
            side, line, says = Side.SERVER, says, next(server, b"")
        else:
            side, line, asks = Side.CLIENT, asks, next(client, b"")
        yield side, line
        decoder.append(side, line)
        while (frame := decoder.next()) is not None:
            last = frame


def _server_speaks(decoder: Decoder, last: Frame | None, says: bytes) -> bool:
    """Return whether the next line is the server's."""
    match last:
        case Challenge() | StatusLine(final=False) | BodyPart(side=Side.CLIENT):
            return False
    return not decoder.quiet or (status_of(says) is None and not says.startswith(b"+"))
