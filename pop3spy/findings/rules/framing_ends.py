"""Replies that did not come, or did not come to their end."""

import re
from collections.abc import Iterator
from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.silence import Silence
from pop3spy.findings.unasked_lines import missing_octets
from pop3spy.findings.wording import asked, count, cut, seconds
from pop3spy.protocol.frames import Side
from pop3spy.protocol.states import Effect
from pop3spy.protocol.text import show
from pop3spy.session.events import Finished, SideClosed
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange

_LATE_REFUSAL: Final = re.compile(
    rb"\n(-ERR(?![0-9A-Za-z])[^\r\n]*)\r*\n(?:\+OK|-ERR)(?![0-9A-Za-z])[^\r\n]*\r*\n?"
)
_GAVE_UP: Final = 10.0


def open_reply(seen: Observed, outstanding: tuple[Exchange, ...] | None = None) -> Exchange | None:
    """Return the exchange whose multi-line reply has begun and not ended."""
    waiting = seen.session.outstanding.values() if outstanding is None else outstanding
    first = next(iter(waiting), None)
    if first is None or first.status is None or not first.status.has_body:
        return None
    return None if first.complete else first


@rule(
    "reply-missing",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=1,
    basis="RFC 1939, section 3",
    raises=(
        """
        -- login
        C: NOOP
        S: +OK
        C: STAT
        -- server closes
        """,
        """
        -- login
        C: NOOP
        S: +OK
        -- server closes
        -- 2 s
        C: STAT
        -- client closes
        """,
    ),
    silent=(
        """
        -- login
        C: NOOP
        S: +OK
        C: QUIT
        C| NOOP
        S: +OK bye
        -- server closes
        -- also pipelined-after-quit
        """,
        """
        -- login
        C: NOOP
        S: +OK
        C: STAT
        S: +OK 0 0
        -- client closes
        -- also quit-missing
        """,
    ),
)
class ReplyMissing:
    """The server closed the connection and left a command without an answer.

    Each command has to be answered.  Clients report that the server disconnected unexpectedly, and
    do not know whether the command was carried out.  Behind it may be a crash, a limit, or a
    firewall on the way.

    To do: look into the server's log at that time, then at firewalls in front of it.
    """

    def __init__(self, seen: Observed) -> None:
        """Remember whether a missing reply was told."""
        self._seen = seen

    @on(On.CLOSED)
    def closed(self, event: SideClosed) -> Claims:
        """Judge what the server leaves without a reply."""
        seen = self._seen
        first = seen.closed_by(Side.SERVER)
        if event.side is not Side.SERVER or first is None or seen.at_close is None:
            return
        missing = [one for one in seen.at_close.outstanding if self._is_missing(one, first.at)]
        if not missing:
            return
        exchange = missing[0]
        after = seconds(first.at - exchange.asked_at)
        more = f", and {count(len(missing) - 1, 'more command')}" if len(missing) > 1 else ""
        where = {
            "exchange": exchange.number,
            "covers": tuple(one.number for one in missing[1:]),
            "evidence": {"unanswered": len(missing)},
        }
        if exchange.command.effect is Effect.LOGIN:
            yield Claim(
                f"The server hung up {after} after {exchange.command.verb} without answering it:"
                " it probably refused the login so.",
                severity=Severity.WARNING,
                **where,
            )
        else:
            yield Claim(
                f"The server hung up {after} after {asked(exchange)} without answering it{more}.",
                **where,
            )

    def _is_missing(self, exchange: Exchange, closed_at: float) -> bool:
        """Return whether the server owed a reply; inside AUTH it may be the client's turn."""
        if exchange.status is not None or exchange.odd is not None or exchange.kept:
            return False
        seen = self._seen
        said, answered = seen.last[Side.CLIENT] or 0.0, seen.last[Side.SERVER] or 0.0
        if exchange.answered_at is not None and answered > said:
            return False
        return exchange.asked_at < closed_at

    @on(On.FINISHED)
    def over(self, _: Finished) -> Claims:
        """Judge what the client said behind the server's close."""
        seen = self._seen
        first, at_close = seen.closed_by(Side.SERVER), seen.at_close
        if first is None or at_close is None or not at_close.after or seen.session.said_goodbye:
            return
        line, at = at_close.after[0]
        yield Claim(
            f"The server had hung up {seconds(at - first.at)} before"
            f" {line.command.verb or 'a command'} was sent.",
            exchange=line.number,
            at=at,
            severity=Severity.WARNING,
            fault=(AtFault.CLIENT,),
            remedy="find out why the server closed; let the client notice a close before it speaks",
        )


