"""The messages of a session as its replies tell of them, and which message of another each is."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from pop3spy.replay.content import Content
from pop3spy.replay.outcome import Outcome
from pop3spy.replay.recorded_maildrop import message_of, number_in, said_of_messages


@dataclass(frozen=True, slots=True)
class Message:
    """What is known of one message: what LIST and UIDL say, and what RETR brought.

    ``retrieved`` is the exchange that brought it.  ``identity`` stands for what nobody changes of
    its header, if that was looked at.
    """

    size: int | None = None
    unique_id: str | None = None
    content: Content | None = None
    retrieved: int | None = None
    identity: str | None = None

    def __str__(self) -> str:
        """Return it for a person: ``id-1, 120 octets``."""
        size = self.content.size if self.content else self.size
        parts = [self.unique_id, None if size is None else f"{size:,} octets"]
        return ", ".join(filter(None, parts)) or "listed"


Messages = Mapping[int, Message]
"""The messages of a maildrop by their numbers."""


class PairBy(Enum):
    """How the messages of two sessions are paired."""

    UID = "uid"
    CONTENT = "content"
    POSITION = "position"


_WORDS: Final = {
    PairBy.UID: "unique-id",
    PairBy.CONTENT: "content",
    PairBy.POSITION: "position",
}


@dataclass(frozen=True, slots=True)
class Pairing:
    """Which message is which: *pairs* are numbers before and now, the others have no partner.

    They were to be found ``by`` one way; ``found`` are the ways in which any were.
    """

    by: PairBy
    before: Messages
    now: Messages
    pairs: Mapping[int, int]
    found: tuple[PairBy, ...] = ()

    @property
    def called(self) -> str:
        """What the messages were found by, in words; if none was, what was looked for."""
        return " and ".join(_WORDS[by] for by in self.found or (self.by,))

    @property
    def missing(self) -> list[int]:
        """The numbers of messages that are there no more."""
        return [number for number in self.before if number not in self.pairs]

    @property
    def added(self) -> list[int]:
        """The numbers, as they are now, of messages that were not there before."""
        return sorted(self.now.keys() - self.pairs.values())

    def both(self) -> Iterator[tuple[int, Message, Message]]:
        """Yield each message that is in both: its number before, and what is known of it."""
        for number, other in self.pairs.items():
            yield number, self.before[number], self.now[other]


def messages_of(outcomes: Iterable[Outcome]) -> dict[int, Message]:
    """Return the messages that *outcomes* tell of, in the order of their numbers."""
    found: dict[int, Message] = {}

    def learn(number: int, known: Message) -> None:
        there = found.get(number, Message())
        found[number] = Message(
            there.size if known.size is None else known.size,
            known.unique_id or there.unique_id,
            known.content or there.content,
            known.retrieved or there.retrieved,
        )

    for outcome in outcomes:
        if not (outcome.ok and outcome.complete):
            continue
        verb = outcome.command.verb
        if verb == "RETR" and (named := message_of(outcome.command)):
            learn(named, Message(content=outcome.content, retrieved=outcome.number))
        elif verb in ("LIST", "UIDL"):
            for number, said in said_of_messages(outcome):
                size = int(said) if verb == "LIST" and said.isdecimal() else None
                learn(number, Message(size, said if verb == "UIDL" else None))
    return dict(sorted(found.items()))


def pair_messages(before: Messages, now: Messages, by: PairBy | None = None) -> Pairing:
    """Return which message of *now* each of *before* is, found *by* what is best or asked for.

    What is not found so is looked for in the other ways, but never by its position.
    """
    if by is None:
        by = _best(before, now)
    if by is PairBy.POSITION:
        return Pairing(by, before, now, dict(zip(before, now, strict=False)))
    ways = [(PairBy.UID, _ids), (PairBy.CONTENT, _digests), (PairBy.CONTENT, _identities)]
    wanted = ways if by is PairBy.UID else [*ways[1:], ways[0]]
    pairs: dict[int, int] = {}
    found: list[PairBy] = []
    for way, keys in wanted:
        left = {number: each for number, each in before.items() if number not in pairs}
        taken = set(pairs.values())
        there = {number: each for number, each in now.items() if number not in taken}
        known = {key: number for number, key in keys(there)}
        new = {number: known[key] for number, key in keys(left) if key in known}
        pairs |= new
        found += [way] if new and way not in found else []
    return Pairing(by, before, now, dict(sorted(pairs.items())), tuple(found))


def _best(before: Messages, now: Messages) -> PairBy:
    """Return the way in which most are found; unique-ids are for it, positions the last resort."""
    for by, keys in ((PairBy.UID, _ids), (PairBy.CONTENT, _digests)):
        old, new = ({key for _, key in keys(each)} for each in (before, now))
        if old & new and 2 * len(old & new) >= min(len(old), len(new)):
            return by
    return PairBy.POSITION


Keyed = Iterator[tuple[int, tuple[str, int]]]


def _ids(messages: Messages) -> Keyed:
    return _by_occurrence((number, each.unique_id) for number, each in messages.items())


def _digests(messages: Messages) -> Keyed:
    return _by_occurrence(
        (number, each.content.text if each.content else None) for number, each in messages.items()
    )


def _identities(messages: Messages) -> Keyed:
    return _by_occurrence((number, each.identity) for number, each in messages.items())


def _by_occurrence(keys: Iterable[tuple[int, str | None]]) -> Keyed:
    """Yield each number with its key; copies may share one (RFC 1939, section 7)."""
    seen: Counter[str] = Counter()
    for number, key in keys:
        if key is not None:
            seen[key] += 1
            yield number, (key, seen[key])


def renumbered(outcomes: Sequence[Outcome], pairing: Pairing, *, now: bool) -> list[Outcome]:
    """Return *outcomes* with numbers that mean the same in both, less what has no partner.

    Those of *now* get the numbers of before.
    """
    numbers = {(new if now else old): old for old, new in pairing.pairs.items()}
    alone = set(pairing.added if now else pairing.missing)
    return [
        _renumbered(outcome, number, numbers)
        for outcome in outcomes
        if (number := message_of(outcome.command)) not in alone
    ]


def _renumbered(outcome: Outcome, number: int | None, numbers: Mapping[int, int]) -> Outcome:
    """Return *outcome*, which is about message *number* if about one, with these *numbers*."""
    content = outcome.content
    if outcome.command.verb in ("LIST", "UIDL") and content and content.entries is not None:
        kept: dict[int | str, str] = {
            numbers[key] if isinstance(key, int) else key: said
            for key, said in content.entries.items()
            if not isinstance(key, int) or key in numbers
        }
        return replace(outcome, content=replace(content, entries=kept))
    if number is None or number not in numbers:
        return outcome
    there = str(numbers[number])
    args = (there.encode(), *outcome.command.args[1:])
    words = outcome.words
    if number_in(words, 0) == number:
        words = (there, *words[1:])
    return replace(outcome, command=replace(outcome.command, args=args), words=words)
