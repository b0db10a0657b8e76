r"""A conversation as text, and what the decoder makes of it, as text.

A script has one line for each line on the wire::

    S: +OK ready                       a line of the server, and CRLF
    C: USER bob
    C| PASS tanstaaf                   CRLF, in the same chunk as the line before
    S< +OK\nno                         these octets and nothing else
    C!                                 the client will say no more

Octets are written as in a Python string (``\x00``, ``\r``, ``\\``); blank lines are for the reader.
What was heard is told one frame a line: who spoke, the number of the exchange, the octets without
their CRLF and the blanks before it, and in brackets what the octets do not tell.
"""

from collections.abc import Iterable, Iterator
from inspect import cleandoc
from itertools import groupby
from typing import assert_never

from pop3spy.protocol.decoder import Decoder
from pop3spy.protocol.frames import (
    BodyEnd,
    BodyPart,
    Challenge,
    CommandLine,
    Frame,
    Junk,
    Opaque,
    SaslLine,
    Side,
    StatusLine,
)

Said = tuple[Side, bytes | None]
"""What one side said in one piece; None: it will say no more."""


def said(script: str) -> list[Said]:
    """Return the chunks of *script*."""
    chunks: list[Said] = []
    for line in filter(None, cleandoc(script).split("\n")):
        side, kind, text = Side(line[0]), line[1], line[2:].removeprefix(" ")
        data = octets(text)
        match kind:
            case ":":
                chunks.append((side, data + b"\r\n"))
            case "|":
                before, begun = chunks.pop()
                assert before is side, f"not in one chunk with the other side: {line}"
                assert begun is not None
                chunks.append((side, begun + data + b"\r\n"))
            case "<":
                chunks.append((side, data))
            case "!":
                chunks.append((side, None))
            case _:
                raise ValueError(line)
    return chunks


def octets(text: str) -> bytes:
    r"""Return the octets of *text*, escapes as in Python: ``a\n`` is two octets."""
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def read(
    chunks: Iterable[Said], decoder: Decoder | None = None, *, buffered: bool = False
) -> list[Frame]:
    """Return the frames of *chunks*, as a link reads them; no octet may be lost, doubled or moved.

    *buffered* reads by the buffer also what could be read at once.
    """
    decoder, chunks = decoder or Decoder(), list(chunks)
    frames: list[Frame] = []
    for side, data in chunks:
        if data is None:
            frames += filter(None, (decoder.close(side),))
        elif not buffered and (frame := decoder.at_once(side, data)) is not None:
            frames.append(frame)
        else:
            decoder.append(side, data)
            frames += iter(decoder.next, None)
    for side in Side:
        raw = b"".join(frame.raw for frame in frames if frame.side is side)
        fed = b"".join(data or b"" for who, data in chunks if who is side)
        assert fed.startswith(raw), f"{side} did not say this"
        assert len(fed) - len(raw) == decoder.unfinished(side), f"octets of {side} were lost"
    return frames


def byte_by_byte(chunks: Iterable[Said]) -> Iterator[Said]:
    """Yield *chunks* with every octet on its own."""
    for side, data in chunks:
        if data is None:
            yield side, None
        else:
            yield from ((side, data[at : at + 1]) for at in range(len(data)))


def frames(script: str) -> list[Frame]:
    """Return the frames of *script*."""
    return read(said(script))


def heard(script: str) -> str:
    """Return what is heard when *script* is played, whole or byte by byte."""
    chunks = said(script)
    whole, bytewise = told(read(chunks)), told(read(byte_by_byte(chunks)))
    assert whole == bytewise, "the frames depend on the chunks"
    return whole


def behind(command: str, script: str) -> list[str]:
    """Return what is heard behind *command*, a session's first, line by line."""
    return heard(f"S: +OK\nC: {command}\n{script}").splitlines()[2:]


def told(frames: Iterable[Frame]) -> str:
    """Return *frames* as text, the pieces of a body or of an opaque stretch as one."""
    return "\n".join(_tell(list(pieces)) for _, pieces in groupby(frames, _same))


def lines(text: str) -> str:
    """Return *text* as it stands in a test without what indents it."""
    return cleandoc(text)


class _Alone:
    """Equal to nothing else: a frame that is told on its own."""


def _same(frame: Frame) -> object:
    """Return what two frames have in common that are told as one."""
    match frame:
        case BodyPart():
            return frame.side, frame.number
        case Opaque():
            return frame.side, frame.number, frame.why
        case _:
            return _Alone()


def _tell(pieces: list[Frame]) -> str:
    first, raw = pieces[0], b"".join(piece.raw for piece in pieces)
    who = f"{first.side.value} {first.number or '-'}"
    match first:
        case Opaque():
            return f"{who} {len(raw)} octets ({first.why.value})"
        case BodyPart():
            return f"{who} | {_text(raw)}"
        case BodyEnd():
            what = "(end)"
        case CommandLine():
            what = "(pipelined)" if first.pipelined else ""
        case SaslLine():
            what = "(answer)"
        case Challenge():
            what = "(challenge)"
        case StatusLine():
            what = _status(first)
        case Junk():
            what = f"({first.why.value})"
        case Frame():
            raise AssertionError(first)
        case _:
            assert_never(first)
    cut = "(cut)" if first.truncated else ""
    return " ".join(filter(None, (who, _text(raw.removesuffix(b"\r\n")), what, cut)))


def _status(frame: StatusLine) -> str:
    if not frame.final:
        return "(go on)"
    return {True: "(body)", False: "", None: "(body?)"}[frame.has_body]


def _text(raw: bytes) -> str:
    if len(raw) > 200:
        return f"{_text(raw[:8])}... {len(raw)} octets"
    return raw.decode("latin-1").encode("unicode_escape").decode().rstrip(" ")