@rule(
    "multiline-unterminated",
    Severity.ERROR,
    (AtFault.SERVER, AtFault.NETWORK),
    Scope.EXCHANGE,
    rank=1,
    basis="RFC 1939, section 3",
    beats=("reply-missing",),
    raises=(
        """
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b
        -- server closes
        """,
        """
        -- login
        C: LIST
        S: +OK / 1 11
        -- server resets
        """,
    ),
    silent=(
        """
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / .
        -- server closes
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b
        -- 1 s
        -- client closes
        -- also client-gave-up
        """,
    ),
)
class MultilineUnterminated:
    """A reply of several lines was cut off when the connection ended.

    Such a reply ends with a lone dot, and this one never did.  What came is not the whole listing
    or message, and a client that keeps it takes the rest for deleted.

    To do: look for limits and errors at the server and on the way; the client must drop the reply.
    """

    def __init__(self, seen: Observed) -> None:
        """Keep what stood open when somebody closed."""
        self._seen = seen
        self._open: Exchange | None = None

    @on(On.CLOSED)
    def closed(self, _: SideClosed) -> Claims:
        """Look whether a reply stands open."""
        at_close = self._seen.at_close
        if at_close is not None and self._open is None:
            self._open = open_reply(self._seen, at_close.outstanding)
        yield from ()

    @on(On.FINISHED)
    def over(self, _: Finished) -> Claims:
        """Tell of it, unless the client gave up."""
        exchange, first = self._open, self._seen.first_close
        if exchange is None or exchange.complete or (first and first.side is Side.CLIENT):
            return
        body = exchange.body
        octets = body.octets if body else 0
        lines = body.lines if body else 0
        size = count(octets, "octet") + (f" and {count(lines, 'line')}" if lines else "")
        if first is None:
            who = "both sides closed at the same time"
        else:
            who = f"the server {'reset the connection' if first.reset else 'closed'}"
        yield Claim(
            f"The reply to {asked(exchange)} was cut off after {size} when {who}: the client must"
            " not keep it.",
            exchange=exchange.number,
            evidence={"octets": octets, **({"lines": lines} if lines is not None else {})},
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
        S: +OK 1 900
        C: RETR 1
        S: +OK / A: b / (blank) / x.
        -- 11 s
        S: y / .
        -- also size-mismatch
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
        """Keep what was told."""
        self._seen = seen

    @on(On.SILENT, after=_GAVE_UP)
    def silent(self, _: Silence) -> Claims:
        """Judge a message that stopped, if its size is known: the line end may not have come."""
        exchange = open_reply(self._seen)
        if exchange is None or exchange.body is None or not exchange.body.tail.endswith(b"."):
            return
        if missing_octets(self._seen, exchange) == -1:
            yield self._claim(exchange, Severity.ERROR)

    @on(On.CLOSED)
    def closed(self, event: SideClosed) -> Claims:
        """Judge it where no size was told, once all has come that will."""
        seen = self._seen
        if event.side is not Side.SERVER or seen.at_close is None:
            return
        exchange = open_reply(seen, seen.at_close.outstanding)
        silent = event.at - (seen.last[Side.SERVER] or event.at)
        if exchange is None or exchange.body is None or silent < seen.thresholds.gave_up:
            return
        if exchange.command.verb not in ("RETR", "TOP"):
            return
        tail = exchange.body.tail
        if tail.endswith(b".\r\n") and tail[-4:-3] not in (b"", b"\n"):
            if missing_octets(seen, exchange) is None:
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
        """Keep nothing but what is seen."""
        self._seen = seen

    @on(On.SILENT, after=_GAVE_UP)
    def silent(self, _: Silence) -> Claims:
        """Judge a reply that stopped."""
        yield from self._judge(open_reply(self._seen), "then said nothing more")

    @on(On.CLOSED)
    def closed(self, _: SideClosed) -> Claims:
        """Judge a reply that a close cut off."""
        seen = self._seen
        if seen.closed_by(Side.SERVER) is not None and seen.at_close is not None:
            yield from self._judge(open_reply(seen, seen.at_close.outstanding), "then closed")

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
                f"The server broke off {asked(exchange)} and wrote its error '{cut(show(error))}'"
                f" into the reply, {then}: what the client holds is not the message.",
                exchange=exchange.number,
                covers=tuple(self._seen.session.outstanding),
                evidence={"octets": body.octets},
            )
