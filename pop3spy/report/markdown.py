"""A report as Markdown: verdict, findings and dialogue, to paste into a ticket.

What came from the wire stands in fenced blocks or is escaped, so nothing of it is markup.
"""

import re
from collections.abc import Iterator
from typing import Final

from pop3spy import __version__
from pop3spy.protocol.text import count
from pop3spy.report.collected import CollectedSession
from pop3spy.report.dialogue_lines import dialogue_of
from pop3spy.report.limits import FINDING_PLACES, FINDINGS, LADDERS, LISTED, TICKET
from pop3spy.report.report import Report, ReportedFinding, findings_of
from pop3spy.report.words import day, first_upper, severity_word
from pop3spy.session.finding import Finding

_MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>()#+!|~&@-])")
"""What may be markup in one dialect or another; a backslash makes text of it (CommonMark, 2.4)."""
_WORDS: Final = re.compile(r"(\s+)")
_CALLING: Final = re.compile(r"[@#$]|://|www\.|:\w+:", re.IGNORECASE)
"""What sites make links, names, numbers of issues, formulas and pictures of."""
_FENCE: Final = re.compile(r"`{3,}")


def ticket(report: Report) -> str:
    """Return the whole of a report that has room in a ticket."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"## {count(len(report.sessions), 'POP3 session')}"
    yield ""
    yield from _hidden(report)
    shown = report.shown()
    yield "### What happened"
    yield ""
    for collected in shown:
        worst = collected.worst
        badge = f" ({severity_word(worst)})" if worst else ""
        yield f"- **{collected.label}**{badge}: {escaped(collected.verdict)}"
    if (more := len(report.sessions) - len(shown)) > 0:
        yield f"- {count(more, 'more session')}, in which the least was found"
    yield ""
    yield from _findings(findings_of(report.sessions))
    yield from _dialogues(shown)
    yield f"<sub>Made by pop3spy {__version__}.</sub>"


def _hidden(report: Report) -> Iterator[str]:
    names = "hidden" if report.strict else "**shown**"
    mail = "**included**" if report.shows_mail else "hidden"
    yield f"Passwords and tokens are hidden, names and addresses are {names}, mail is {mail}."
    yield from map(escaped, report.parts_left_out())
    yield ""
    for recording in report.recordings:
        name = f" of {escaped(recording.name)}" if recording.name else ""
        recorded = f"Recorded {day(recording.started)}"
        octets = count(recording.size, "octet")
        yield f"- {recorded}, {octets}; SHA-256{name}: `{recording.sha256}`"
        yield from (f"- {escaped(note)}" for note in recording.notes[:LISTED])
        if recording.hidden_notes:
            notes = count(recording.hidden_notes, "note")
            yield f"- {notes} about the recording left out, as they may name somebody"
    yield ""


def _findings(findings: list[ReportedFinding]) -> Iterator[str]:
    yield "### Findings"
    yield ""
    if not findings:
        yield "Nothing that pop3spy knows of went wrong."
        yield ""
        return
    yield "| severity | where | who can change it | what was seen, and what to do |"
    yield "|---|---|---|---|"
    for row in findings[:FINDINGS]:
        finding = row.finding
        places = [_place(*place) for place in row.places[:FINDING_PLACES]]
        if (more := len(row.places) - FINDING_PLACES) > 0:
            places.append(f"and {count(more, 'more session')}")
        told = f"{escaped(finding.text)} {escaped(first_upper(finding.remedy))} `{finding.id}`"
        where = "; ".join(places)
        yield f"| {severity_word(finding.severity)} | {where} | {finding.whose} | {told} |"
    if (more := len(findings) - FINDINGS) > 0:
        yield ""
        yield f"{count(more, 'more kind')} of findings, none worse than these, are not here."
    yield ""


def _place(collected: CollectedSession, seen: Finding) -> str:
    return f"{collected.label}, no. {seen.exchange}" if seen.exchange else collected.label


def _dialogues(shown: list[CollectedSession]) -> Iterator[str]:
    """Yield the dialogues that a ticket has room for, those with findings before all others."""
    room, there = TICKET, 0
    for collected in sorted(shown, key=lambda one: not one.findings)[:LADDERS]:
        lines = [*_dialogue(collected)]
        room -= sum(len(line) + 1 for line in lines)
        if room < 0 and there:
            break
        there += 1
        yield from lines
    if (more := len(shown) - there) > 0:
        yield f"The dialogues of {count(more, 'more session')} are not here; --session N takes one."
        yield ""


def _dialogue(collected: CollectedSession) -> Iterator[str]:
    yield f"### {collected.title}"
    yield ""
    lines = list(dialogue_of(collected))
    longest = max((len(run) for line in lines for run in _FENCE.findall(line)), default=2)
    fence = "`" * (longest + 1)
    yield f"{fence}text"
    yield from lines
    yield fence
    yield ""


def escaped(text: str) -> str:
    """Return *text* so that nothing of it is markup, and nothing becomes a link or calls anybody.

    Sites make links of addresses behind the parser's back, but not in code.
    """
    return "".join(
        _code(word) if _CALLING.search(word) else _MARKUP.sub(r"\\\1", word)
        for word in _WORDS.split(text)
    )


def _code(word: str) -> str:
    """Return a word as code; in a table a bar ends a cell even there (GFM, section 4.10)."""
    fence = "`" * (max(map(len, re.findall("`+", word)), default=0) + 1)
    inside = word.replace("|", "\\|")
    return f"{fence} {inside} {fence}" if "`" in word else f"{fence}{inside}{fence}"
