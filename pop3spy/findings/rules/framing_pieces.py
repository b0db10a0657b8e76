"""Replies that are right, and whose cut into pieces misleads the client."""

from collections.abc import Iterator

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import asked, seconds
from pop3spy.protocol.frames import Side
from pop3spy.session.events import Heard, SideClosed
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange


@rule(
    "split-terminator",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.TIMING,
    rank=1,
    basis="RFC 1939, section 3",
    beats=("client-waits-for-dot", "client-gave-up", "quit-missing", "pipelined-unadvertised"),
    raises=(
        r"""
        -- login
        C: RETR 1
        S< +OK\r\nA: b\r\n\r\nx\r\n
        S< .
        S< \r\n
        -- 12 s
        -- client closes
        """,
        r"""
        C: CAPA
        S< +OK\r\nTOP\r\nUIDL\r\n
        S< .\r\n
        -- 1 s
        -- client closes
        """,
        r"""
        -- login
        C: RETR 1
        S< +OK\r\nA: b\r\n\r\nend of sentence.\r\n
        C: NOOP
        S< more text.\r\n.\r\n+OK\r\n
        """,
    ),
    silent=(
        r"""
        -- login
        C: RETR 1
        S< +OK\r\nA: b\r\n\r\nx\r\n
        S< .
        S< \r\n
        C: QUIT
        S: +OK
        """,
        r"""
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        -- 12 s
        -- client closes
        -- also quit-missing
        """,
        r"""
        C: CAPA
        S: +OK / PIPELINING / .
        -- login
        C: RETR 1
        S< +OK\r\nA: b\r\n\r\nend of sent
        C: NOOP
        S< ence.\r\n.\r\n+OK\r\n
        """,
    ),
)
class SplitTerminator:
    """A reply came in pieces, and the client did not find its end.

    TCP has no borders between messages: a reply may come in any number of reads.  A client that
    looks for the lone dot in each read alone misses one that is cut, or takes a dot at the end of a
    piece for it.  The server is right.

    To do: let the client collect octets until the line with the lone dot.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._cut: tuple[Exchange, int, float] | None = None

    @on(On.BODY_END)
    def ended(self, event: Heard) -> Claims:
        """Look into how many pieces the end was cut, and whether the client took another for it."""
        exchange = event.exchange
        if exchange is None or event.frame.side is Side.CLIENT:
            return
        if (by := self._taken_for_the_end(exchange)) is not None:
            yield self._claim(
                exchange,
                "a piece of it ended with a dot and a line end, and the client went on as if that"
                " were the end",
                covers=(by,),
            )
        pieces = self._pieces(event, exchange)
        alone = len(self._seen.session.outstanding) == 1 and not self._seen.session.typed
        self._cut = (exchange, pieces, event.at) if pieces > 1 and alone else None
        if self._cut is not None:
            self._seen.after(self._seen.thresholds.gave_up, self._waits, event.at)

    def _pieces(self, event: Heard, exchange: Exchange) -> int:
        """Count the reads that the end came in; those of one time are one."""
        times = {self._seen.spoken_before, event.first, *(at for _, at in event.frame.cuts)}
        if exchange.command.verb == "CAPA" and exchange.answered_at is not None:
            times.add(exchange.answered_at)
        return len(times)

    def _taken_for_the_end(self, exchange: Exchange) -> int | None:
        """Return which command came right behind a piece that ended like a reply."""
        found = self._seen.interrupted
        if found is None or found.exchange != exchange.number:
            return None
        ended = found.before == b"." and found.rest == b"\r\n" and found.rest_at <= found.at
        return found.by if ended else None

    def _waits(self, seen: Observed, ended_at: float) -> Iterator[Claim]:
        if seen.spoken_at == ended_at and not seen.session.closings:
            yield from self._tell(
                f"the client has said nothing for {seconds(seen.now - seen.spoken_at)}"
            )

    @on(On.CLOSED_EARLY)
    def closed(self, _: SideClosed) -> Claims:
        """Judge a client that leaves instead of going on."""
        seen = self._seen
        if self._cut is None or seen.closed_by(Side.CLIENT) is None:
            return
        if seen.spoken_at == self._cut[2]:
            yield from self._tell("the client closed without QUIT")

    def _tell(self, then: str) -> Iterator[Claim]:
        cut, self._cut = self._cut, None
        if cut is not None:
            exchange, pieces, _ = cut
            yield self._claim(exchange, f"its end came in {pieces} pieces, and {then}")

    @staticmethod
    def _claim(exchange: Exchange, how: str, covers: tuple[int, ...] = ()) -> Claim:
        return Claim(
            f"The reply to {asked(exchange)} was complete, but {how}.",
            exchange=exchange.number,
            covers=covers,
        )
