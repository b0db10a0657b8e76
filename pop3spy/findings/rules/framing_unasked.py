"""Lines of the server that nobody asked for, and messages whose rest comes as such lines."""

import re
from collections.abc import Iterator
from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.open_reply import missing_octets
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.unasked_lines import LONE_DOTS, cut_message, line_shown
from pop3spy.findings.wording import asked
from pop3spy.protocol.frames import Junk, Side
from pop3spy.protocol.why import Why
from pop3spy.session.events import Answered, Heard, SideClosed
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange

_AGREES: Final = re.compile(rb"\+OK(?![0-9A-Za-z])")


def _is_unasked(seen: Observed, event: Heard) -> bool:
    frame = event.frame
    unasked = isinstance(frame, Junk) and frame.why is Why.UNASKED
    return unasked and cut_message(seen, event) is None


@rule(
    "unsolicited-response",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, section 3",
    raises=(
        """
        -- login
        C: NOOP
        S: +OK / +OK again
        -- 3 s
        C: STAT
        S: +OK 0 0
        """,
        """
        -- login
        C: RETR 1
        S: +OK / +OK 6 octets / A: b / (blank) / .
        """,
        """
        -- login
        C: RETR 1
        S: -ERR internal / Subject: x / (blank) / hi / .
        -- 3 s
        """,
        """
        -- login
        C: RETR 1
        S: -ERR internal / Subject: x / (blank) / hi / .
        C: NOOP
        S: +OK
        C: QUIT
        S: +OK
        -- server closes
        """,
    ),
    silent=(
        """
        -- login
        C: NOOP
        S: +OK
        -- 3 s
        C: NOOP
        S: +OK
        """,
        """
        -- login
        C: FROB
        S: +OK / a / b / .
        -- 3 s
        """,
    ),
)
class UnsolicitedResponse:
    """The server sent a line that answers no command.

    Client and server may be out of step from here: the client takes the line for the reply to its
    next command, and each reply for that to the wrong one.  A DELE may then seem to have worked.

    To do: correct the server, or find what adds lines on the way.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._waiting: tuple[str, float, Exchange | None] | None = None

    @on(On.JUNK)
    def stray(self, event: Heard) -> Claims:
        """Take in a line."""
        if _is_unasked(self._seen, event) and self._waiting is None:
            shown = line_shown(self._seen, event.frame)
            self._waiting = shown, event.at, self._seen.last_answered
            self._seen.after(self._seen.thresholds.parting, self._decide)
        return ()

    @on(On.CLOSED)
    def closed(self, event: SideClosed) -> Claims:
        """Take the last words of a server in front of its close for what they are."""
        last = self._waiting is not None and self._waiting[2] is self._seen.last_answered
        if event.side is Side.SERVER and last:
            self._waiting = None
        elif self._waiting is not None:
            yield from self._decide(self._seen)

    def _decide(self, _: Observed) -> Iterator[Claim]:
        waited, self._waiting = self._waiting, None
        if waited is not None:
            yield Claim(
                f"The server sent a {waited[0]} that nobody asked for: client and server may be out"
                " of step from here.",
                exchange=0,
                at=waited[1],
            )

    @on(On.ANSWERED, "RETR", "TOP")
    def message(self, event: Answered) -> Claims:
        """Find a second status line at the beginning of a message."""
        exchange = event.exchange
        if exchange.body is not None and _AGREES.match(exchange.body.head):
            yield Claim(
                f"The server answered {asked(exchange)} with two status lines: the client takes"
                " the second one for the first line of the message."
            )


@rule(
    "parting-line",
    Severity.INFO,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, section 3",
    raises="""
        -- login
        C: NOOP
        S: +OK
        -- 3 s
        S: -ERR going down for maintenance
        -- server closes
    """,
    silent="""
        -- login
        C: NOOP
        S: -ERR going down for maintenance
        -- server closes
    """,
)
class PartingLine:
    """The server said why it hangs up, without having been asked.

    The standard wants a silent close, but many servers say a last line: that somebody was idle for
    too long, or that the server stops.  Clients seldom show it.

    To do: see what the line says; it names the cause.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._last: tuple[str, float, Exchange | None] | None = None

    @on(On.JUNK)
    def stray(self, event: Heard) -> Claims:
        """Take in a line."""
        if _is_unasked(self._seen, event):
            shown = line_shown(self._seen, event.frame).removeprefix("line ")
            self._last = shown, event.at, self._seen.last_answered
        return ()

    @on(On.CLOSED)
    def closed(self, event: SideClosed) -> Claims:
        """Tell of the line that came right before."""
        seen = self._seen
        if self._last is None or seen.closed_by(Side.SERVER) is None or event.side is Side.CLIENT:
            return
        (shown, at, before), self._last = self._last, None
        if event.at - at <= seen.thresholds.parting and before is seen.last_answered:
            yield Claim(f"The server said why it hung up: {shown}.", exchange=0, at=at)


