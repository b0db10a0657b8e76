"""How two times of the same conversation differ, exchange by exchange."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from pop3spy.protocol.states import State
from pop3spy.protocol.text import count
from pop3spy.replay.choose import key_of
from pop3spy.replay.difference import Difference, differences
from pop3spy.replay.messages import PairBy, Pairing, messages_of, pair_messages, renumbered
from pop3spy.replay.outcome import Outcome
from pop3spy.replay.recorded_maildrop import number_in
from pop3spy.replay.tls_sides import CommonGround, common_ground


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
    return found + _beside_each_other(common_ground(expected, got))


def _beside_each_other(ground: CommonGround) -> list[Difference]:
    """Return how what has a partner differs, and what has none."""
    found: list[Difference] = []
    unread: list[Outcome] = []  # behind STLS, where nobody read what the other asked there
    partners = _by_question(ground.got, ground.outside[1])
    for outcome in ground.expected:
        waiting = partners[_question(outcome, ground.outside[0])]
        if waiting:
            found += differences(outcome, waiting.pop(0))
        elif ground.got_unread and outcome.number > ground.outside[0]:
            unread.append(outcome)
        else:
            found.append(Difference.about(outcome, "exchange", "asked", "not asked"))
    extra = (outcome for waiting in partners.values() for outcome in waiting)
    for outcome in sorted(extra, key=lambda outcome: outcome.number):
        if ground.expected_unread and outcome.number > ground.outside[1]:
            unread.append(outcome)
        else:
            found.append(Difference.about(outcome, "exchange", "not asked", "asked"))
    if unread:
        read, none = count(len(unread), "exchange"), "not read"
        values = (read, none) if ground.got_unread else (none, read)
        found.append(Difference.about(unread[0], "inside TLS", *values))
    return found


def _lists(outcome: Outcome) -> bool:
    return outcome.command.verb in ("UIDL", "LIST") and outcome.content is not None


def _as_before(outcome: Outcome, pairing: Pairing) -> Outcome:
    """Return a STAT with the messages that are missing, and without those that are new."""
    messages, size = (number_in(outcome.words, place) for place in (0, 1))
    if outcome.command.verb != "STAT" or messages is None or size is None:
        return outcome
    for numbers, known, sign in (
        (pairing.missing, pairing.before, 1),
        (pairing.added, pairing.now, -1),
    ):
        messages += sign * len(numbers)
        size += sign * sum(known[number].size or 0 for number in numbers)
    return replace(outcome, words=(str(messages), str(size)))


Question = tuple[bool, State, tuple[str | bytes, ...]]


def _question(outcome: Outcome, outside: int) -> Question:
    """Return what two outcomes that can be compared have in common.

    Those up to the exchange *outside* are none of those behind it.
    """
    return outcome.number <= outside, outcome.state.phase, key_of(outcome.command)


def _by_question(outcomes: Iterable[Outcome], outside: int) -> defaultdict[Question, list[Outcome]]:
    found: defaultdict[Question, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        found[_question(outcome, outside)].append(outcome)
    return found
