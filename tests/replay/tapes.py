r"""Recordings as text, and what is made of them.

A recording is written like a dialogue of the decoder's tests (``C:``, ``S:``, ``S|`` for what came
in the same chunk, ``S<`` for octets without a line end).  ``S(2):`` comes two seconds later, other
lines a hundredth.  Eight full blocks stand where a secret was; ``TLS`` is where it
began, and ``TLS client`` where it did with the client alone.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from inspect import cleandoc

from dialogue import said
from pop3spy.protocol.frames import Side
from pop3spy.protocol.text import MASK
from pop3spy.replay.assemble import read_script
from pop3spy.replay.outcome import Outcome
from pop3spy.replay.recording import outcomes_of
from pop3spy.replay.script import Script
from pop3spy.session.bus import Reader
from pop3spy.session.chunk import Chunk
from pop3spy.session.events import Ended, Event, Heard, Named, Opened
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer, Session
from pop3spy.session.tape import Began, Item, Knew, Over, Spoke
from pop3spy.session.tls import Tls

CLIENT, SERVER = Peer("127.0.0.1", 50312), Peer("mail.example.org", 110)
STEP = 0.01
TLS = Tls("TLSv1.3", "TLS_AES_256_GCM_SHA384")

_WAIT = re.compile(r"^([CS])\(([0-9.]+)\)", re.MULTILINE)
_BLOCKS = MASK.encode()
_FILLER = b"*" * 8

LOGGED_IN = """
    S: +OK ready
    C: USER bob
    S: +OK
    C: PASS sesame123
    S: +OK logged in
"""


def tape(text: str, how: How = How.QUIT, *, session: int = 1, behind: float = STEP) -> list[Item]:
    """Return the recording of one session; it ended *behind* seconds after the last octet."""
    script = cleandoc(text)
    items: list[Item] = [Began(session, 0.0, CLIENT, SERVER)]
    at = 0.0
    for line in _chunks(script):
        match = _WAIT.match(line)
        at += float(match[2]) if match else STEP
        if line.startswith("TLS"):
            tls = replace(TLS, side=line.removeprefix("TLS ")) if " " in line else TLS
            items.append(Knew(session, at, {"tls": tls.facts()}))
            continue
        ((side, data),) = said(_WAIT.sub(r"\1", line))
        assert data is not None
        items.append(_spoke(session, side, data, at))
    items.append(Over(session, at + behind, Ending(how)))
    return items


def _is_chunk(line: str) -> bool:
    return bool(line) and line[1] != "|"


def _chunks(script: str) -> Iterator[str]:
    """Yield the lines of each chunk."""
    lines: list[str] = []
    for line in filter(None, script.splitlines()):
        if lines and _is_chunk(line):
            yield "\n".join(lines)
            lines = []
        lines.append(line)
    yield "\n".join(lines)


def _spoke(session: int, side: Side, data: bytes, at: float) -> Spoke:
    pieces, masks, size = [], [], 0
    for number, part in enumerate(data.split(_BLOCKS)):
        if number:
            pieces.append(_FILLER)
            masks.append((size, size + 8))
            size += 8
        pieces.append(part)
        size += len(part)
    return Spoke(session, Chunk(side, b"".join(pieces), at), tuple(masks))


def script(text: str, how: How = How.QUIT, *, behind: float = STEP) -> Script:
    return read_script(iter(tape(text, how, behind=behind)))


def behind_login(text: str, how: How = How.QUIT) -> Script:
    return script(cleandoc(LOGGED_IN) + "\n" + cleandoc(text), how)


def outcomes(text: str) -> tuple[Outcome, ...]:
    return outcomes_of(iter(tape(text)))


class Recorder:
    """Makes a tape of the events of all sessions, as a capture does."""

    def __init__(self) -> None:
        self.items: list[Item] = []

    def __call__(self, _: Session) -> Reader:
        return lambda event: self.items.extend(_items(event))


def _items(event: Event) -> Iterator[Item]:
    number = event.session.id
    match event:
        case Opened(session=session, at=at):
            yield Began(number, at, session.client, session.server)
        case Named(at=at, user=user):
            yield Knew(number, at, {"user": user})
        case Heard(frame=frame, first=first):
            begins = [(0, first), *frame.cuts]
            ends = [*(offset for offset, _ in frame.cuts), len(frame.raw)]
            for (start, at), end in zip(begins, ends, strict=True):
                masks = tuple((a - start, b - start) for a, b in frame.masks if start <= a < end)
                yield Spoke(number, Chunk(frame.side, frame.raw[start:end], at), masks)
        case Ended(at=at, ending=ending):
            yield Over(number, at, ending)
