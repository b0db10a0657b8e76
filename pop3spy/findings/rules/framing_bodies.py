"""What is wrong inside bodies: dots that are not doubled, or twice, and bare line ends."""

from pop3spy.findings.bodies import whole_scan
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.size_differences import SizeCause, difference_of
from pop3spy.findings.wording import asked, count
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity

_MESSAGES = ("RETR", "TOP")


@rule(
    "dot-unstuffed",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.LINE,
    rank=1,
    basis="RFC 1939, section 3",
    on=On.ANSWERED,
    verbs=(*_MESSAGES, "LIST", "UIDL", "CAPA"),
    beats=("capability-malformed", "listing-malformed"),
    raises=(
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / .x / .
        """,
        """
        C: CAPA
        S: +OK / TOP / .UIDL / .
        """,
        """
        -- login
        C: RETR 1
        S: +OK / .A: b / (blank) / .profile is a file / 1.5 / .
        """,
    ),
    silent=(
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / ..x / .
        """,
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / .. / .
        """,
    ),
)
def dot_unstuffed(seen: Observed, event: Answered) -> Claims:
    """The server does not double a dot at the start of a line.

    Each line that begins with a dot has to get a second one on the wire, which the client takes
    away again.  Without it the client removes the dot of the text, and a line that is nothing but a
    dot cuts the message short.

    To do: correct the server, or the filter in front of it.
    """
    scan = whole_scan(seen, event.exchange)
    if scan is None or not scan.beginnings.unstuffed.count:
        return
    lines = scan.beginnings.unstuffed
    what = "line that begins" if lines.count == 1 else "lines that begin"
    yield Claim(
        f"The reply to {asked(event.exchange)} has {lines.count:,} {what} with a single dot:"
        " clients remove that dot, so the text loses it.",
        evidence={"lines": lines.count, "offset": lines.first or 0},
    )


@rule(
    "dot-over-stuffed",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, sections 3 and 11",
    on=On.ANSWERED,
    verbs=("RETR",),
    beats=("size-mismatch",),
    raises="""
        -- login
        C: LIST 1
        S: +OK 1 12
        C: RETR 1
        S: +OK / A: b / (blank) / ...x / .
    """,
    silent=(
        """
        -- login
        C: LIST 1
        S: +OK 1 13
        C: RETR 1
        S: +OK / A: b / (blank) / ...x / .
        """,
        """
        -- login
        C: LIST
        S: +OK / 1 512 / 2 1024 / 3 512 / .
        C: RETR 1
        S: +OK / A: b / (blank) / ...{x*502} / .
        -- also size-rounded
        """,
    ),
)
def dot_over_stuffed(seen: Observed, event: Answered) -> Claims:
    """The server doubles dots that were doubled before.

    Both a proxy and the server behind it stuff the dots.  The client removes one, so the text shows
    a dot too many in each of those lines, and signatures break.

    To do: switch the doubling off in one of the two.
    """
    exchange = event.exchange
    scan = whole_scan(seen, exchange)
    doubled = scan.beginnings.over_stuffed if scan is not None else 0
    difference = difference_of(seen, exchange) if doubled else None
    if difference is None or difference.why is not SizeCause.OTHERS:
        return
    if difference.came - difference.listed == doubled:
        yield Claim(
            f"The server doubles leading dots twice: message {difference.message} has one"
            f" dot too many in {count(doubled, 'line')}.",
            evidence={"lines": doubled},
        )


@rule(
    "bare-lf-dot-line",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 3; RFC 5322, section 2.3",
    on=On.ANSWERED,
    verbs=_MESSAGES,
    raises=(
        r"""
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x\n.\ny / .
        -- also message-bare-eol
        """,
        r"""
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x\r.\ry / .
        -- also message-bare-eol
        """,
    ),
    silent=(
        r"""
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x\n..\ny / .
        -- also message-bare-eol
        """,
        r"""
        -- login
        C: RETR 1
        S< +OK\nA: b\n\nx\n.\n
        -- also bare-lf-response
        """,
    ),
)
def bare_lf_dot_line(seen: Observed, event: Answered) -> Claims:
    """A message holds a lone dot between bare line breaks.

    Only a dot between CRLF and CRLF ends a reply.  Clients and proxies that take LF or CR for a
    line end cut the mail off there, and then read its rest as replies.

    To do: let the server turn bare LF and CR into CRLF, and then double the dot.
    """
    exchange = event.exchange
    scan = whole_scan(seen, exchange)
    if scan is None or _ends_in_lf(event):
        return
    dots = scan.beginnings.lone_dots
    if dots.count:
        yield Claim(
            f"The reply to {asked(exchange)} has {count(dots.count, 'lone dot')} between bare line"
            " breaks, where lenient clients cut the mail off.",
            evidence={"dots": dots.count, "offset": dots.first or 0},
        )


@rule(
    "message-bare-eol",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 5322, section 2.3; RFC 1939, sections 3 and 11",
    on=On.ANSWERED,
    verbs=_MESSAGES,
    raises=(
        r"""
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x\ry / .
        """,
        r"""
        -- login
        C: TOP 1 5
        S: +OK / A: b / (blank) / x\ny / .
        """,
    ),
    silent=(
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / y / .
        """,
        r"""
        -- login
        C: RETR 1
        S< +OK\nA: b\n\nx\n.\n
        -- also bare-lf-response
        """,
    ),
)
def message_bare_eol(seen: Observed, event: Answered) -> Claims:
    """A message holds a CR or a LF that does not belong to a line end.

    Lines of mail end in CR and LF, and neither stands alone.  Programs disagree about what such an
    octet is, so sizes, counts of lines and signatures (DKIM) do not fit.

    To do: let the sender, or the server that stores the mail, write CRLF.
    """
    exchange = event.exchange
    scan = whole_scan(seen, exchange)
    if scan is None or _ends_in_lf(event):
        return
    ends = scan.ends
    if ends.bare_lf or ends.bare_cr:
        found = [count(ends.bare_cr, "bare CR")] * bool(ends.bare_cr)
        found += [count(ends.bare_lf, "bare LF")] * bool(ends.bare_lf)
        least = "" if scan.whole else "at least "
        yield Claim(
            f"The reply to {asked(exchange)} holds {least}{' and '.join(found)}: sizes, signatures"
            " and counts of lines will disagree between programs.",
            evidence={"bare_cr": ends.bare_cr, "bare_lf": ends.bare_lf},
        )


def _ends_in_lf(event: Answered) -> bool:
    """Return whether the server ends all its lines with LF, which has a finding of its own."""
    status = event.exchange.status
    return status is not None and not status.raw.endswith(b"\r\n")
