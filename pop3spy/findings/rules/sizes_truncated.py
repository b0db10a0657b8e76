"""Downloads that broke off."""

from typing import Final

from pop3spy.findings.mail import message_named
from pop3spy.findings.observed import Observed, listed_size
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import count, seconds
from pop3spy.protocol.frames import Side
from pop3spy.session.events import Answered, Finished
from pop3spy.session.finding import AtFault, Evidence, Severity
from pop3spy.session.model import Exchange

_LATER: Final = 1.0
"""Seconds below which it does not matter how long a download took."""


@rule(
    "retr-truncated",
    Severity.ERROR,
    (AtFault.SERVER, AtFault.NETWORK),
    Scope.EXCHANGE,
    rank=1,
    basis="RFC 1939, sections 3 and 8",
    beats=("multiline-unterminated", "reply-missing"),
    raises=(
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x
        -- server resets
        """,
        """
        -- login
        C: LIST
        S: +OK / 1 5000 / .
        C: RETR 1
        S: +OK / A: b / (blank) / x
        -- server closes
        """,
        """
        -- login
        C: TOP 1 10
        S: +OK / A: b / (blank) / x
        -- server closes
        """,
    ),
    silent="""
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: QUIT
        S: +OK
        -- server resets
    """,
)
class RetrTruncated:
    """The connection ended in the middle of a message.

    What the client holds is not the message.  If the download stops at the same place every time,
    the cause is the server or a filter before it, and something in the message; if the place
    changes, it is the network or a time limit.

    To do: do not let the client delete the message; compare where several downloads stop.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._broken: tuple[Exchange, int] | None = None  # ... and how many octets came

    @on(On.ANSWERED, "RETR", "TOP")
    def _came(self, event: Answered) -> Claims:
        """Remember a message that did not come whole, until it is known why."""
        exchange, body = event.exchange, event.exchange.body
        if exchange.ok and not exchange.complete and body is not None and not body.error_inside:
            self._broken = exchange, body.size
        elif exchange.ok and body is None and not exchange.complete:
            self._broken = exchange, 0
        return ()

    @on(On.FINISHED_EARLY)
    def _over(self, _: Finished) -> Claims:
        """Say so if it was not the client that hung up."""
        seen = self._seen
        if self._broken is None or seen.ended_by_us:
            return
        exchange, came = self._broken
        was_open = any(one is exchange for one in seen.unfinished)
        if not was_open or seen.closed_by(Side.CLIENT) is not None:
            return
        if self._went_on(exchange, came):
            return
        who = "the connection broke off"
        fault: tuple[AtFault, ...] = (AtFault.NETWORK,)
        if (closing := seen.closed_by(Side.SERVER)) is not None:
            did = "reset the connection" if closing.reset else "closed the connection"
            after = closing.at - exchange.asked_at
            who = f"the server {did}" + (f" after {seconds(after)}" if after >= _LATER else "")
            fault = (AtFault.SERVER, AtFault.NETWORK)
        stopped, evidence = self._place(exchange, came)
        yield Claim(
            f"The download of {message_named(exchange)} stopped at {stopped} when {who}: the client"
            " must not delete the mail.",
            exchange=exchange.number,
            fault=fault,
            evidence=evidence,
        )

    def _went_on(self, exchange: Exchange, came: int) -> bool:
        """Return whether the client may have taken what came for the whole message.

        Then the replies to what it said next may stand in what seems to be the message.
        """
        listed, began = listed_size(self._seen, exchange), exchange.answered_at or 0.0
        if listed is not None and came < listed:
            return False
        return any(one.asked_at > began for one in self._seen.unfinished)

    def _place(self, exchange: Exchange, came: int) -> tuple[str, Evidence]:
        """Return where it stopped: in words, and in numbers."""
        listed = listed_size(self._seen, exchange)
        if listed is None or exchange.command.verb != "RETR":
            return count(came, "octet"), {"came": came}
        evidence = {"came": came, "listed": listed}
        if came >= listed:
            return f"{count(came, 'octet')}, at its end but for the final dot,", evidence
        percent = came * 100 // max(listed, 1)
        return f"{came:,} of {count(listed, 'octet')} ({percent} %)", evidence
