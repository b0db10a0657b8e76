"""Replies that stop for reasons that can be seen: a dot that is stuck, an error, pieces."""

import re
from collections.abc import Iterator
from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.open_reply import missing_octets, open_reply
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.silence import Silence
from pop3spy.findings.wording import asked, quoted_octets
from pop3spy.protocol.frames import Side
from pop3spy.session.events import SideClosed
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange

_LATE_REFUSAL: Final = re.compile(
    rb"\n(-ERR(?![0-9A-Za-z])[^\r\n]*)\r*\n(?:\+OK|-ERR)(?![0-9A-Za-z])[^\r\n]*\r*\n?"
)


@rule(
    "terminator-glued",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 3",
    beats=("retr-truncated", "multiline-unterminated"),
    raises=(
        """
        -- login
        C: LIST 1
        S: +OK 1 9
        C: RETR 1
        S: +OK / A: b / (blank) / x.
        -- 11 s
        """,
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x.
        -- 11 s
        -- server closes
        """,
    ),
    silent=(
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x. / .
        """,
        """
        -- login
        C: LIST 1
        S: +OK 1 15
        C: RETR 1
        S: +OK / A: b / (blank) / x.
        -- 11 s
        S: y / .
        """,
    ),
)
class TerminatorGlued:
    """The dot that ends a message is stuck to its last line.

    The dot has to stand on a line of its own.  Where a message does not end with a line end, the
    server has to add one; this one did not, and the client waits for the dot for ever.

    To do: let the server end the last line first; until then get the message with TOP, or by IMAP.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    @on(On.SILENT, after="gave_up")
    def silent(self, _: Silence) -> Claims:
        """Judge a message that stopped, if its size is known: the line end may not have come."""
        exchange = open_reply(self._seen)
        if exchange is None or exchange.body is None or not exchange.body.tail.endswith(b"."):
            return
        if missing_octets(self._seen, exchange) == -1:
            yield self._claim(exchange, Severity.ERROR)

    @on(On.CLOSED_EARLY)
    def closed(self, event: SideClosed) -> Claims:
        """Judge it where no size was told, once all has come that will."""
        seen = self._seen
        if event.side is not Side.SERVER:
            return
        exchange = open_reply(seen, seen.unfinished)
        silent = event.at - (seen.last[Side.SERVER] or event.at)
        if exchange is None or exchange.body is None or silent < seen.thresholds.gave_up:
            return
        if exchange.command.verb not in ("RETR", "TOP"):
            return
        tail = exchange.body.tail
        glued = tail.endswith(b".\r\n") and tail[-4:-3] not in (b"", b"\n")
        if glued and missing_octets(seen, exchange) is None:
            yield self._claim(exchange, Severity.WARNING)

    @staticmethod
    def _claim(exchange: Exchange, severity: Severity) -> Claim:
        return Claim(
            f"The final dot is stuck to the last line of the reply to {asked(exchange)}, so clients"
            " wait for ever.",
            exchange=exchange.number,
            severity=severity,
        )


@rule(
    "error-inside-body",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.TIMING,
    rank=2,
    basis="RFC 1939, section 3",
    beats=(
        "terminator-glued",
        "client-gave-up",
        "pipelined-unadvertised",
        "dele-before-retr-complete",
    ),
    raises=(
        """
        -- login
        C: RETR 1
        S: +OK / -ERR cannot read message
        -- 11 s
        """,
        """
        -- login
        C: RETR 1
        S: +OK / A: b / -ERR cannot read message
        -- server closes
        """,
        """
        C: CAPA
        S: +OK / PIPELINING / .
        -- login
        C: RETR 1
        C| NOOP
        S: +OK / A: b / -ERR cannot read message / +OK
        -- 11 s
        """,
        """
        -- login
        C: TOP 1 0
        S: +OK / -ERR Error while retrieving message.
        -- 1 s
        C: NOOP
        S: +OK
        C: QUIT
        S: +OK bye
        -- server closes
        """,
    ),
    silent=(
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / -ERR was the answer / bye / .
        """,
        """
        -- login
        C: RETR 1
        S: +OK / A: b / -ERR cannot read message
        -- 1 s
        -- client closes
        -- also client-gave-up
        """,
    ),
)
class ErrorInsideBody:
    """The server broke a reply off and wrote its error into it.

    Behind +OK it began to send, then failed, and wrote -ERR as the next line, without the lone dot.
    The client takes that line for text of the message and goes on waiting; what it holds is not the
    message.

    To do: look for that error in the server's log; a server that cannot go on must close.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    @on(On.SILENT, after="gave_up")
    def silent(self, _: Silence) -> Claims:
        """Judge a reply that stopped."""
        yield from self._judge(open_reply(self._seen), "then said nothing more")

    @on(On.CLOSED_EARLY)
    def closed(self, _: SideClosed) -> Claims:
        """Judge a reply that a close cut off."""
        seen = self._seen
        if seen.closed_by(Side.SERVER) is not None:
            yield from self._judge(open_reply(seen, seen.unfinished), "then closed")

    def _judge(self, exchange: Exchange | None, then: str) -> Iterator[Claim]:
        body = exchange.body if exchange else None
        if exchange is None or body is None:
            return
        error = body.error_inside
        if error is None and len(self._seen.session.outstanding) > 1:
            start = b"\n" if body.octets == len(body.tail) else b""
            found = _LATE_REFUSAL.search(start + body.tail)
            error = found[1] if found and not body.anonymous else None
            then = "then answered the next command"
        if error is not None:
            yield Claim(
                f"The server broke off {asked(exchange)} and wrote its error {quoted_octets(error)}"
                f" into the reply, {then}: the client does not have all of it.",
                exchange=exchange.number,
                covers=tuple(self._seen.session.outstanding),
                evidence={"octets": body.octets},
            )
