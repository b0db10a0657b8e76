"""The recorded sessions of one user as one maildrop.

Sessions that found the maildrop the same are one scene: whatever was asked in one of them can be
asked in any.  A new one begins where messages had been deleted, or new ones had come; it has its
own numbers, and what other scenes know of its messages is lent to it.

Rules: 1. a message is found again by its unique-id, else by its content, else by its place; the
place counts only if nothing that is known of the two maildrops speaks against it; 2. of other
scenes nothing is lent that has a number in it: RETR and TOP, as they were, and sizes and ids.
"""

from bisect import bisect
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Self

from pop3spy.protocol.commands import Command
from pop3spy.replay.choose import Chooser, Key, key_of
from pop3spy.replay.messages import Message, Messages, messages_of
from pop3spy.replay.recorded_maildrop import RecordedMaildrop, deleted_in, message_of, number_in
from pop3spy.replay.script import Script, Step

MOST_UNNAMED: Final = 1000
"""Messages that are kept apart though nothing is known of them but that they are counted."""


def scenes_of(scripts: Sequence[Script]) -> list["Scene"]:
    """Return the scenes that the sessions of one user make, in the order of *scripts*."""
    scenes: list[Scene] = []
    known: dict[_Key, _Found] = {}
    for script in scripts:
        told = _Told.of(script)
        if not scenes or scenes[-1].deleted or not scenes[-1].agrees_with(told):
            scenes.append(Scene.of(told, known, scenes[-1].left() if scenes else Scene()))
        scenes[-1].add(script, told)
        known |= scenes[-1].keys()
    return scenes


@dataclass(slots=True, eq=False)
class _Found:
    """A message, and all that any session tells of it; copies share an id or a text."""

    unique_id: str | None = None
    size: int | None = None
    text: str | None = None
    steps: dict[Key, Step] = field(default_factory=dict)

    def learn(self, told: Message) -> None:
        """Take in what one more session tells."""
        self.unique_id = self.unique_id or told.unique_id
        self.size = told.size if self.size is None else self.size
        self.text = self.text or (told.content.text if told.content else None)

    def conflicts_with(self, told: Message) -> bool:
        """Return whether it cannot be the message that *told* tells of."""
        text = told.content.text if told.content else None
        known = (self.unique_id, told.unique_id), (self.size, told.size), (self.text, text)
        return any(None not in pair and pair[0] != pair[1] for pair in known)


@dataclass(frozen=True, slots=True)
class _Told:
    """What one session tells of the maildrop as a whole: ``octets`` is what its STAT said."""

    messages: Messages
    count: int | None
    octets: int | None

    @classmethod
    def of(cls, script: Script) -> Self:
        """Return what the session of *script* tells."""
        maildrop = RecordedMaildrop(script)
        stats = [
            number_in(step.outcome.words, 1)
            for step in script.steps
            if step.command.verb == "STAT" and step.outcome.ok and not maildrop.marked_at(step)
        ]
        return cls(messages_of(script.outcomes), maildrop.count, stats[0] if stats else None)


