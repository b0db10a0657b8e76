"""A session in one paragraph: what was done, what went wrong first, whose side it is, what to do.

It is made of the findings and the counters alone, so it is the same each time.
"""

from typing import Final

from pop3spy.protocol.text import count
from pop3spy.session.finding import AtFault, Finding, Severity, worth_telling
from pop3spy.session.how import How
from pop3spy.session.model import Session

_MOST: Final = 3
"""Findings that a verdict tells in words; more are counted."""
_SIDES: Final[dict[tuple[AtFault, ...], str]] = {
    (AtFault.CLIENT,): "The client's side has to change.",
    (AtFault.SERVER,): "The server's side has to change.",
    (AtFault.NETWORK,): "The network between them has to change.",
    (AtFault.CONFIG,): "Both programs work; their settings do not match.",
}


def verdict_of(session: Session, least: Severity = Severity.INFO) -> str:
    """Return the paragraph; the findings in it are at least so bad.  It is not escaped."""
    told = worth_telling(session.findings, least)
    parts = [_deeds(session), _ending(session)]
    if told:
        worst = told[0].severity
        first = min((one for one in told if one.severity is worst), key=lambda one: one.at)
        others = sorted((one for one in told if one is not first), key=lambda one: one.at)
        parts += [f"What went wrong: {first.text}" if worst is not Severity.INFO else first.text]
        parts += _others(others)
        if worst is not Severity.INFO:
            parts.append(_side(session, first))
        parts.append(f"What to do: {first.remedy}")
    else:
        parts.append("Nothing went wrong.")
    return " ".join(filter(None, parts))


def _side(session: Session, first: Finding) -> str:
    """Return who has to change something; nobody says that of a person who tries things out."""
    if session.typed and first.fault == (AtFault.CLIENT,):
        return ""
    return _SIDES.get(first.fault) or f"It is the side of the {first.whose}."


def _others(others: list[Finding]) -> list[str]:
    told = [f"{'Also' if not number else 'And'}: {one.text}" for number, one in enumerate(others)]
    if len(told) <= _MOST - 1:
        return told
    more = count(len(told) - _MOST + 1, "more finding")
    return [*told[: _MOST - 1], f"There {'is' if more.startswith('1 ') else 'are'} {more}."]


def _deeds(session: Session) -> str:
    """Return what the client did and what it got."""
    totals = session.totals
    client, it = ("A person at a console", "they") if session.typed else ("The client", "it")
    if session.user is not None and session.login is not None:
        who = f"{client} logged in as {session.user} with {session.login}"
    elif not totals.commands:
        return f"{client} said nothing."
    else:
        return f"{client} did not log in; {it} said {count(totals.commands, 'command')}."
    got = []
    if totals.retrieved:
        got.append(f"retrieved {count(totals.retrieved, 'message')}")
    if totals.deleted:
        got.append(f"marked {count(totals.deleted, 'message')} as deleted")
    return f"{who} and {' and '.join(got) if got else 'retrieved nothing'}."


def _ending(session: Session) -> str:
    ending = session.ending
    if ending is None:
        return ""
    match ending.how:
        case How.QUIT:
            it = "They" if session.typed else "It"
            return f"{it} ended the session with QUIT."
        case How.CUT:
            return ""
    after = "" if ending.at is None else f" after {ending.at - session.opened_at:.1f} s"
    return f"The session was {ending.how.logged}{after}."
