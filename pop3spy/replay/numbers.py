"""Which live message a recorded one is: numbers mean nothing from one session to the next."""

from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from enum import Enum

from pop3spy.replay.content import Content, Entries
from pop3spy.replay.outcome import Outcome
from pop3spy.replay.recorded_maildrop import RecordedMaildrop, names_message, number_in


class By(Enum):
    """How messages are found again."""

    NUMBER = "number"  # as recorded
    UID = "uid"  # by unique-id
    POSITION = "position"  # by their place in the listing, gaps in the numbering left out


class Numbers:
    """Recorded numbers and live ones; where nothing is known, a number stands for itself.

    *taken* are the numbers that messages have, then or now.
    """

    def __init__(
        self, pairs: Mapping[int, int] | None = None, taken: AbstractSet[int] = frozenset()
    ) -> None:
        self._live = None if pairs is None else dict(pairs)
        self._recorded = {live: recorded for recorded, live in (pairs or {}).items()}
        self._taken = taken

    def live(self, recorded: int) -> int | None:
        """Return the live number of a message, or None if it is not there.

        A number that no message has or had is as good as it was.
        """
        if self._live is None or recorded not in self._taken:
            return recorded
        return self._live.get(recorded)

    def as_recorded(self, outcome: Outcome) -> Outcome:
        """Return a live outcome with recorded numbers; what has none keeps its own, marked new."""
        if self._live is None:
            return outcome
        content, words = outcome.content, outcome.words
        if outcome.command.verb in ("LIST", "UIDL") and content and content.entries is not None:
            return replace(outcome, content=self._renumbered(content, content.entries))
        if names_message(outcome.command) and (live := number_in(words, 0)) in self._recorded:
            return replace(outcome, words=(str(self._recorded[live]), *words[1:]))
        return outcome

    def _renumbered(self, content: Content, entries: Entries) -> Content:
        named: dict[int | str, str] = {}
        for number, said in entries.items():
            known = self._recorded.get(number) if isinstance(number, int) else None
            named[known or f"{number} (new)"] = said
        return replace(content, entries=named)


def pair_up(by: By, maildrop: RecordedMaildrop, listing: Entries) -> Numbers:
    """Return which message of the live *listing* each recorded one is."""
    live = {number: said for number, said in listing.items() if isinstance(number, int)}
    recorded = maildrop.sizes.keys() | maildrop.unique_ids.keys()
    taken = recorded | live.keys()
    if by is By.POSITION:
        return Numbers(dict(zip(sorted(recorded), sorted(live), strict=False)), taken)
    found = {key: number for number, key in _by_occurrence(live)}
    pairs = ((number, found.get(key)) for number, key in _by_occurrence(maildrop.unique_ids))
    return Numbers({number: there for number, there in pairs if there is not None}, taken)


def _by_occurrence(unique_ids: Mapping[int, str]) -> Iterator[tuple[int, tuple[str, int]]]:
    """Yield each number with its id; copies may share one (RFC 1939, section 7)."""
    seen: Counter[str] = Counter()
    for number, unique_id in sorted(unique_ids.items()):
        seen[unique_id] += 1
        yield number, (unique_id, seen[unique_id])
