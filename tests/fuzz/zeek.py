"""Inputs of Zeek's fuzzers (``src/fuzzers/corpora/pop3-corpus.zip`` there) as conversations.

Each piece of one begins with four octets and a fifth, whose lowest bit is set for the client.
"""

from fuzz.seeds import APART

_PIECE = b"\1PKT"


def conversation(data: bytes) -> bytes:
    """Return an input of Zeek's as ours are; any other as it is."""
    before, *pieces = data.split(_PIECE)
    if before or not pieces:
        return data
    return APART.join(
        (b"C" if piece[0] & 1 else b"S") + piece[1:].replace(APART, b"")
        for piece in pieces
        if piece
    )
