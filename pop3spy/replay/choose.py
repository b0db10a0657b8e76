"""Which recorded step fits what a client asks now."""

from collections import defaultdict

from pop3spy.protocol.commands import Command
from pop3spy.protocol.replies import number_of
from pop3spy.protocol.states import State
from pop3spy.replay.outcome import TlsSide
from pop3spy.replay.recorded_maildrop import COUNTING, RecordedMaildrop, message_of, names_message
from pop3spy.replay.script import Script, Step

Key = tuple[str | bytes, ...]


def key_of(command: Command) -> Key:
    """Return what two commands have in common that ask the same.

    Who logs in, and with what, makes no difference; by which mechanism does.  How a number is
    written makes none: curl may ask for 001.
    """
    spec = command.spec
    if spec is None:
        return ("",)
    if spec.turn and command.args:
        return (command.verb, command.args[0].upper())
    if spec.identity or spec.secret:
        return (command.verb,)
    return (command.verb, *map(_plain, command.args))


def _plain(word: bytes) -> bytes:
    number = number_of(word)
    return word.upper() if number is None else b"%d" % number


class Chooser:
    """Finds steps of one script; it serves any number of clients."""

    def __init__(self, script: Script) -> None:
        self._same: defaultdict[Key, list[Step]] = defaultdict(list)
        self._verbs: defaultdict[str, list[Step]] = defaultdict(list)
        for step in script.steps:
            if step.command.spec or step.outcome.ok is False or step.outcome.odd:
                self._same[key_of(step.command)].append(step)
                self._verbs[step.command.verb].append(step)

    def same(self, command: Command) -> list[Step]:
        """Return the steps of the same verb and arguments, as recorded.

        To a verb that nobody knows every refusal of such a verb will do, or line without a
        status: a recording hides which verb it was.
        """
        return self._same.get(key_of(command), [])

    def logins(self, mechanism: str) -> list[Step]:
        """Return the steps that say AUTH with *mechanism*, which is in upper case."""
        return self._same.get(("AUTH", mechanism.encode("latin-1")), [])

    def alike(self, command: Command) -> list[Step]:
        """Return the steps of the same verb that would do as well.

        A reply about another message would be a lie, and one of another shape would be misread.
        """
        if command.spec is None or command.turn or names_message(command):
            return []
        return [step for step in self._verbs.get(command.verb, []) if _fits(step, command)]


def _fits(step: Step, command: Command) -> bool:
    return step.command.shape is command.shape and step.command.turn is command.turn


class Bookmark:
    """Where one client stands in the script: what it has used, and which messages it marked.

    It begins with the step *start*.
    """

    def __init__(self, maildrop: RecordedMaildrop, start: int = 0) -> None:
        self.marked: set[int] = set()
        self._maildrop = maildrop
        self._used: set[int] = set()
        self._cursor = start - 1

    def use(self, step: Step) -> None:
        """Note that this step was played."""
        self._used.add(step.index)
        self._cursor = step.index

    def next_of(self, steps: list[Step], command: Command, state: State | None) -> Step | None:
        """Return the best of *steps* for what is asked in *state*; None: the state is no matter.

        It was recorded in the same situation, its arguments are the very same, and it is the next
        that was not used yet.  If all were, the last does again: a message can be retrieved twice.
        """
        if command.verb in COUNTING:  # comparing sets for equality is fast, and mostly enough
            same = [step for step in steps if self._maildrop.marked_at(step) == self.marked]
            steps = same if any(state in (None, step.state) for step in same) else steps
        fitting = [step for step in steps if self._fits_now(step, command, state)]
        return min(fitting, key=lambda step: self._rank(step, command), default=None)

    def _fits_now(self, step: Step, command: Command, state: State | None) -> bool:
        if state not in (None, step.state):
            return False
        if (number := message_of(command)) is not None:
            return self._maildrop.was_marked(number, step) == (number in self.marked)
        return command.verb not in COUNTING or self._maildrop.marked_at(step) <= self.marked

    def _rank(self, step: Step, command: Command) -> tuple[bool, bool, int, int, int]:
        counts = command.verb in COUNTING and not command.args
        missing = len(self.marked - self._maildrop.marked_at(step)) if counts else 0
        used = step.index in self._used
        order = 2 if used else int(step.index <= self._cursor)
        index = -step.index if used else step.index
        outside = step.outcome.side is TlsSide.BEFORE  # a stand-in knows only what came behind it
        return step.command.args != command.args, outside, missing, order, index
