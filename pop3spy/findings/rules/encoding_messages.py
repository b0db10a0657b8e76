"""Messages that hold what mail must not hold."""

from pop3spy.findings.mail import mail_of, message_named
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import count
from pop3spy.session.body_scan import MOST_NUL
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.long_lines import LONGEST
from pop3spy.session.model import Exchange


@rule(
    "raw-utf8-header",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 6856, section 2.1",
    on=On.ANSWERED,
    verbs=("RETR", "TOP"),
    raises=(
        """
        -- login
        C: RETR 1
        S: +OK / Subject: caf\\xc3\\xa9 / (blank) / x / .
        """,
        """
        -- login
        C: TOP 1 0
        S: +OK / Subject: caf\\xe9 / (blank) / .
        """,
    ),
    silent=(
        """
        -- login
        C: RETR 1
        S: +OK / Subject: =?utf-8?q?caf=C3=A9?= / (blank) / x / .
        """,
        """
        -- login
        C: RETR 1
        S: +OK / Subject: a / (blank) / caf\\xc3\\xa9 / .
        """,
        """
        C: UTF8
        S: +OK
        -- login
        C: RETR 1
        S: +OK / Subject: caf\\xc3\\xa9 / (blank) / x / .
        """,
    ),
)
def raw_utf8_header(seen: Observed, event: Answered) -> Claims:
    """The header of a message has letters beyond ASCII that are not encoded.

    Without UTF8 mode a server has to encode them.  It is common in spam; clients guess the charset
    and show names and subjects wrongly.

    To do: nothing for the client; the sender should encode its header, and the server may.
    """
    header = mail_of(seen, event.exchange).sent_header
    if header is not None and header.eight_bit and "UTF8" not in seen.accepted:
        kind = "valid UTF-8" if header.utf8 else "not UTF-8"
        yield Claim(
            f"{_message(event.exchange)} has {count(header.eight_bit, 'octet')} beyond ASCII in its"
            f" header, not encoded ({kind}): clients show them wrongly.",
            evidence={"octets": header.eight_bit, "utf8": header.utf8},
        )


@rule(
    "nul-in-message",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 5322, section 4.1; RFC 6856, section 2.1",
    on=On.ANSWERED,
    verbs=("RETR", "TOP"),
    raises="""
        -- login
        C: RETR 3
        S: +OK / A: b / (blank) / A\\0B / .
    """,
    silent="""
        -- login
        C: RETR 3
        S: +OK / A: b / (blank) / A=00B / .
    """,
)
def nul_in_message(seen: Observed, event: Answered) -> Claims:
    """A message holds octets of value zero.

    Mail must not hold them.  Clients that are written in C take such an octet for the end of the
    line, and drop the rest of it.

    To do: let the server take them out (Dovecot: ``pop3_client_workarounds = outlook-no-nuls``),
    and the sender encode what it sends.
    """
    scan = mail_of(seen, event.exchange).scan
    if scan is not None and scan.nul:
        more = "at least " if scan.nul >= MOST_NUL else ""
        yield Claim(
            f"{_message(event.exchange)} holds {more}{count(scan.nul, 'NUL octet')}: some clients"
            " cut the line there.",
            evidence={"nuls": scan.nul, "first_offset": scan.first_nul or 0},
        )


@rule(
    "long-line",
    Severity.INFO,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=1,
    basis="RFC 5322, section 2.1.1",
    on=On.ANSWERED,
    verbs=("RETR", "TOP"),
    raises=(
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / {x*3000} / .
        """,
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / {x*999} / .
        """,
    ),
    silent="""
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / {x*998} / .
    """,
)
def long_line(seen: Observed, event: Answered) -> Claims:
    """A message has a line that is longer than mail allows.

    A line may have 998 octets.  Some clients stop at such a line, and come back to it each time:
    Python's poplib raises an error above 2,048.

    To do: let the sender encode what it sends; raise the limit of the client, or fetch that
    message with another program.
    """
    body = event.exchange.body
    scan = seen.scan_of(event.exchange)
    if scan is None or body is None or (body.hidden and not scan.told):
        return
    if scan.longest_line <= LONGEST:
        return
    refused = scan.longest_line > seen.thresholds.line_refused
    yield Claim(
        f"{_message(event.exchange)} has a line of {count(scan.longest_line, 'octet')}, where 998"
        " are allowed: some clients refuse it.",
        severity=Severity.WARNING if refused else None,
        evidence={"longest": scan.longest_line},
    )


def _message(exchange: Exchange) -> str:
    return message_named(exchange).capitalize()
