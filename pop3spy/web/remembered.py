"""The report of a session of which too much happened for all of it to be kept.

It is made of what the page shows: the last exchanges, what stood beside them, what a gate did.
"""

from dataclasses import replace
from typing import Final

from pop3spy.findings.verdict import verdict_of
from pop3spy.logs.stats import Statistics
from pop3spy.protocol.frames import Side
from pop3spy.protocol.text import count, escape
from pop3spy.report.collected import (
    Aside,
    AsideKind,
    CapabilityList,
    CollectedExchange,
    CollectedSession,
    GateDeed,
)
from pop3spy.report.past import LiveSource
from pop3spy.report.report import Report
from pop3spy.session.events import Answered
from pop3spy.session.finding import Severity, worth_telling
from pop3spy.session.lines import line_text
from pop3spy.session.misplaced import misplaced_text
from pop3spy.session.model import Exchange
from pop3spy.session.reply_problems import reply_problems
from pop3spy.web.watched import Mark, WatchedDeed, WatchedSession

_KINDS: Final = {
    "odd": AsideKind.STRAY,
    "unread": AsideKind.UNREAD,
    "state": AsideKind.NOTE,
    "gate": AsideKind.OWN,
    "tls": AsideKind.TLS,
    "blind": AsideKind.PROBLEM,
    "closed": AsideKind.CLOSING,
}
"""How a report calls what is a mark of the page."""


def report_of_remembered(watched: WatchedSession, source: LiveSource, now: float) -> Report:
    """Return the report of one session; it says what is not in it."""
    session = replace(watched.session, legs={**watched.session.legs})  # it may change meanwhile
    report = source.new_report()
    collected = report.begin(session)
    _add_greeting(collected, watched)
    exchanges = [_collected(watched, exchange) for exchange in session.exchanges]
    asides = [_aside(mark) for mark in watched.marks if mark.kind in _KINDS]
    collected.items = sorted([*exchanges, *asides], key=lambda item: item.at)
    collected.last_at = max([session.opened_at, *(one.ended_at for one in exchanges)])
    if watched.ended_at is not None:
        collected.last_at = max(collected.last_at, watched.ended_at)
    collected.goes_on_at(now)
    collected.findings = worth_telling(session.findings, Severity.INFO)
    by_number = {one.number: one for one in exchanges}
    for finding in collected.findings:
        for number in finding.exchanges:
            if number in by_number:
                by_number[number].findings.append(finding)
    collected.verdict = verdict_of(watched.session)
    _add_capabilities(collected)
    stats = Statistics()
    count_one = stats(session)
    for each in exchanges:
        if each.number not in session.outstanding:
            count_one(Answered(session, each.ended_at, each.exchange))
    report.stats = stats.ordered()
    report.missing.append(_missing(watched, len(exchanges)))
    if not source.judged:
        report.missing.append("Nobody has looked for findings (--findings off).")
    return report


def _missing(watched: WatchedSession, there: int) -> str:
    total = watched.session.totals.commands
    which = (
        f"the last {there:,} of {count(total, 'exchange')}" if there < total else "all exchanges"
    )
    beside = watched.marks and watched.marks[0].number > 1
    last = f" and the last {count(len(watched.marks), 'line')} beside them" if beside else ""
    return (
        f"More was said than a running proxy keeps. Here are {which}{last}, without the lines"
        " inside them, what was listed, and who was waited for meanwhile; a recording (--record)"
        " has it all."
    )


def _add_greeting(collected: CollectedSession, watched: WatchedSession) -> None:
    greeting = watched.session.greeting
    if greeting is not None:
        collected.greeting = line_text(greeting)
        times = [mark.at for mark in watched.marks if mark.kind == "greeting"]
        collected.greeted_at = times[0] if times else None


def _collected(watched: WatchedSession, exchange: Exchange) -> CollectedExchange:
    one = CollectedExchange(exchange, left=None)
    one.due = exchange.number in watched.session.outstanding
    one.problems = [] if one.due else [escape(text) for text in reply_problems(exchange)]
    if exchange.misplaced:
        one.problems.append(misplaced_text(exchange))
    deeds = watched.deeds.get(exchange.number, ())
    for deed in deeds:
        one.add_deed(_deed(exchange, deed))
    if one.due and deeds and deeds[-1].held:
        one.never_heard(one.deeds[-1])
    return one


def _deed(exchange: Exchange, deed: WatchedDeed) -> GateDeed:
    """Return what a gate did; whose line it was about, its substitutes tell."""
    lines = tuple((Side(side), text) for side, text in deed.lines)
    changed = exchange.kept or exchange.changed or exchange.injected
    side = Side.CLIENT if changed or not lines else lines[0][0]
    return GateDeed(exchange.asked_at, deed.text, side, lines, stopped=bool(lines))


def _aside(mark: Mark) -> Aside:
    side = Side(mark.side) if mark.side in ("C", "S") else None
    return Aside(_KINDS[mark.kind], mark.at, mark.text, side)


def _add_capabilities(collected: CollectedSession) -> None:
    """Take in what was listed last in each state."""
    for state, listed in collected.session.capabilities.items():
        names = tuple(escape(str(capability)) for capability in listed)
        for one in reversed(collected.exchanges):
            if one.exchange.command.verb == "CAPA" and one.exchange.state_before.phase is state:
                collected.capabilities.append(CapabilityList(one.number, state.value, names))
                break
