"""Which rules are asked about what: tables by kind of event and verb, made once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Final

from pop3spy.findings.rule import On, Rule
from pop3spy.findings.thresholds import Thresholds
from pop3spy.protocol.commands import COMMANDS


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One way to ask a rule: the rule itself, or a *method* of what it keeps of the session.

    Each is equal to itself alone.
    """

    rule: Rule
    method: str | None
    after: float = 0.0


Ways = tuple[Way, ...]


class WaysByVerb(dict[str, Ways]):
    """The ways of one kind of event, by the verb of the command; ``others`` of all other verbs."""

    def __init__(self, by_verb: Mapping[str, Ways], others: Ways) -> None:
        super().__init__(by_verb)
        self.others = others

    def __missing__(self, verb: str) -> Ways:
        """Return those who are asked about any command; *verb* may be whatever a client says."""
        return self.others


EARLY: Final = {On.CLOSED: On.CLOSED_EARLY, On.FINISHED: On.FINISHED_EARLY}
"""What is asked in place of the first where no QUIT came to its end: all rules of both."""


class Dispatch:
    """The tables of some rules; *thresholds* are those that they name.

    ``ways`` tells who is asked about an event of a kind, of a command with a verb.
    """

    def __init__(self, rules: Iterable[Rule], thresholds: Thresholds) -> None:
        listed: dict[On, list[tuple[tuple[str, ...], Way]]] = {kind: [] for kind in On}
        for rule in rules:
            for asked in rule.asked:
                after = asked.after
                if isinstance(after, str):
                    after = float(getattr(thresholds, after))
                way = Way(rule, asked.method, after)
                listed[asked.on].append((asked.verbs, way))
                if asked.on in EARLY:
                    listed[EARLY[asked.on]].append((asked.verbs, way))
        self.ways: Final = {kind: _by_verb(entries) for kind, entries in listed.items()}
        silent = sorted(self.ways[On.SILENT].others, key=lambda way: way.after)
        self.silences: Final[Ways] = tuple(silent)
        self.pauses: Final = self.ways[On.RESUMED].others
        self.shortest_pause: Final = min((way.after for way in self.pauses), default=inf)


def _by_verb(entries: list[tuple[tuple[str, ...], Way]]) -> WaysByVerb:
    verbs = COMMANDS.keys() | {verb for named, _ in entries for verb in named}
    others = tuple(way for named, way in entries if not named)
    by_verb = {
        verb: tuple(way for named, way in entries if not named or verb in named) for verb in verbs
    }
    return WaysByVerb(by_verb, others)


def selected(
    rules: Mapping[str, Rule], select: Iterable[str] = (), ignore: Iterable[str] = ()
) -> Iterator[Rule]:
    """Yield the *rules* that *select* names, all if it is empty, without those of *ignore*.

    A name is an id or a group.
    """
    wanted, unwanted = set(select), set(ignore)
    for rule in rules.values():
        names = {rule.id, rule.group}
        if (not wanted or names & wanted) and not names & unwanted:
            yield rule
