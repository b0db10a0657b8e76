"""What a recording tells of the maildrop: which messages there were, and when which were marked."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from pop3spy.protocol.commands import Command
from pop3spy.protocol.replies import number_of
from pop3spy.protocol.states import Effect, State
from pop3spy.replay.outcome import Outcome
from pop3spy.replay.script import Script, Step

COUNTING: Final = frozenset({"STAT", "LIST", "UIDL"})
"""Commands whose reply depends on which messages are marked as deleted."""

_ALWAYS: Final = 1 << 60


def names_message(command: Command) -> bool:
    """Return whether a command is about one message, be its number one or not."""
    if command.spec is None or not command.args:
        return False
    return command.spec.syntax.lstrip("[").startswith("message")


def message_of(command: Command) -> int | None:
    """Return the number of the message that a command is about, if it is about one."""
    return number_of(command.args[0]) if names_message(command) else None


def number_in(words: Sequence[str], place: int) -> int | None:
    """Return the number that stands there, if there is one."""
    return number_of(words[place].encode()) if place < len(words) else None


def said_of_messages(outcome: Outcome) -> Iterator[tuple[int, str]]:
    """Yield what a reply to LIST or UIDL says of each message, by number: a size or a unique-id."""
    content, words = outcome.content, outcome.words
    if content and content.entries is not None:
        yield from ((key, said) for key, said in content.entries.items() if isinstance(key, int))
    elif content is None and len(words) > 1 and (number := number_in(words, 0)) is not None:
        yield number, words[1]


class RecordedMaildrop:
    """Sizes, unique-ids and texts by message number, as far as they were asked for.

    ``count`` is of all messages, marked ones as well, None if nobody asked.
    """

    def __init__(self, script: Script) -> None:
        self.sizes: dict[int, str] = {}
        self.unique_ids: dict[int, str] = {}
        self.texts: dict[int, Step] = {}
        self._marked: dict[int, list[tuple[int, int]]] = {}  # from which step to which
        self._marked_at: dict[int, frozenset[int]] = {}  # by step, of those that count
        self.count: int | None = None
        marked: frozenset[int] = frozenset()
        for step in script.steps:
            if step.index in script.begins:
                self._unmark(step.index - 1)
                marked = frozenset()
            if step.command.verb in COUNTING:
                self._marked_at[step.index] = marked  # shared by steps between two changes
            if step.outcome.ok and step.outcome.complete:
                self._learn(step)
                marked = _marked_behind(step, marked)

    def was_marked(self, number: int, step: Step) -> bool:
        """Return whether a message was marked as deleted when this step was answered."""
        return any(start < step.index <= end for start, end in self._marked.get(number, ()))

    def marked_at(self, step: Step) -> frozenset[int]:
        """Return the messages that were marked as deleted when this STAT, LIST or UIDL came."""
        return self._marked_at.get(step.index, frozenset())

    def left(self, marked: AbstractSet[int]) -> dict[int, int] | None:
        """Return the size of every message that is not *marked*, if all of them are known."""
        if self.count is None or not all(number in self.sizes for number in self._numbers):
            return None
        sizes = {number: number_of(self.sizes[number].encode()) for number in self._numbers}
        left = {number: size for number, size in sizes.items() if number not in marked}
        known = {number: size for number, size in left.items() if size is not None}
        return known if len(known) == len(left) else None

    def ids_left(self, marked: AbstractSet[int]) -> dict[int, str] | None:
        """Return the unique-id of every message that is not *marked*, if all of them are known."""
        if self.count is None or not all(number in self.unique_ids for number in self._numbers):
            return None
        return {n: self.unique_ids[n] for n in self._numbers if n not in marked}

    def learn(self, number: int, size: int | None, unique_id: str | None) -> None:
        """Take in what another session told of a message."""
        if size is not None:
            self.sizes.setdefault(number, str(size))
        if unique_id is not None:
            self.unique_ids.setdefault(number, unique_id)

    @property
    def _numbers(self) -> range:
        """The messages of the maildrop: they are numbered from 1 (RFC 1939, section 5)."""
        return range(1, (self.count or 0) + 1)

    def _learn(self, step: Step) -> None:
        command, outcome = step.command, step.outcome
        number = message_of(command)
        match command.verb:
            case "STAT" if (count := number_in(outcome.words, 0)) is not None:
                self.count = count + len(self.marked_at(step))
            case "LIST" | "UIDL" if not command.args and outcome.content:
                entries = outcome.content.entries or {}
                self.count = len(entries) + len(self.marked_at(step))
                self._note(step)
            case "LIST" | "UIDL":
                self._note(step)
            case "RETR" if number is not None and outcome.content:
                self.sizes.setdefault(number, str(outcome.content.size))
                self.texts.setdefault(number, step)
            case "DELE" if number is not None:
                self._marked.setdefault(number, []).append((step.index, _ALWAYS))
            case "RSET":
                self._unmark(step.index)

    def _unmark(self, index: int) -> None:
        """Let no message be marked behind step *index*."""
        for spans in self._marked.values():
            start, end = spans[-1]
            spans[-1] = start, min(end, index)

    def _note(self, step: Step) -> None:
        known = self.sizes if step.command.verb == "LIST" else self.unique_ids
        known.update(said_of_messages(step.outcome))


def deleted_in(script: Script) -> frozenset[int]:
    """Return the messages that were gone when the session of *script* was over."""
    marked: frozenset[int] = frozenset()
    for step in script.steps:
        if step.command.effect is Effect.QUIT and step.state is State.TRANSACTION:
            return marked if step.outcome.ok else frozenset()
        if step.outcome.ok and step.outcome.complete:
            marked = _marked_behind(step, marked)
    return frozenset()


def _marked_behind(step: Step, marked: frozenset[int]) -> frozenset[int]:
    """Return which messages are marked behind a step before which *marked* ones were."""
    number = message_of(step.command)
    match step.command.verb:
        case "DELE" if number is not None:
            return marked | {number}
        case "RSET":
            return frozenset()
    return marked
