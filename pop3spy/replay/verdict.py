"""What differences between two maildrops mean to people: what is missing, new or changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pop3spy.protocol.frames import BodyPart, Side
from pop3spy.protocol.message import unstuff
from pop3spy.protocol.text import count
from pop3spy.replay.messages import Message, Pairing
from pop3spy.session.bus import Reader
from pop3spy.session.events import Answered, Event, Heard
from pop3spy.session.model import Exchange, Session

MOST_PLACES: Final = 20
"""Changed messages of which the place is looked up that differs first."""
_LONGEST: Final = 64 << 20
"""Octets of a message that are looked at for that."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where two texts differ first: ``octet`` and ``line`` are counted from 1."""

    octet: int
    line: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the messages of one session in another, by their numbers before.

    ``new`` are numbers as they are now.  ``ends`` differ in nothing but line ends at their end, in
    what was listed or in what was sent; ``of_ids`` is how many had a unique-id both times.
    """

    found_by: str
    both: int
    missing: tuple[int, ...]
    new: tuple[int, ...]
    changed: tuple[int, ...]
    ends: tuple[int, ...]
    ids: tuple[int, ...]
    of_ids: int

    def lines(self, places: Mapping[int, Place]) -> Iterator[str]:
        """Yield what it means, a line each; *places* are where changed messages differ first."""
        yield (
            f"{count(self.both, 'message')} in both, found by {self.found_by};"
            f" {len(self.missing):,} missing, {len(self.new):,} new, {len(self.changed):,} changed"
        )
        for number in self.changed[:MOST_PLACES]:
            told = ""
            if where := places.get(number):
                told = f": octet {where.octet:,} is the first that differs, in line {where.line:,}"
            yield f"message {number} has another content{told}"
        if len(self.changed) > MOST_PLACES:
            yield f"and {len(self.changed) - MOST_PLACES:,} more with another content"
        if self.ids:
            yield (
                f"unique-ids changed for {len(self.ids):,} of {count(self.of_ids, 'message')}:"
                " clients will fetch these again"
            )
        if self.ends:
            verb = "differs" if len(self.ends) == 1 else "differ"
            yield f"{count(len(self.ends), 'size')} {verb} only in a line end at the end"


def verdict_of(pairing: Pairing) -> Verdict:
    """Return what a *pairing* means."""
    both = list(pairing.both())
    ids = [each for each in both if each[1].unique_id and each[2].unique_id]
    changed = tuple(number for number, before, now in both if _changed(before, now))
    return Verdict(
        pairing.called,
        len(both),
        tuple(pairing.missing),
        tuple(pairing.added),
        changed,
        tuple(n for n, before, now in both if n not in changed and _ends_differ(before, now)),
        tuple(n for n, before, now in ids if before.unique_id != now.unique_id),
        len(ids),
    )


def _changed(before: Message, now: Message) -> bool:
    one, other = before.content, now.content
    return bool(one and other and one.text and other.text and one.text != other.text)


def _ends_differ(before: Message, now: Message) -> bool:
    """Return whether the text is the same, and a size is not."""
    one, other = before.content, now.content
    if one is None or other is None or not one.text or one.text != other.text:
        return False
    listed = before.size is not None and now.size is not None and before.size != now.size
    return listed or one.size != other.size


def first_difference(one: bytes, other: bytes) -> Place:
    """Return where two different texts differ first."""
    low, high = 0, min(len(one), len(other))  # they are the same up to low
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return Place(low + 1, one.count(b"\n", 0, low) + 1)


class Texts:
    """A subscriber that keeps the messages of some exchanges of one session, unstuffed.

    *wanted* are the numbers of exchanges by those of the messages.
    """

    def __init__(self, session: int, wanted: Mapping[int, int]) -> None:
        self._session = session
        self._wanted = {exchange: message for message, exchange in wanted.items()}
        self.texts: dict[int, bytes] = {}

    def __call__(self, session: Session) -> Reader | None:
        """Return what keeps them, if *session* is the one."""
        if session.id != self._session:
            return None
        parts: dict[int, list[bytes]] = {}

        def read(event: Event) -> None:
            match event:
                case Heard(frame=BodyPart(side=Side.SERVER, raw=raw), exchange=Exchange() as asked):
                    kept = parts.setdefault(asked.number, [])
                    if asked.number in self._wanted and sum(map(len, kept)) < _LONGEST:
                        kept.append(raw)
                case Answered(exchange=asked) if number := self._wanted.get(asked.number):
                    self.texts[number] = unstuff(b"".join(parts.pop(asked.number, [])))

        return read
