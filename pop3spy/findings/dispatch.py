"""Which rules are asked about what: tables by kind of event and verb, made once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Final

from pop3spy.findings.rule import On, Rule
from pop3spy.findings.thresholds import Thresholds


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One way to ask a rule: the rule itself, or a *method* of what it keeps of the session.

    Each is equal to itself alone.
    """

    rule: Rule
    method: str | None
    after: float = 0.0


Ways = tuple[Way, ...]

EARLY: Final = {On.CLOSED: On.CLOSED_EARLY, On.FINISHED: On.FINISHED_EARLY}
"""What is asked in place of the first where no QUIT came to its end: all rules of both."""


@dataclass(slots=True)
class _Table:
    """The ways of one kind of event: those of each verb that any rule names, and all others."""

    by_verb: dict[str, Ways] = field(default_factory=dict)
    others: Ways = ()


class Dispatch:
    """The tables of some rules; *thresholds* are those that they name."""

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
        self._tables: Final = {kind: _table(entries) for kind, entries in listed.items()}
        silent = sorted(self._tables[On.SILENT].others, key=lambda way: way.after)
        self.silences: Final[Ways] = tuple(silent)
        self.pauses: Final = self._tables[On.RESUMED].others
        self.shortest_pause: Final = min((way.after for way in self.pauses), default=inf)

    def ways(self, kind: On, verb: str = "") -> Ways:
        """Return who is asked about an event of that *kind*, of a command with that *verb*."""
        table = self._tables[kind]
        return table.by_verb.get(verb, table.others)


def _table(entries: list[tuple[tuple[str, ...], Way]]) -> _Table:
    verbs = {verb for named, _ in entries for verb in named}
    others = tuple(way for named, way in entries if not named)
    by_verb = {
        verb: tuple(way for named, way in entries if not named or verb in named) for verb in verbs
    }
    return _Table(by_verb, others)


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
