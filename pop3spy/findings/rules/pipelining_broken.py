"""Servers that offer pipelining and mix up or lose replies."""

import re
from typing import Final

from pop3spy.findings.observed import Observed, listed_size, message_of
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import asked, count, seconds
from pop3spy.protocol.commands import Shape
from pop3spy.protocol.replies import pair_of, unique_id_of
from pop3spy.session.events import Answered, Clogged, Finished, Heard
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange

_STATUS_INSIDE: Final = re.compile(rb"(?:^|\n)\+OK")
_NOT_IN_A_GROUP: Final = frozenset({"STLS", "AUTH", "XTND XMIT", "QUIT"})
_CAPA: Final = """
        -- login
        C: CAPA
        S: +OK / PIPELINING / UIDL / TOP / .
"""


@rule(
    "pipelining-broken",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=1,
    basis="RFC 2449, section 6.6",
    beats=(
        "unsolicited-response",
        "status-malformed",
        "listing-malformed",
        "client-gave-up",
        "reply-missing",
        "quit-missing",
        "quit-unanswered",
        "retr-truncated",
        "multiline-unterminated",
        "pipelined-unadvertised",
    ),
    raises=(
        f"""{_CAPA}
        C: LIST 1 / LIST 2
        S: +OK 2 11 / +OK 1 11
        """,
        f"""{_CAPA}
        C: RETR 1 / RETR 2
        S: +OK / A: b / +OK / (blank) / x / . / C: d / (blank) / y / .
        """,
        f"""{_CAPA}
        C: RETR 1 / RETR 2
        S: +OK / A: b / +OK / (blank) / x / . / C: d / (blank) / y / .
        C: QUIT
        S: +OK bye
        -- server closes
        """,
        f"""{_CAPA}
        C: LIST 1 / LIST 2
        S: +OK 1 11
        -- 60 s
        -- client closes
        """,
    ),
    silent=(
        f"""{_CAPA}
        C: LIST 1 / LIST 2
        S: +OK 1 11 / +OK 2 11
        """,
        f"""{_CAPA}
        C: RETR 1 / RETR 2
        S: +OK / A: b / (blank) / +OK / . / +OK / A: b / (blank) / y / .
        """,
        f"""{_CAPA}
        C: LIST 1 / LIST 2
        S: +OK 1 11
        -- 20 s
        S: +OK 2 11
        -- also reply-slow
        """,
    ),
)
class PipeliningBroken:
    """The server offers PIPELINING, and loses or mixes the replies to commands that are sent ahead.

    Replies have to come in the order of their commands, each whole before the next begins.  A
    client that trusts the offer gets the wrong message, or waits for ever.

    To do: switch pipelining off in the client, and update the server.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._held_status: Exchange | None = None  # with a status line inside its body

    def _in_flight(self, exchange: Exchange) -> list[Exchange]:
        """Return the commands behind *exchange* that were sent ahead, if that was allowed."""
        if not self._seen.offers("PIPELINING"):
            return []
        waiting = self._seen.session.outstanding.values()
        ahead = [one for one in waiting if one.number > exchange.number and one.line.pipelined]
        group = [exchange, *ahead]
        if any(one.command.verb in _NOT_IN_A_GROUP or one.line.truncated for one in group):
            return []
        return ahead

    @on(On.ANSWERED, "LIST", "UIDL")
    def listed(self, event: Answered) -> Claims:
        """Judge whether a reply of one line is about the message that was asked about."""
        if not self._seen.session.outstanding:  # nearly always
            return
        exchange = event.exchange
        status = exchange.status
        if status is None or not status.ok or exchange.body is not None:
            return
        read = pair_of if exchange.command.verb == "LIST" else unique_id_of
        told, wanted = read(status.text), message_of(exchange)
        if told is None or wanted is None or told[0] == wanted:
            return
        for other in self._in_flight(exchange):
            if other.command.verb == exchange.command.verb and message_of(other) == told[0]:
                yield Claim(
                    f"The server answered {asked(exchange)} with what {asked(other)} asked for,"
                    " which the client had sent ahead: switch pipelining off in the client.",
                    covers=(other.number,),
                )
                return

    @on(On.ANSWERED, "RETR", "TOP")
    def retrieved(self, event: Answered) -> Claims:
        """Keep a body that holds what may be the status line of the next reply."""
        self._held_status = None
        if not self._seen.session.outstanding:  # nearly always
            return ()
        exchange, body = event.exchange, event.exchange.body
        if body is None or not body.complete or not self._in_flight(exchange):
            return ()
        size = listed_size(self._seen, exchange)
        whole = exchange.command.verb == "RETR" and size == body.size
        if not whole and _STATUS_INSIDE.search(body.head):
            self._held_status = exchange
        return ()

    @on(On.JUNK)
    def odd(self, event: Heard) -> Claims:
        """Judge whether a body goes on where its status line should have stood."""
        first, second = self._held_status, event.exchange
        self._held_status = None
        if first is None or second is None or second.number != first.number + 1:
            return
        if second.command.shape is Shape.MESSAGE and second.line.pipelined:
            yield Claim(
                f"The server began its reply to {asked(second)} inside the body that answers"
                f" {asked(first)}: switch pipelining off in the client, update the server.",
                exchange=0,  # from here on no reply is known to be that of its command
            )

    @on(On.FINISHED_EARLY)
    def finished(self, event: Finished) -> Claims:
        """Judge whether replies were lost, when there was time enough for them."""
        seen = self._seen
        first, waiting, before = seen.first_close, seen.unfinished, seen.last_answered
        if first is None or not waiting or before is None or before.ended_at is None:
            return
        oldest = waiting[0]
        quiet = first.at - max(seen.spoken_at, oldest.asked_at)
        # One of the group was answered, the next not even begun, though it came in time for that.
        sent_ahead = oldest.line.pipelined and oldest.asked_at < before.ended_at
        if not sent_ahead or oldest.answered or oldest.number != before.number + 1:
            return
        if oldest.command.shape is Shape.MESSAGE:
            return  # the server may be busy with it
        if quiet > seen.thresholds.stalled and self._offered([before, *waiting]):
            yield Claim(
                f"The server offers pipelining but left {count(len(waiting), 'command')} without a"
                f" reply for {seconds(quiet)}, from {asked(oldest)} on:"
                " switch pipelining off in the client, update the server.",
                exchange=oldest.number,
                at=event.at,
                covers=tuple(one.number for one in waiting),
                evidence={"seconds": round(quiet, 3), "commands": len(waiting)},
            )

    def _offered(self, group: list[Exchange]) -> bool:
        plain = all(one.command.verb not in _NOT_IN_A_GROUP for one in group)
        return plain and self._seen.offers("PIPELINING") is True


@rule(
    "pipelining-deadlock",
    Severity.ERROR,
    (AtFault.CLIENT, AtFault.SERVER),
    Scope.TIMING,
    rank=2,
    basis="RFC 2449, section 6.6",
    raises=f"""{_CAPA}
        C: RETR 1 / RETR 2 / RETR 3
        S: +OK / A: b
        -- both clog
        -- 12 s
    """,
    silent=f"""{_CAPA}
        C: RETR 1 / RETR 2 / RETR 3
        S: +OK / A: b
        -- both clog
        -- 4 s
        -- one takes again
        -- 8 s
    """,
)
class PipeliningDeadlock:
    """Client and server block each other: each sends on and neither reads.

    A client that sends many commands ahead without reading the replies fills the way in both
    directions, and from then on nothing moves.

    To do: let the client read while it writes, or send fewer commands ahead.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._since: float | None = None

    @on(On.CLOGGED)
    def clogged(self, event: Clogged) -> Claims:
        """Look again after a while whether anything moves."""
        self._since = event.at if event.both else None
        if event.both:
            self._seen.after(self._seen.thresholds.deadlocked, self._check, event.at)
        return ()

    def _check(self, seen: Observed, since: float) -> Claims:
        if self._since == since and not seen.session.closings:
            waited = seen.thresholds.deadlocked
            yield Claim(
                f"For {seconds(waited)} neither client nor server has taken what is sent to it: let"
                " the client read while it writes.",
                exchange=0,
                evidence={"seconds": waited},
            )
