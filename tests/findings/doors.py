"""What is found in a conversation, by every way on which it can come."""

import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial

from pop3spy.capture.header import Header
from pop3spy.capture.reader import CaptureReader
from pop3spy.capture.recorder import Recorder
from pop3spy.findings import Finding, Findings, Rule, own_rules
from pop3spy.findings.dialogue import read_dialogue
from pop3spy.redaction.secret_memory import SecretMemory
from pop3spy.session.bus import Reader
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.events import Ended, Event, Raised
from pop3spy.session.model import Session
from pop3spy.session.playback import play_back
from pop3spy.session.tape import Item, Spoke

STARTED = datetime(2026, 6, 1, tzinfo=UTC)
"""When conversations take place: tokens run out."""
Found = list[tuple[int, Finding]]
"""Each finding with the number of the session that it was raised in."""


class Gathered:
    """A subscriber that keeps what is raised."""

    def __init__(self) -> None:
        self.found: Found = []
        self.over: list[Session] = []
        self._open = 0

    def __call__(self, _: Session) -> Reader:
        """Read on."""
        return self._read

    def _read(self, event: Event) -> None:
        if isinstance(event, Raised):
            self.found.append((event.session.id, event.finding))
        elif isinstance(event, Ended):
            self.over.append(event.session)
            assert [finding for number, finding in self.found if number == event.session.id] == (
                event.session.findings
            )


def fails(rule: Rule, error: Exception) -> None:
    """Let no rule fail in silence."""
    raise AssertionError(f"the rule {rule.id} failed") from error


def judged(items: Iterable[Item]) -> Found:
    """Return what is found in what happened."""
    gathered = Gathered()
    play_back(
        items,
        gathered,
        memory=SecretMemory(STARTED),
        judge=lambda publish: Findings(publish, own_rules(), fails),
    )
    return gathered.found


def on_tape(dialogue: str) -> Found:
    """Return what is found in *dialogue* as it stands."""
    return judged(read_dialogue(dialogue).tape())


def in_a_recording(dialogue: str, bodies: str = "keep") -> Found:
    """Return what is found in a recording of *dialogue*, with its mail kept, masked or dropped."""
    clock = Clock()
    written = io.BytesIO()
    recorder = partial(Recorder, bodies=bodies, write=written.write)
    play_back(read_dialogue(dialogue).tape(), recorder, memory=SecretMemory(STARTED))
    text = Header(clock.started).lines() + written.getvalue().decode()
    return judged(CaptureReader(io.StringIO(text), "capture"))


def in_pieces(items: Iterable[Item], size: int) -> Iterator[Item]:
    """Yield *items* with what is said cut into pieces of *size* octets, which come at one time."""
    for item in items:
        if isinstance(item, Spoke):
            side, data, at = item.chunk.side, item.chunk.data, item.chunk.at
            for start in range(0, len(data), size):
                yield Spoke(item.session, Chunk(side, data[start : start + size], at))
        else:
            yield item


def ids(found: Found) -> list[str]:
    """Return the ids of what was found, those that were explained later left out, in order."""
    return [finding.id for _, finding in found if finding.explained_by is None]
