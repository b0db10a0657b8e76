"""The ``>`` that stands before a ``From `` in an mbox, taken away: what mboxrd asks of a reader.

A writer puts one ``>`` more before each line that begins with ``From ``, or with that behind any
number of ``>``, and a reader takes one away (qmail, mbox(5)).  mboxo puts none before ``>From ``,
so such a line of its loses one that was the author's; which of the two wrote an mbox nobody can
tell, and a line that began with ``From `` is by far more frequent.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

_FROM: Final = b"From "
_QUOTED: Final = re.compile(rb"(\n>*)>From ")


def unquoted(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a stored text with one ``>`` less in each quoted line; how it is cut changes nothing.

    The last ``>`` of a line's beginning, and what of ``From `` is behind it, wait for the next
    piece, but not those before it: one less is one less wherever it stood.
    """
    beginning, waiting = b"\n", b""  # a line end as long as nothing but > was read of a line
    for piece in pieces:
        text = beginning + waiting + piece
        start = text.rfind(b"\n") + 1
        line = text[start:] if start else _FROM
        word = line.lstrip(b">")
        ready, waiting = text, b""
        if len(word) < len(line) and _FROM.startswith(word) and word != _FROM:
            waiting = b">" + word
            ready = text[: -len(waiting)]
        if _FROM in ready:
            ready = _QUOTED.sub(rb"\1From ", ready)
        yield ready[len(beginning) :]
        beginning = b"\n" if waiting or not line else b""
    yield waiting
