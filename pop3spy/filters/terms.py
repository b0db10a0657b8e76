"""Everything that a filter can ask of an exchange, as one table.

Rules: 1. a term has one row, and ``docs/filters.md`` is made from it; 2. terms see what people see:
text is escaped and masked, so no filter can find out a secret.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any, Final

from pop3spy.filters.units import count_of, octets_of, seconds_of
from pop3spy.protocol.commands import COMMANDS, line_of, parse_command
from pop3spy.protocol.states import Effect, State
from pop3spy.protocol.text import escape, show
from pop3spy.session.finding import Severity
from pop3spy.session.lines import line_text
from pop3spy.session.model import Exchange, Peer, Session


class Progress(IntEnum):
    """How much is known of an exchange; who knows more knows all that comes before it."""

    ASKED = 1  # the command was read
    ANSWERED = 2  # its status line was read
    ENDED = 3  # the whole reply was read, or it is certain that there is none


def _time(text: str) -> float:
    if text.strip().isdigit() and text.strip("0 "):
        raise ValueError(f"{text!r} has no unit; write {text}ms or {text}s")
    return seconds_of(text)


def _severity(text: str) -> float:
    for severity in Severity:
        if severity.word == text.strip().lower():
            return severity.value
    raise ValueError(f"{text!r} is none of info, warning, error")


_ORDER = (">", ">=", "<", "<=")


OPERATORS: Final = ("=", "!=", "~", "!~", *_ORDER)
"""All that there are."""


class TermKind(Enum):
    """What a term's value is: the operators it takes, how amounts are read, and words for it."""

    FLAG = ((), None, "true or false")
    TEXT = (("=", "!=", "~", "!~"), None, "text")
    NUMBER = (("=", "!=", *_ORDER), count_of, "a number")
    OCTETS = (("=", "!=", *_ORDER), octets_of, "octets, or with a unit of 1,024: `K`, `M`, `G`")
    TIME = (_ORDER, _time, "a time with its unit: `ms`, `s`, `m`, `h`")
    SEVERITY = (("=", "!=", *_ORDER), _severity, "`info`, `warning` or `error`")

    def __init__(
        self, operators: tuple[str, ...], read: Callable[[str], float] | None, words: str
    ) -> None:
        self.operators = operators
        self.read = read
        self.words = words


@dataclass(frozen=True, slots=True)
class Term:
    """One row.

    ``value`` gives a bool for a flag, for text every text that may match, and for an amount a
    number or None.  ``known`` is when that is known, and with ``grows`` the reply may add to it;
    ``among`` are all the texts that there are.
    """

    name: str
    kind: TermKind
    known: Progress
    compares: str
    example: str
    value: Callable[[Session, Exchange], Any]
    among: Collection[str] = ()
    grows: bool = False


def _verb(_: Session, exchange: Exchange) -> tuple[str, ...]:
    spec = exchange.command.spec
    return (spec.name,) if spec else ()


def _arguments(exchange: Exchange) -> tuple[bytes, ...]:
    """Return the arguments that are shown; blanks stand in place of those that are hidden."""
    line = exchange.line
    if not line.masks:
        return line.command.args
    visible = bytearray(line_of(line.raw))
    for start, end in line.masks:
        visible[start:end] = b" " * (end - start)
    return parse_command(bytes(visible)).args


def _code(_: Session, exchange: Exchange) -> tuple[str, ...]:
    code = exchange.status.code if exchange.status else None
    return (code,) if code else ()


def _user(session: Session, exchange: Exchange) -> tuple[str, ...]:
    named = exchange.user or session.user
    if named is None and exchange.command.effect is Effect.NAME:
        return tuple(map(show, _arguments(exchange)[:1]))
    return (named,) if named else ()


def _peer(peer: Peer) -> tuple[str, ...]:
    return escape(peer.host), escape(str(peer))


def _text(_: Session, exchange: Exchange) -> tuple[str, ...]:
    line, status = line_text(exchange.line), exchange.status
    return (line, line_text(status)) if status else (line,)


def _findings(_: Session, exchange: Exchange) -> tuple[str, ...]:
    return tuple(finding.id for finding in exchange.findings or ())


def _worst(_: Session, exchange: Exchange) -> int | None:
    return max((finding.severity.value for finding in exchange.findings or ()), default=None)


# fmt: off
TERMS: Final = {row.name: row for row in (
    Term("verb", TermKind.TEXT, Progress.ASKED, "The command.", "verb = RETR,TOP", _verb, tuple(COMMANDS)),
    Term("arg", TermKind.TEXT, Progress.ASKED, "Any one of its arguments, as shown.", "arg = 3", lambda _, e: tuple(map(show, _arguments(e)))),
    Term("state", TermKind.TEXT, Progress.ASKED, "The state that the command was read in; AUTHORIZATION is also USER_GIVEN and SASL, and TRANSACTION also XMIT.", "state = AUTHORIZATION", lambda _, e: (e.state_before.value, e.state_before.phase.value), tuple(state.value for state in State), grows=True),
    Term("text", TermKind.TEXT, Progress.ASKED, "The command line or the status line, as shown; a text in quotes alone is found anywhere in either.", 'text ~ "\\d+ octets"', _text, grows=True),
    Term("user", TermKind.TEXT, Progress.ASKED, "Who has logged in, or tries to.", "user = bob", _user, grows=True),
    Term("session", TermKind.NUMBER, Progress.ASKED, "The number of the session.", "session = 3", lambda s, _: s.id),
    Term("client", TermKind.TEXT, Progress.ASKED, "The client's address, with or without its port.", "client = 192.0.2.*", lambda s, _: _peer(s.client)),
    Term("server", TermKind.TEXT, Progress.ASKED, "The server's address, with or without its port.", "server = *:995", lambda s, _: _peer(s.server)),
    Term("ok", TermKind.FLAG, Progress.ANSWERED, "The reply is +OK.", "ok", lambda _, e: e.ok is True),
    Term("err", TermKind.FLAG, Progress.ANSWERED, "The reply is -ERR; a command without a reply is neither.", "err", lambda _, e: e.ok is False),
    Term("code", TermKind.TEXT, Progress.ANSWERED, "The response code.", "code = IN-USE", _code),
    Term("latency", TermKind.TIME, Progress.ANSWERED, "How long the first octet of the reply took.", "latency > 200ms", lambda _, e: e.latency),
    Term("tls", TermKind.FLAG, Progress.ASKED, "It was said inside TLS, or TLS began with it.", "tls", lambda s, e: s.tls is not None or State.TLS in (e.state_before, e.state_after), grows=True),
    Term("duration", TermKind.TIME, Progress.ENDED, "How long the last octet of the reply took.", "duration > 5s", lambda _, e: e.duration),
    Term("incomplete", TermKind.FLAG, Progress.ENDED, "Its reply began and did not come whole.", "incomplete", lambda _, e: e.answered and not e.complete and not e.kept),
    Term("waiting", TermKind.FLAG, Progress.ENDED, "Nothing ever came in reply.", "waiting and verb = RETR", lambda _, e: not e.answered),
    Term("finding", TermKind.TEXT, Progress.ENDED, "Anything that was found in it by then (docs/findings.md).", "finding = retr-truncated", _findings),
    Term("severity", TermKind.SEVERITY, Progress.ENDED, "How bad the worst of that is.", "severity >= warning", _worst),
    Term("octets", TermKind.OCTETS, Progress.ENDED, "The octets of a multi-line reply, stuffed dots included.", "octets > 1MB", lambda _, e: e.body.octets if e.body else None),
)}
# fmt: on
