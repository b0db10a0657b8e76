r"""A conversation that somebody had, as text, with what must be shown of it beside each line.

::

    0 AUTHORIZATION  S: +OK ready
    1                C: STAT
    1 no_status      S: OK 2 300
    2                C: NOOP
    2                S< +OK\n
                     S closes at 300
                     C closes
    = 1 STAT: taken as answered by 'OK 2 300'
    = server_closed at 300

In front stands the number of the exchange that a line is part of (0: of none), what else the line
is than a command or a status line, and the state that it led to.  ``S:`` is a line and its CRLF,
``S<`` are octets and nothing else, escapes as in Python.  A side ``closes`` or ``resets``, ``at``
so many seconds after the beginning where that matters.  Lines that begin with ``=`` are what must
be told of exchanges that were not answered to their end in due form, and how the session ended.

``steps`` is what of this happens; ``shown`` writes what was seen of it in the same form.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from cases.seen import Seen, when
from dialogue import octets
from pop3spy.protocol.frames import Side

STEP = 0.01
"""Seconds between two lines of which nobody says when they come."""

_STEP = re.compile(
    r"(?P<note>[0-9].*?)??\s*\b(?P<side>[CS])"
    r"(?:(?P<kind>[:<]) ?(?P<text>.*)| (?P<end>closes|resets)(?: at (?P<at>[0-9.]+))?)"
)
_AT = re.compile(r" at [0-9.]+$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: *side* says *data*, or closes or resets its side if it says None."""

    side: Side
    data: bytes | None
    at: float
    reset: bool = False


def steps(text: str) -> list[Step]:
    """Return what happens in the conversation *text*."""
    found: list[Step] = []
    at = 0.0
    for match in _matches(text):
        at = float(match["at"] or round(at + STEP, 9))
        data = None
        if match["kind"]:
            data = octets(match["text"]) + b"\r\n" * (match["kind"] == ":")
        found.append(Step(Side(match["side"]), data, at, match["end"] == "resets"))
    return found


def turns(happened: Iterable[Step]) -> Iterator[Step]:
    """Yield *happened* with all that a side says in a row at once, when the last of it came."""
    for (side, ends), run in groupby(happened, lambda step: (step.side, step.data is None)):
        *others, last = run
        said = b"".join(step.data or b"" for step in (*others, last))
        yield last if ends else Step(side, said, last.at)


def byte_by_byte(happened: Iterable[Step]) -> Iterator[Step]:
    """Yield *happened* with every octet on its own."""
    for step in happened:
        if step.data is None:
            yield step
        else:
            yield from (replace(step, data=bytes((octet,))) for octet in step.data)


def expected(text: str) -> str:
    """Return *text* as ``shown`` writes it."""
    rows = [_row(match["note"] or "", _said(match)) for match in _matches(text)]
    return "\n".join([*rows, *(line for line in _lines(text) if line.startswith("="))])


def untimed(text: str) -> str:
    """Return what was *shown* without times, for where the clock is not the test's."""
    return _AT.sub("", text)


def is_in_clear(text: str) -> bool:
    """Return whether all that is said in *text* is read, and none of it only counted."""
    return not any(
        re.match(r"\s*0 (tls|tls_header|proxy|unfinished)\b", line) for line in text.splitlines()
    )


def shown(text: str, seen: Seen) -> str:
    """Return the conversation *text* with what was *seen* of it."""
    notes = {side: iter(seen.notes[side]) for side in Side}
    rows = [
        _row(
            next(notes[Side(match["side"])], "(nothing)") if match["kind"] else "",
            _was_said(match, seen),
        )
        for match in _matches(text)
    ]
    rows += [_row(note, f"{side.value} (not said)") for side in Side for note in notes[side]]
    rows += [_row("", f"{side.value} (did not end)") for side, _ in seen.closed]
    return "\n".join([*rows, *seen.facts(timed=_AT.search(text) is not None)])


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _matches(text: str) -> Iterator[re.Match[str]]:
    for line in _lines(text):
        if not line.startswith("="):
            match = _STEP.fullmatch(line)
            assert match, f"nobody says this: {line}"
            yield match


def _row(note: str, said: str) -> str:
    return f"{note:<34}{said}".rstrip()


def _said(match: re.Match[str]) -> str:
    side = match["side"]
    if match["kind"]:
        return f"{side}{match['kind']} {match['text']}"
    return f"{side} {match['end']}" + (when(float(match["at"])) if match["at"] else "")


def _was_said(match: re.Match[str], seen: Seen) -> str:
    """Return what happened in the line that is *match*ed, as far as it was *seen*."""
    if match["kind"]:
        return _said(match)
    at = seen.closed.pop((Side(match["side"]), match["end"] == "resets"), None)
    if at is None:
        return f"{match['side']} (no end was told)"
    return f"{match['side']} {match['end']}" + when(at) * bool(match["at"])