@rule(
    "premature-terminator",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=1,
    basis="RFC 1939, section 3",
    beats=("unsolicited-response", "status-malformed", "size-mismatch"),
    raises=(
        """
        -- login
        C: LIST 1
        S: +OK 1 17
        C: RETR 1
        S: +OK / A: b / (blank) / . / tail / .
        """,
        """
        -- login
        C: TOP 1 5
        S: +OK / A: b / (blank) / . / tail
        -- 3 s
        """,
        """
        C: CAPA
        S: +OK / PIPELINING / .
        -- login
        C: LIST 1
        S: +OK 1 17
        C: RETR 1
        C| NOOP
        S: +OK / A: b / (blank) / . / tail / . / +OK
        """,
    ),
    silent=(
        """
        -- login
        C: LIST 1
        S: +OK 1 11
        C: RETR 1
        S: +OK / A: b / (blank) / .. / .
        """,
        """
        -- login
        C: FROB
        S: +OK / a / . / b / .
        """,
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / .
        -- 10 min
        S: Autologout; idle for too long.
        -- server closes
        -- also autologout-text
        """,
    ),
)
class PrematureTerminator:
    """A message ended at a line with a single dot, and its rest came as garbage.

    A lone dot ends the reply, so a dot at the start of a line of the message has to be doubled.
    The client holds a message that is cut there, and then gets lines that it cannot read.  If it
    deletes the message, the rest is lost.

    To do: let the server, or the filter in front of it, double each dot that begins a line.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._waiting: Exchange | None = None
        self._told = 0

    @on(On.JUNK)
    def stray(self, event: Heard) -> Claims:
        """Take in a line of the rest."""
        exchange = cut_message(self._seen, event)
        if exchange is None or exchange.number == self._told:
            return
        if event.frame.raw in LONE_DOTS or (missing_octets(self._seen, exchange) or 0) > 0:
            yield from self._claim(exchange)
        elif self._waiting is None:
            self._waiting = exchange
            self._seen.after(self._seen.thresholds.parting, self._decide)

    def _decide(self, _: Observed) -> Iterator[Claim]:
        waited, self._waiting = self._waiting, None
        if waited is not None and waited.number != self._told:
            yield from self._claim(waited)

    @on(On.CLOSED)
    def closed(self, event: SideClosed) -> Claims:
        """Take a last line of the server for what it may be."""
        if event.side is Side.SERVER:
            self._waiting = None
        else:
            yield from self._decide(self._seen)

    def _claim(self, exchange: Exchange) -> Iterator[Claim]:
        self._told = exchange.number
        size = exchange.body.size if exchange.body else 0
        yield Claim(
            f"The reply to {asked(exchange)} ended after {size:,} octets at a line holding a single"
            " dot, and the rest arrived as garbage: the server must double that dot.",
            exchange=exchange.number,
            evidence={"octets": size},
        )
