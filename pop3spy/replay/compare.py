"""How two times of the same conversation differ.

Compared are status, response code, shape, sizes, unique-ids, capabilities and, where both are
known, the content of messages.  Dates, banners, timestamps and the texts of replies are no
differences: they are for people, and new every time.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Final, Self

from pop3spy.protocol.replies import number_of
from pop3spy.protocol.states import State
from pop3spy.replay.choose import key_of
from pop3spy.replay.content import Content, Entries
from pop3spy.replay.messages import PairBy, Pairing, messages_of, pair_messages, renumbered
from pop3spy.replay.outcome import Outcome

Value = str | int | None
"""What there was: None for nothing."""

_TEXT_ONLY: Final = frozenset({"IMPLEMENTATION"})
"""Capabilities that are banners (RFC 2449, section 6.9)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that was expected and another that came, in one exchange; 0 is the greeting."""

    exchange: int
    command: str
    what: str
    expected: Value
    got: Value

    @classmethod
    def about(cls, outcome: Outcome, what: str, expected: Value, got: Value) -> Self:
        """Return one thing that is not what it was in *outcome*."""
        return cls(outcome.number, outcome.shown, what, expected, got)


@dataclass(frozen=True, slots=True)
class Compared:
    """A session and its like: both numbers, how many exchanges there were, and what differs.

    *pairing* says which message is which, if both tell of any.  Where one of the two is not there,
    its number is None, and that is the only difference.
    """

    expected: int | None
    got: int | None
    exchanges: int
    differences: list[Difference]
    pairing: Pairing | None = None

    @property
    def session(self) -> int:
        """The number expected, or else the one that there is."""
        return self.expected or self.got or 0


def compare_sessions(
    expected: Sequence[tuple[int, Sequence[Outcome]]],
    got: Sequence[tuple[int, Sequence[Outcome]]],
    by: PairBy | None = None,
) -> list[Compared]:
    """Return how the sessions of two recordings differ, the first from the first, and so on.

    Each is its number and its outcomes, the greeting first; *by* is as in ``pair_messages``.
    """
    found = []
    for one, other in zip_longest(expected, got):
        if one and other:
            pairing = paired(one[1], other[1], by)
            differences = compare(one[1], other[1], pairing)
            asked = max(len(one[1]), len(other[1]))
            found.append(Compared(one[0], other[0], asked, differences, pairing))
        elif one:
            alone = Difference.about(one[1][0], "session", "recorded", None)
            found.append(Compared(one[0], None, len(one[1]), [alone]))
        else:
            alone = Difference.about(other[1][0], "session", None, "recorded")
            found.append(Compared(None, other[0], len(other[1]), [alone]))
    return found


def paired(
    expected: Sequence[Outcome], got: Sequence[Outcome], by: PairBy | None = None
) -> Pairing | None:
    """Return which message is which in two conversations, None if one of them tells of none."""
    before, now = messages_of(expected), messages_of(got)
    return pair_messages(before, now, by) if before and now else None


def compare(
    expected: Sequence[Outcome], got: Sequence[Outcome], pairing: Pairing | None = None
) -> list[Difference]:
    """Return how two whole conversations differ.

    The exchanges are paired by what was asked: the second LIST with the second LIST.  One without
    a partner is a difference by itself.  With a *pairing*, a message that only one of the two has
    is one difference, and whatever was asked about it, or follows from it, is none.
    """
    found: list[Difference] = []
    if pairing is not None:
        listing = next((each for each in expected if _lists(each)), expected[0])
        for number in pairing.missing:
            told = str(pairing.before[number])
            found.append(Difference.about(listing, f"message {number}", told, None))
        for number in pairing.added:
            told = str(pairing.now[number])
            found.append(Difference.about(listing, f"message {number} (new)", None, told))
        expected = renumbered(expected, pairing, now=False)
        got = [_as_before(each, pairing) for each in renumbered(got, pairing, now=True)]
    partners = _by_question(got)
    for outcome in expected:
        waiting = partners[_question(outcome)]
        if waiting:
            found += differences(outcome, waiting.pop(0))
        else:
            found.append(Difference.about(outcome, "exchange", "asked", "not asked"))
    extra = sorted(
        (outcome for waiting in partners.values() for outcome in waiting),
        key=lambda outcome: outcome.number,
    )
    return found + [Difference.about(each, "exchange", "not asked", "asked") for each in extra]


def _lists(outcome: Outcome) -> bool:
    return outcome.command.verb in ("UIDL", "LIST") and outcome.content is not None


def _as_before(outcome: Outcome, pairing: Pairing) -> Outcome:
    """Return a STAT with the messages that are missing, and without those that are new."""
    count, size = (_number(_word(outcome, place)) for place in (0, 1))
    if outcome.command.verb != "STAT" or not isinstance(count, int) or not isinstance(size, int):
        return outcome
    for numbers, messages, sign in (
        (pairing.missing, pairing.before, 1),
        (pairing.added, pairing.now, -1),
    ):
        count += sign * len(numbers)
        size += sign * sum(messages[number].size or 0 for number in numbers)
    return replace(outcome, words=(str(count), str(size)))


def differences(expected: Outcome, got: Outcome) -> list[Difference]:
    """Return how two outcomes of one question differ; they are told under the number expected."""
    return [
        Difference.about(expected, what, before, now)
        for what, before, now in _differing(expected, got)
        if before != now
    ]


Question = tuple[State, tuple[str | bytes, ...]]


def _question(outcome: Outcome) -> Question:
    """Return what two outcomes that can be compared have in common."""
    return outcome.state.phase, key_of(outcome.command)


def _by_question(outcomes: Iterable[Outcome]) -> defaultdict[Question, list[Outcome]]:
    found: defaultdict[Question, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        found[_question(outcome)].append(outcome)
    return found


Pair = tuple[str, Value, Value]


def _differing(expected: Outcome, got: Outcome) -> Iterator[Pair]:
    """Yield what may differ, each with both values; where the status does, no more is told."""
    yield "status", _status(expected), _status(got)
    yield "response code", expected.code, got.code
    if _status(expected) != _status(got):
        return
    yield "challenges", expected.asks, got.asks
    yield "reply", _end(expected), _end(got)
    yield "error inside", _error_inside(expected), _error_inside(got)
    if expected.number == 0:
        yield "APOP", _offered(expected), _offered(got)
    if expected.content is None or got.content is None:
        yield "shape", _shape(expected), _shape(got)
        if expected.ok and expected.content is got.content:
            yield from _words(expected, got)
    elif expected.complete and got.complete:
        yield from _contents(expected, expected.content, got.content)


def _status(outcome: Outcome) -> str:
    if outcome.ok is None:
        return "no status line" if outcome.odd else "no reply"
    return "+OK" if outcome.ok else "-ERR"


def _end(outcome: Outcome) -> str:
    return "whole" if outcome.complete or outcome.ok is None else "cut off"


def _error_inside(outcome: Outcome) -> Value:
    return "-ERR" if outcome.content and outcome.content.error_inside else None


def _offered(outcome: Outcome) -> str:
    return "offered" if outcome.offers_apop else "not offered"


def _shape(outcome: Outcome) -> str:
    return "one line" if outcome.content is None else "several lines"


def _words(expected: Outcome, got: Outcome) -> Iterator[Pair]:
    """Compare the status texts that have a meaning (RFC 1939, section 9)."""
    match expected.command.verb:
        case "STAT":
            yield "messages", _number(_word(expected, 0)), _number(_word(got, 0))
            yield "size", _number(_word(expected, 1)), _number(_word(got, 1))
        case "LIST":
            yield "size", _number(_word(expected, 1)), _number(_word(got, 1))
        case "UIDL":
            yield "unique-id", _word(expected, 1), _word(got, 1)


def _word(outcome: Outcome, place: int) -> str | None:
    return outcome.words[place] if place < len(outcome.words) else None


def _contents(outcome: Outcome, expected: Content, got: Content) -> Iterator[Pair]:
    if expected.entries is not None and got.entries is not None:
        yield from _entries(outcome.command.verb, expected.entries, got.entries)
        return
    yield "size", expected.size, got.size
    yield "lines", expected.lines, got.lines
    if expected.size == got.size and expected.digest and got.digest:
        yield "content", expected.digest, got.digest


def _entries(verb: str, expected: Entries, got: Entries) -> Iterator[Pair]:
    for key in dict.fromkeys((*expected, *got)):
        before, now = expected.get(key), got.get(key)
        match verb:
            case "LIST":
                yield f"size of {key}", _number(before), _number(now)
            case "UIDL":
                yield f"unique-id of {key}", before, now
            case "CAPA" if key not in _TEXT_ONLY:
                yield f"{key}", _ordered(before), _ordered(now)
            case _:
                yield f"{key}", _listed(before), _listed(now)


def _number(word: str | None) -> Value:
    number = None if word is None else number_of(word.encode())
    return word if number is None else number


def _ordered(params: str | None) -> Value:
    """Return parameters in an order of our own: theirs says nothing."""
    if not params:
        return _listed(params)
    return " ".join(sorted(params.split()))


def _listed(said: str | None) -> Value:
    return None if said is None else "listed"
