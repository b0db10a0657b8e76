"""Messages that are removed although they were never received whole."""

from pop3spy.findings.earlier import had_before
from pop3spy.findings.observed import Observed, lines_of, message_of
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.session.events import Answered, Finished, Unanswered
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.listing import MOST

_SPOILT = ("error-inside-body", "premature-terminator")
"""What ends a body in a way that the client cannot tell from its true end."""


@rule(
    "dele-after-incomplete-retr",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, sections 6 and 8",
    raises=(
        """
        -- login
        C: RETR 1
        S: -ERR cannot read
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK
        """,
        """
        -- login
        C: RETR 1
        S: -ERR cannot read
        C: DELE 1
        C| QUIT
        S: +OK
        -- also quit-unanswered
        -- server closes
        """,
        """
        -- login
        C: RETR 1
        S: -ERR cannot read
        C: DELE 1
        S: +OK
        -- client closes
        -- also disconnect-with-deletes
        """,
    ),
    silent=(
        """
        -- login
        C: RETR 1
        S: -ERR cannot read
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK
        """,
        """
        -- login
        C: RETR 1
        S: -ERR cannot read
        C: DELE 1
        S: +OK
        C: RSET
        S: +OK
        """,
        """
        -- login
        C: RETR 1
        S: -ERR cannot read
        C: DELE 1
        S: -ERR no
        C: QUIT
        S: +OK
        """,
        """
        -- login
        C: DELE 1
        S: +OK
        C: RETR 1
        S: -ERR message is marked
        C: QUIT
        S: +OK
        -- also deleted-message-used
        """,
        """
        -- login
        C: RETR 1
        S: -ERR cannot read
        C: TOP 1 99999
        S: +OK / A: b / (blank) / x / .
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK
        """,
    ),
)
class DeleAfterIncompleteRetr:
    """A message was marked for deletion although its download failed or broke off.

    QUIT removes it from the server, and the client does not have it.  Where the server ended the
    message too early, or wrote an error into it, the client could not know; then the server is the
    side to change.

    To do: end the session without QUIT, or with RSET, to save the message; correct the client so
    that it marks only what it has received to the end.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._by_top: set[int] = set()  # messages that TOP may have brought whole
        self._failed: dict[int, int] = {}  # by message, the first RETR that went wrong

    @on(On.ANSWERED, "RETR")
    def _retrieved(self, event: Answered) -> Claims:
        """Remember a download that failed."""
        exchange = event.exchange
        if not (exchange.ok and exchange.complete) and len(self._failed) < MOST:
            number = message_of(exchange)
            if number is not None:
                self._failed.setdefault(number, exchange.number)
        return ()

    @on(On.ANSWERED, "TOP")
    def _previewed(self, event: Answered) -> Claims:
        """Remember what may have been a whole download."""
        exchange, body = event.exchange, event.exchange.body
        number, lines = message_of(exchange), lines_of(exchange)
        if number is not None and lines and body is not None and body.complete:
            scan = self._seen.scan_of(exchange)
            came = scan.body_lines if scan is not None else None
            if (came is None or came < lines) and len(self._by_top) < MOST:
                self._by_top.add(number)
        return ()

    @on(On.ANSWERED, "QUIT")
    @on(On.UNANSWERED, "QUIT")
    def _removed(self, event: Answered | Unanswered) -> Claims:
        """Judge what QUIT removes."""
        yield from self._judge(Severity.ERROR, event.exchange.number)

    @on(On.FINISHED_EARLY)
    def _over(self, _: Finished) -> Claims:
        """Judge what was marked, if QUIT was never said."""
        if not self._seen.used.get("QUIT"):
            yield from self._judge(Severity.WARNING, 0)

    def _judge(self, severity: Severity, place: int) -> Claims:
        marked = self._seen.maildrop.deleted
        if not marked:
            return
        spoilt = self._spoilt() & marked.keys()
        lost = [number for number in self._broken() if not had_before(self._seen, number)]
        if not lost and not spoilt:
            return
        number = min(lost or spoilt)
        several = len(spoilt.union(lost)) - 1
        more = f" and {several:,} more" if several else ""
        yield Claim(
            f"Message {number}{more} was marked for deletion although its download was incomplete"
            f"{_outcome(severity, by_server=not lost)}.",
            exchange=place,
            severity=severity,
            fault=None if lost else (AtFault.SERVER,),
            covers=(marked[number],),
            evidence={"messages": several + 1, "message": number},
        )

    def _broken(self) -> list[int]:
        """Return the messages that were marked after a retrieval that failed, and no other."""
        maildrop = self._seen.maildrop
        return [
            number
            for number, exchange in self._failed.items()
            if exchange < maildrop.deleted.get(number, 0)
            and number not in maildrop.retrieved
            and number not in self._by_top
        ]

    def _spoilt(self) -> set[int]:
        """Return the messages that seem to have come whole, and have not."""
        raised = [finding for finding in self._seen.session.findings if finding.id in _SPOILT]
        places = {place.exchange for finding in raised for place in finding.places}
        if not places:
            return set()
        spoilt: dict[int, int] = {}
        for exchange in self._seen.session.exchanges:
            number = message_of(exchange) if exchange.command.verb == "RETR" else None
            if number is not None and exchange.number in places:
                spoilt[number] = spoilt.get(number, 0) + 1
        came = self._seen.maildrop.retrieved
        return {
            number
            for number, times in spoilt.items()
            if times >= came.get(number, 0) and number not in self._by_top
        }


def _outcome(severity: Severity, *, by_server: bool) -> str:
    """Return what becomes of the message, and what to change."""
    if severity is Severity.WARNING:
        return "; without QUIT the server has to keep it"
    if by_server:
        return ", and QUIT removes it: the client could not know, so correct the server"
    return ", and QUIT removes it: let the client mark only what it has received to the end"
