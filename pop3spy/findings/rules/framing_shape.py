"""Replies of one line where several are due, and of several where one is."""

import re
from collections.abc import Iterator
from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.open_reply import open_reply
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.silence import Silence
from pop3spy.findings.wording import asked, count, quoted
from pop3spy.session.events import Answered, SideClosed
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange

_ENTRY: Final = re.compile(rb"[0-9]{1,10} [!-~]+")
_NEXT_REPLY: Final = re.compile(rb"(?:\+OK|-ERR)(?![0-9A-Za-z])")


@rule(
    "multiline-shape-wrong",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=1,
    basis="RFC 1939, sections 5 and 7",
    beats=(
        *("listing-malformed", "unsolicited-response", "premature-terminator"),
        *("error-inside-body", "multiline-unterminated", "pipelined-unadvertised"),
    ),
    raises=(
        """
        -- login
        C: UIDL 1
        S: +OK / 1 abc / .
        """,
        """
        -- login
        C: LIST 2
        S: +OK 2 messages / 1 11 / 2 22 / .
        """,
        """
        -- login
        C: LIST
        S: +OK 1 11
        C: STAT
        S: +OK 1 11
        -- 11 s
        """,
    ),
    silent=(
        """
        -- login
        C: UIDL 1
        S: +OK 1 abc
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 abc / .
        """,
        """
        -- login
        C: LIST
        S: +OK 1 11
        -- 11 s
        S: 1 11 / .
        """,
    ),
)
class MultilineShapeWrong:
    """The server answers in one line where a listing is due, or with a listing where one line is.

    With a message number, LIST and UIDL are answered in the status line alone; without one, in a
    listing that a lone dot ends.  A client that expects the other shape loses step: it takes the
    rest for the replies to its next commands, or waits for a dot that does not come.

    To do: update the server.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    @on(On.ANSWERED, "LIST", "UIDL")
    def listed(self, event: Answered) -> Claims:
        """Judge a listing where one line is due."""
        exchange = event.exchange
        if exchange.wrong_shape and exchange.complete and exchange.status is not None:
            lines = exchange.body.lines if exchange.body else None
            yield Claim(
                f"The server answered {asked(exchange)} with {quoted(exchange.status)} and a"
                f" listing of {count(lines or 0, 'line')}, where one line is due: clients lose"
                " step.",
            )

    @on(On.SILENT, after="gave_up")
    def silent(self, _: Silence) -> Claims:
        """Judge a listing that never came."""
        yield from self._judge(open_reply(self._seen))

    @on(On.CLOSED_EARLY)
    def closed(self, _: SideClosed) -> Claims:
        """Judge the same where somebody did not wait so long."""
        yield from self._judge(open_reply(self._seen, self._seen.unfinished))

    def _judge(self, exchange: Exchange | None) -> Iterator[Claim]:
        """Judge one entry where a listing is due, behind which the next reply stands."""
        if exchange is None or exchange.command.verb not in ("LIST", "UIDL"):
            return
        body, status = exchange.body, exchange.status
        later = tuple(number for number in self._seen.session.outstanding if number)
        if body is None or status is None or len(later) < 2 or not exchange.command.bare:
            return
        if _ENTRY.fullmatch(status.text) and _NEXT_REPLY.match(body.head):
            yield Claim(
                f"The server answered {asked(exchange)} with {quoted(status)} alone, where a"
                " listing is due: clients wait for its dot.",
                exchange=exchange.number,
                covers=later[1:],
            )
