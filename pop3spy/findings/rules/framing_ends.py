"""Replies that did not come, or did not come to their end."""

from pop3spy.findings.observed import Observed, is_login
from pop3spy.findings.open_reply import open_reply
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import asked, count, seconds
from pop3spy.protocol.frames import Side
from pop3spy.session.events import Finished, SideClosed
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange


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
        self._seen = seen

    @on(On.CLOSED_EARLY)
    def closed(self, event: SideClosed) -> Claims:
        """Judge what the server leaves without a reply."""
        seen = self._seen
        first = seen.closed_by(Side.SERVER)
        if event.side is not Side.SERVER or first is None:
            return
        missing = [one for one in seen.unfinished if self._is_missing(one, first.at)]
        if not missing:
            return
        exchange = missing[0]
        said, severity = asked(exchange), Severity.ERROR
        more = f", and {count(len(missing) - 1, 'more command')}" if len(missing) > 1 else ""
        if is_login(exchange):
            said, severity = exchange.command.verb, Severity.WARNING
            more = ": it probably refused the login so"
        yield Claim(
            f"The server hung up {seconds(first.at - exchange.asked_at)} after {said} without"
            f" answering it{more}.",
            exchange=exchange.number,
            severity=severity,
            covers=tuple(one.number for one in missing[1:]),
            evidence={"unanswered": len(missing)},
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

    @on(On.FINISHED_EARLY)
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
            remedy="find out why the server closed; let the client notice it before it speaks.",
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
        self._seen = seen
        self._open: Exchange | None = None

    @on(On.CLOSED_EARLY)
    def closed(self, _: SideClosed) -> Claims:
        """Look whether a reply stands open."""
        if self._open is None:
            self._open = open_reply(self._seen, self._seen.unfinished)
        return ()

    @on(On.FINISHED_EARLY)
    def over(self, event: Finished) -> Claims:
        """Tell of it, unless the client gave up."""
        seen, how = self._seen, event.ending.how
        exchange, first = self._open, seen.first_close
        if not seen.session.closings and how.by is Side.SERVER:
            exchange = _broken_off(seen)
        if exchange is None or exchange.complete or (first and first.side is Side.CLIENT):
            return
        body = exchange.body
        octets = body.octets if body else 0
        lines = body.lines if body else 0
        size = count(octets, "octet") + (f" and {count(lines, 'line')}" if lines else "")
        who = f"the server {'reset the connection' if how.reset else 'closed'}"
        if first is None and seen.session.closings:
            who = "both sides closed at the same time"
        yield Claim(
            f"The reply to {asked(exchange)} was cut off after {size} when {who}: the client must"
            " not keep it.",
            exchange=exchange.number,
            evidence={"octets": octets, **({"lines": lines} if lines is not None else {})},
        )


def _broken_off(seen: Observed) -> Exchange | None:
    """Return whose reply did not end, where a recording has no closes and only tells the end."""
    last = next((one for one in reversed(seen.session.exchanges) if one.status is not None), None)
    if last is None or last.status is None or not last.status.has_body or last.complete:
        return None
    return None if last.body is not None and last.body.error_before is not None else last
