"""TOP, compared with what it was asked for and with the whole message."""

from pop3spy.findings.mail import COMPARED, mail_of, message_named
from pop3spy.findings.observed import Observed, lines_of
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import asked, count
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange


@rule(
    "top-too-many-lines",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 7",
    on=On.ANSWERED,
    verbs=("TOP",),
    raises=(
        """
        -- login
        C: TOP 1 1
        S: +OK / A: b / (blank) / x / y / .
        """,
        """
        -- login
        C: TOP 1 0
        S: +OK / A: b / (blank) / (blank) / .
        """,
    ),
    silent=(
        """
        -- login
        C: TOP 1 1
        S: +OK / A: b / (blank) / x / .
        """,
        """
        -- login
        C: TOP 1 1
        S: +OK / A: b / (blank) / .
        """,
    ),
)
def top_too_many_lines(seen: Observed, event: Answered) -> Claims:
    """TOP gave more lines of the message than it was asked for.

    It has to give the header, the empty line, and as many lines of the body as were asked for.
    More of them cost time, and nothing else.

    To do: correct the server, which mostly counts one line too many.
    """
    wanted, scan = lines_of(event.exchange), mail_of(seen, event.exchange).scan
    came = scan.body_lines if scan is not None else None
    if wanted is not None and came is not None and came > wanted:
        yield Claim(
            f"{asked(event.exchange)} gave {count(came, 'line')} of the body instead of {wanted}.",
            evidence={"lines": came, "wanted": wanted},
        )


@rule(
    "top-too-few-lines",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 7",
    raises=(
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / y / z / .
        C: TOP 1 99999999
        S: +OK / A: b / (blank) / x / .
        """,
        """
        -- login
        C: TOP 1 2
        S: +OK / A: b / (blank) / x / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / y / z / .
        """,
    ),
    silent=(
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: TOP 1 99999999
        S: +OK / A: b / (blank) / x / .
        """,
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / y / .
        C: TOP 1 1
        S: +OK / A: b / (blank) / x / .
        """,
    ),
)
class TopTooFewLines:
    """TOP gave fewer lines than it was asked for, and the message has more.

    Some clients download with TOP and a large number, to leave the message unread.  They get a
    part of it and take it for the whole.

    To do: let the client use RETR (fetchmail: ``fetchall``); correct the server.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._whole: dict[int, int] = {}  # lines of the body, by message
        self._short: dict[int, tuple[Exchange, int, int]] = {}  # TOP, its lines, those wanted

    @on(On.ANSWERED, "RETR")
    def _retrieved(self, event: Answered) -> Claims:
        """Compare a whole message with the TOP before it."""
        number, lines = self._lines(event.exchange)
        if number is None or lines is None or len(self._whole) >= COMPARED:
            return
        self._whole[number] = lines
        if (short := self._short.pop(number, None)) is not None:
            yield from self._compare(number, *short)

    @on(On.ANSWERED, "TOP")
    def _previewed(self, event: Answered) -> Claims:
        """Compare a TOP with the whole message, or remember it."""
        number, lines = self._lines(event.exchange)
        wanted = lines_of(event.exchange)
        if number is None or lines is None or wanted is None or lines >= wanted:
            return
        if number in self._whole:
            yield from self._compare(number, event.exchange, lines, wanted)
        elif len(self._short) < COMPARED:
            self._short[number] = event.exchange, lines, wanted

    def _compare(self, number: int, top: Exchange, lines: int, wanted: int) -> Claims:
        whole = self._whole[number]
        if lines < min(wanted, whole):
            yield Claim(
                f"{asked(top)} gave {count(lines, 'line')} of the {whole:,} that message {number}"
                " has: a client that downloads with TOP loses mail.",
                exchange=top.number,
                evidence={"lines": lines, "wanted": wanted, "whole": whole},
            )

    def _lines(self, exchange: Exchange) -> tuple[int | None, int | None]:
        mail = mail_of(self._seen, exchange)
        return mail.number, mail.scan.body_lines if mail.scan is not None else None


@rule(
    "top-no-blank-line",
    Severity.INFO,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=3,
    basis="RFC 1939, section 7; RFC 5322, section 2.1",
    on=On.ANSWERED,
    verbs=("TOP", "RETR"),
    raises="""
        -- login
        C: TOP 4 0
        S: +OK / From: a@b / Subject: x / .
    """,
    silent=(
        """
        -- login
        C: TOP 4 0
        S: +OK / From: a@b / Subject: x / (blank) / .
        """,
        """
        -- login
        C: RETR 4
        S: +OK / .
        """,
    ),
)
def top_no_blank_line(seen: Observed, event: Answered) -> Claims:
    """A message came without the empty line that ends its header.

    A message that has no body may be stored so.  Old versions of Outlook Express wait for that
    line for ever.

    To do: nothing, unless a client hangs there (Dovecot: ``pop3_client_workarounds = oe-ns-eoh``).
    """
    mail = mail_of(seen, event.exchange)
    scan = mail.scan
    if scan is None or not scan.octets or scan.header is None or scan.has_blank_line:
        return
    what = message_named(event.exchange).capitalize()
    yield Claim(f"{what} has no empty line behind its header: old Outlook Express hangs on it.")


@rule(
    "top-retr-differ",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=3,
    basis="RFC 1939, section 7",
    raises=(
        """
        -- login
        C: TOP 1 0
        S: +OK / Subject: a / (blank) / .
        C: RETR 1
        S: +OK / Subject: [SPAM] a / (blank) / x / .
        """,
    ),
    silent=(
        """
        -- login
        C: TOP 1 0
        S: +OK / Subject: a / (blank) / .
        C: RETR 1
        S: +OK / Subject: a / (blank) / X-Body: b / .
        """,
        """
        -- login
        C: TOP 1 0
        S: +OK / Subject: a / (blank) / .
        C: RETR 1
        S: +OK / Subject: a / Status: RO / (blank) / x / .
        """,
    ),
)
class TopRetrDiffer:
    """The header that TOP gives is not that of the message.

    Clients that sort or filter by what TOP gave judge by a header that the message has not got.
    Fields in which servers keep the state of a message are left out of the comparison.

    To do: let the server give both from one source; look for a scanner that changes one of them.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._known: dict[int, dict[str, bytes]] = {}

    @on(On.ANSWERED, "TOP", "RETR")
    def _came(self, event: Answered) -> Claims:
        """Compare the header with that which came by the other command."""
        mail = mail_of(self._seen, event.exchange)
        number, header = mail.number, mail.header
        if number is None or header is None:
            return
        if number not in self._known and len(self._known) >= COMPARED:
            return
        verb = event.exchange.command.verb
        known = self._known.setdefault(number, {})
        known[verb] = header
        other = known.get("RETR" if verb == "TOP" else "TOP", header)
        if other != header:
            yield Claim(
                f"The header that TOP {number} gives is not that which RETR {number} gives: filters"
                " that go by TOP judge wrongly.",
                evidence={"message": number},
            )
