"""How two outcomes of one question differ.

Compared are status, response code, shape, sizes, unique-ids, capabilities and, where both are
known, the content of messages.  Dates, banners, timestamps and the texts of replies are no
differences: they are for people, and new every time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

from pop3spy.protocol.replies import number_of
from pop3spy.replay.content import Content, Entries
from pop3spy.replay.outcome import Outcome

Value = str | int | None
"""What there was: None for nothing."""

_TEXT_ONLY: Final = frozenset({"IMPLEMENTATION"})
"""Capabilities that are banners (RFC 2449, section 6.9)."""
_OVER_INSIDE: Final = "STLS"
"""The capability that is gone once it was used (RFC 2595, section 4)."""


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


def differences(expected: Outcome, got: Outcome) -> list[Difference]:
    """Return how two outcomes of one question differ; they are told under the number expected."""
    return [
        Difference.about(expected, what, before, now)
        for what, before, now in _differing(expected, got)
        if before != now
    ]


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
        yield from _contents(expected, got, expected.content, got.content)


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


def _contents(one: Outcome, other: Outcome, expected: Content, got: Content) -> Iterator[Pair]:
    if expected.entries is not None and got.entries is not None:
        entries = _entries(one.command.verb, expected.entries, got.entries)
        alike = one.encrypted is other.encrypted
        yield from (each for each in entries if alike or each[0] != _OVER_INSIDE)
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
