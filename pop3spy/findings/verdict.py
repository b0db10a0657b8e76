"""A session in one paragraph: what was done, what went wrong first, whose side it is, what to do.

It is made of the findings and the counters alone, so it is the same each time.
"""

import re
from typing import Final

from pop3spy.findings.wording import cut
from pop3spy.protocol.states import Effect
from pop3spy.protocol.text import count, show
from pop3spy.session.finding import AtFault, Finding, Severity, worth_telling
from pop3spy.session.how import How
from pop3spy.session.model import Exchange, Session

_MOST: Final = 2
"""Findings that a verdict tells in words besides the first; more are counted."""
_SIDES: Final[dict[tuple[AtFault, ...], str]] = {
    (AtFault.CLIENT,): "The client's side has to change",
    (AtFault.SERVER,): "The server's side has to change",
    (AtFault.NETWORK,): "The network between them has to change",
    (AtFault.CONFIG,): "Client and server work, their settings do not match",
}
_NAMES: Final = {
    AtFault.CLIENT: "the client's",
    AtFault.SERVER: "the server's",
    AtFault.NETWORK: "the network's",
    AtFault.CONFIG: "the settings'",
}
_SAME: Final = 0.5
"""The share of words from which on a cure says the same as what is to be done."""
_LONG: Final = 1.0
"""Seconds from which on it matters how long a session took."""


def verdict_of(session: Session, least: Severity = Severity.INFO) -> str:
    """Return the paragraph; the findings in it are at least so bad.  People may see it as it is."""
    told = worth_telling(session.findings, least)
    parts = [_deeds(session)]
    if not told:
        return f"{parts[0]} Nothing went wrong."
    worst = told[0].severity
    first = min((one for one in told if one.severity is worst), key=lambda one: one.at)
    others = sorted((one for one in told if one is not first), key=lambda one: one.at)
    text = _without_cure(first)
    calm = worst is Severity.INFO
    parts.append(f"Nothing is broken. {text}" if calm else f"What went wrong: {text}")
    parts += [f"Besides: {_without_cure(other)}" for other in others[:_MOST]]
    if (more := len(others) - _MOST) > 0:
        parts.append(f"There {'is' if more == 1 else 'are'} {count(more, 'more finding')}.")
    remedy = _going_on(first.remedy)
    tried = session.typed and first.fault == (AtFault.CLIENT,)  # nobody says that of a person
    parts.append(f"To change it: {remedy}" if calm or tried else f"{_side(first)}: {remedy}")
    return " ".join(parts)


def _side(finding: Finding) -> str:
    if side := _SIDES.get(finding.fault):
        return side
    return f"It is {' or '.join(_NAMES[fault] for fault in finding.fault)} side that has to change"


def _without_cure(finding: Finding) -> str:
    """Return its text without what is said again in what is to be done."""
    text, colon, cure = finding.text.rpartition(": ")
    if not colon or cure.startswith("'") or text.count("(") > text.count(")"):
        return finding.text
    words, remedy = _words(cure), _words(finding.remedy)
    return f"{text}." if words and len(words & remedy) >= _SAME * len(words) else finding.text


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def _going_on(text: str) -> str:
    """Return *text* as it goes on behind a colon."""
    return text if text[1:2].isupper() else f"{text[:1].lower()}{text[1:]}"


def _deeds(session: Session) -> str:
    """Return what the client did, what it got, and how the session ended."""
    client = "A person at a console" if session.typed else "The client"
    parts = [_login(session)]
    totals = session.totals
    if totals.retrieved:
        parts.append(f"retrieved {count(totals.retrieved, 'message')}")
    if totals.deleted:
        parts.append(f"marked {count(totals.deleted, 'message')} as deleted")
    parts.append(_ending(session))
    *most, last = filter(None, parts)
    return f"{client} {', '.join(most)} and {last}." if most else f"{client} {last}."


def _login(session: Session) -> str:
    if session.user is not None and session.login is not None:
        return f"logged in as {cut(session.user)} with {session.login}"
    for exchange in reversed(session.exchanges):
        if exchange.command.effect is Effect.LOGIN:
            return _tried(exchange)
    if not session.totals.commands:
        return "said nothing"
    return f"said {count(session.totals.commands, 'command')}, none of them a login,"


def _tried(exchange: Exchange) -> str:
    """Return how the client tried to log in, and failed."""
    who = f" as {cut(exchange.user)}" if exchange.user else ""
    command = exchange.command
    way = command.verb
    if way == "AUTH" and command.args:
        way = f"AUTH {show(command.args[0]).upper()}"
    failed = "was refused" if exchange.ok is False else "got no answer"
    return f"tried to log in{who} with {way}, {failed}"


def _ending(session: Session) -> str:
    ending = session.ending
    if ending is None or ending.how is How.CUT:
        return "went on" if session.totals.commands else ""
    at = ending.at
    took = 0.0 if at is None else at - session.opened_at
    after = f" after {took:,.0f} s" if took >= _LONG else ""
    match ending.how:
        case How.QUIT:
            return "ended the session with QUIT"
        case How.CLIENT_CLOSED:
            return f"closed the connection{after}"
        case How.CLIENT_RESET:
            return f"reset the connection{after}"
        case How.SERVER_CLOSED | How.SERVER_RESET:
            did = "closed" if ending.how is How.SERVER_CLOSED else "reset"
            return f"lost the connection, which the server {did}{after}"
    return f"had its session {ending.how.logged}{after}"
