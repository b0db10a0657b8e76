"""Dialogues as text, read by a real ``Reading``, and what the logs make of them."""

import io
import json
import textwrap
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pop3spy.logs import JsonLog, Transcript
from pop3spy.protocol.frames import Side
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading

CLIENT, SERVER = Peer("127.0.0.1", 50312), Peer("mail.example.org", 110)
STEP = 0.0012
"""Seconds between two chunks of a dialogue."""


def raise_it(_: object, error: Exception) -> None:
    raise error


class Stage:
    """A bus whose complaints fail the test, a clock that stands still, and both logs."""

    def __init__(self, *, colour: bool = False, width: int | None = None) -> None:
        self.clock = Clock(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
        self.text, self.json = io.StringIO(), io.StringIO()
        self.transcript = Transcript(self.text, self.clock, colour=colour, width=width)
        self.bus = Bus(raise_it)
        self.bus.subscribe(self.transcript)
        log = JsonLog(self.json, self.clock)
        self.bus.subscribe(log)
        self.bus.subscribe_to_notes(log.note)

    def session(
        self,
        number: int = 1,
        at: float = 0.0,
        *,
        strict: bool = False,
        client: Peer = CLIENT,
        server: Peer = SERVER,
    ) -> "Play":
        return Play(
            Reading(
                number, client, server, at, self.bus.publish, names=Pseudonyms() if strict else None
            ),
            at,
        )

    @property
    def rows(self) -> list[str]:
        return self.text.getvalue().split("\n")[:-1]

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.json.getvalue().split("\n")[:-1]]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [found for found in self.objects if found["event"] == name]


class Play:
    """One session of a stage: feeds what the lines of a dialogue say."""

    def __init__(self, reading: Reading, at: float) -> None:
        self.reading = reading
        self.at = at

    def say(self, side: Side, data: bytes, wait: float = STEP) -> None:
        self.at += wait
        self.reading.hear(Chunk(side, data, self.at))

    def play(self, dialogue: str) -> "Play":
        r"""Feed lines like ``C: NOOP`` and ``S: +OK``; ``C(0.5): ...`` comes half a second later.

        A line without a side belongs to the chunk before it; escapes like ``\x1b`` are octets.
        """
        for side, wait, data in chunks(dialogue):
            self.say(side, data, wait)
        return self

    def end(self, how: How = How.QUIT, why: str = "") -> None:
        self.at += STEP
        self.reading.end(self.at, Ending(how, why))


def chunks(dialogue: str) -> Iterable[tuple[Side, float, bytes]]:
    found: list[tuple[Side, float, list[bytes]]] = []
    for raw in dialogue.rstrip().lstrip("\n").split("\n"):
        line = raw.strip()
        head, colon, text = line.partition(": ")
        side, _, wait = head.partition("(")
        if colon and side in ("C", "S"):
            found.append((Side(side), float(wait.rstrip(")") or STEP), [_octets(text)]))
        else:
            found[-1][2].append(_octets(line))
    return [(side, wait, b"".join(lines)) for side, wait, lines in found]


def _octets(text: str) -> bytes:
    r"""Return a line with its end; one that ends in ``\c`` goes on without."""
    ends = not text.endswith("\\c")
    octets = text.removesuffix("\\c").encode("utf-8").decode("unicode_escape").encode("latin-1")
    return octets + b"\r\n" if ends else octets


LOGGED_IN = """
    S: +OK
    C: USER bob
    S: +OK
    C: PASS sesame123
    S: +OK
"""


def shown(dialogue: str, *, end: How | None = None) -> list[str]:
    """Return the rows of a dialogue, without its first row and the times of the others."""
    stage = Stage()
    play = stage.session().play(dialogue)
    if end:
        play.end(end)
    return [row[15:].rstrip() for row in stage.rows[1:]]


def said(dialogue: str, *, end: How | None = None) -> list[str]:
    """Return the rows of a dialogue from their marks on."""
    return [row if row[0] in "├└" else row[15:] for row in shown(dialogue, end=end)]


def after_login(dialogue: str, *, end: How | None = None) -> list[str]:
    return said(LOGGED_IN + textwrap.dedent(dialogue), end=end)[5:]