@dataclass(eq=False)
class Scene:
    """What is played to a client: some sessions as one script; ``numbers`` has its messages.

    ``deleted`` are those that were gone when these sessions were over.
    """

    numbers: dict[int, _Found] = field(default_factory=dict)
    count: int | None = None
    octets: int | None = None
    deleted: frozenset[int] = frozenset()
    scripts: list[Script] = field(default_factory=list)

    @classmethod
    def of(cls, told: _Told, known: Mapping["_Key", _Found], left: Self) -> Self:
        """Return what a session *told* of that found something else than its forerunner *left*.

        *known* is what messages of all earlier sessions can be found again by.
        """
        numbers: dict[int, _Found] = {}
        for number, keys in _keys(told.messages):
            message = replace(told.messages[number], size=None)
            found = (known[key] for key in keys if key in known)
            if match := next((each for each in found if not each.conflicts_with(message)), None):
                numbers[number] = match
        same = left.agrees_with(told, may_grow=True)
        taken = set(map(id, numbers.values()))
        for number, each in left.numbers.items() if same else ():
            if number not in numbers and id(each) not in taken:
                numbers[number] = each
        return cls(numbers, left.count if told.count is None and same else told.count)

    def left(self) -> Self:
        """Return what is left when the messages that were deleted are gone."""
        gone = sorted(self.deleted)
        numbers = {
            number - bisect(gone, number): message
            for number, message in self.numbers.items()
            if number not in self.deleted
        }
        return type(self)(numbers, None if self.count is None else self.count - len(gone))

    def agrees_with(self, told: _Told, *, may_grow: bool = False) -> bool:
        """Return whether this may be the maildrop that *told* tells of, or what it has grown to."""
        if None not in (self.octets, told.octets) and self.octets != told.octets:
            return False
        for number, message in told.messages.items():
            known = self.numbers.get(number)
            if known and known.conflicts_with(message):
                return False
            if not may_grow and self.count is not None and number > self.count:
                return False
        if self.count is None or told.count is None:
            return True
        return told.count >= self.count if may_grow else told.count == self.count

    def add(self, script: Script, told: _Told) -> None:
        """Take in a session that found this maildrop."""
        self.scripts.append(script)
        self.count = told.count if self.count is None else self.count
        self.octets = told.octets if self.octets is None else self.octets
        self.deleted = deleted_in(script)
        for number in range(1, min(self.count or 0, MOST_UNNAMED) + 1):
            self.numbers.setdefault(number, _Found())
        for number, message in told.messages.items():
            self.numbers.setdefault(number, _Found()).learn(message)
        for step in script.steps:
            about = self.numbers.get(message_of(step.command) or 0)
            if about and _can_be_lent(step):
                about.steps.setdefault(_lent_key(step.command), step)

    def keys(self) -> dict["_Key", _Found]:
        """Return by what its messages can be found again."""
        texts = {number: (each.unique_id, each.text) for number, each in self.numbers.items()}
        return {key: self.numbers[n] for n, keys in _by_occurrence(texts) for key in keys}

    def start_of(self, client: int) -> int:
        """Return the step with which a client begins: each has a session of its own in turn."""
        return sum(len(each.steps) for each in self.scripts[: client % len(self.scripts)])

    @cached_property
    def script(self) -> Script:
        """All its sessions as one script, with what is lent behind them."""
        first, *others = self.scripts
        steps, begins = list(first.steps), set()
        own = {key_of(step.command) for each in self.scripts for step in each.steps}
        for more in (*(each.steps for each in others), tuple(self._lent(own))):
            begins.add(len(steps))
            steps += [replace(step, index=place) for place, step in enumerate(more, len(steps))]
        if len(steps) == len(first.steps):
            return first
        return replace(first, steps=tuple(steps), begins=frozenset(begins))

    @cached_property
    def maildrop(self) -> RecordedMaildrop:
        """What is known of its messages, from whichever session."""
        maildrop = RecordedMaildrop(self.script)
        for number, message in self.numbers.items():
            maildrop.learn(number, message.size, message.unique_id)
        maildrop.count = self.count if maildrop.count is None else maildrop.count
        return maildrop

    @cached_property
    def chooser(self) -> Chooser:
        """Finds the steps of its script."""
        return Chooser(self.script)

    def _lent(self, own: set[Key]) -> Iterator[Step]:
        for number, message in sorted(self.numbers.items()):
            for step in message.steps.values():
                args = (b"%d" % number, *step.command.args[1:])
                command = replace(step.command, args=args)
                if key_of(command) not in own:
                    line = b" ".join((command.verb.encode(), *args)) + b"\r\n"
                    outcome = replace(step.outcome, command=command)
                    yield replace(step, line=line, command=command, outcome=outcome)


def _can_be_lent(step: Step) -> bool:
    outcome = step.outcome
    return step.command.verb in ("RETR", "TOP") and outcome.ok is True and outcome.complete


def _lent_key(command: Command) -> Key:
    return command.verb, *command.args[1:]


_Key = tuple[str, str, int]


def _keys(messages: Messages) -> Iterator[tuple[int, list[_Key]]]:
    """Yield each message with what it can be found by, the best first."""
    return _by_occurrence(
        {
            number: (each.unique_id, each.content.text if each.content else None)
            for number, each in messages.items()
        }
    )


def _by_occurrence(
    messages: Mapping[int, tuple[str | None, str | None]],
) -> Iterator[tuple[int, list[_Key]]]:
    """Yield each number with its keys; copies may share one (RFC 1939, section 7)."""
    seen: Counter[tuple[str, str]] = Counter()
    for number, (unique_id, text) in messages.items():
        keys = []
        for kind, said in (("id", unique_id), ("text", text)):
            if said is not None:
                seen[kind, said] += 1
                keys.append((kind, said, seen[kind, said]))
        yield number, keys
