"""Recordings made of dialogues, what ``pop3spy report`` makes of them, and how a page is read."""

from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

from cli.program import run_here
from logs.dialogue import CLIENT, SERVER, Play, raise_it
from pop3spy.capture.header import Header
from pop3spy.capture.recorder import Recorder
from pop3spy.findings import Findings, own_rules
from pop3spy.protocol.frames import Side
from pop3spy.report.collecting import Collecting
from pop3spy.report.report import Report, ReportedRecording
from pop3spy.session.bus import Bus
from pop3spy.session.how import How
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading

STARTED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
LOGIN = """\
    S: +OK POP3 ready
    C: USER bob
    S: +OK
    C: PASS sesame123
    S: +OK
"""
QUIT = """\
    C: QUIT
    S: +OK bye
"""


class Said(NamedTuple):
    """A session: what was said, and when and how it ended."""

    dialogue: str
    at: float = 0.0
    how: How | None = How.QUIT
    client: Peer = CLIENT


def recorded(file: Path, *sessions: Said | str) -> Path:
    """Record *sessions* in the new *file*, and return it."""
    with file.open("wb") as stream:
        header = Header(STARTED, "pop3spy test", "secrets", "keep")
        stream.write(header.lines().encode())
        bus = Bus(raise_it)
        bus.subscribe(partial(Recorder, bodies="keep", write=stream.write))
        for number, session in enumerate(sessions, 1):
            said = Said(session) if isinstance(session, str) else session
            reading = Reading(number, said.client, SERVER, said.at, bus.publish)
            play = Play(reading, said.at).play(said.dialogue)
            if said.how is not None:
                play.end(said.how)
    return file


def reported(file: Path, *options: str) -> str:
    """Return what a report of *file* says."""
    status, out, err = run_here("report", str(file), *options)
    assert status == 0, err
    return out


def report_of(
    talk: Iterable[tuple[Side, bytes | None]], *, mail: bool = False, client: Peer = CLIENT
) -> Report:
    """Return the report of one session in which *talk* is said at once, and judged."""
    report = Report(strict=False, mail=mail, rules=own_rules())
    report.recordings.append(ReportedRecording("a.yaml", STARTED))
    keep = Collecting(report.begin, mail=mail, strict=False)
    bus = Bus(raise_it)
    for subscriber in (Findings(bus.publish, own_rules(), raise_it), keep):
        bus.subscribe(subscriber)
    play = Play(Reading(1, client, SERVER, 0.0, bus.publish), 0.0)
    for side, octets in talk:
        if octets:
            play.say(side, octets, 0.0)
    play.end()
    keep.close()
    return report


VOID = {"meta", "br", "link", "img", "input", "hr", "rect", "path", "line", "polygon"}


class Element(NamedTuple):
    """An element with what it says of itself, and the names of those that it is in."""

    name: str
    facts: dict[str, str]
    inside: tuple[str, ...]


class Page(HTMLParser):
    """A page: its elements, and its text by the class of the element that it stands in."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.elements: list[Element] = []
        self.texts: list[tuple[Element, str]] = []
        self._open: list[Element] = []
        self.feed(source)
        self.close()
        assert self._open == [], "an element has no end"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        element = Element(tag, facts, tuple(one.name for one in self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        self.elements.append(Element(tag, facts, tuple(one.name for one in self._open)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().name == tag, f"{tag} ends what is not open"

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.append((self._open[-1], data))

    @property
    def ids(self) -> list[str]:
        return [one.facts["id"] for one in self.elements if "id" in one.facts]

    @property
    def links(self) -> list[str]:
        return [one.facts["href"] for one in self.elements if "href" in one.facts]

    @property
    def headings(self) -> list[str]:
        """The headings of its parts: what stands in h2, without what is told beside it."""
        return [text.strip() for element, text in self.texts if element.name == "h2"]

    def text(self) -> str:
        """Return all that a person reads."""
        return "".join(text for one, text in self.texts if one.name not in ("style", "script"))

    def inside(self, name: str) -> str:
        """Return the text of the elements of that name."""
        return "".join(text for one, text in self.texts if one.name == name)

    def rows(self) -> list[str]:
        """Return the ids of the exchanges that have a row in a transcript."""
        return [
            one.facts["id"]
            for one in self.elements
            if one.name == "tr" and one.facts.get("id", "").startswith("r")
        ]


def policy_hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def body(lines: Iterable[str]) -> str:
    """Return a multi-line reply as lines of a dialogue."""
    return "\n".join(["    S: +OK", *(f"    {line}" for line in lines), "    .", ""])
