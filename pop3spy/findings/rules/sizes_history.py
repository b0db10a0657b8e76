"""Messages that are not what they were in an earlier session."""

from pop3spy.findings.mail import mail_of
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import quoted_octets
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity


@rule(
    "content-changed-between-sessions",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.HISTORY,
    rank=2,
    basis="RFC 1939, section 7",
    on=On.ANSWERED,
    verbs=("RETR",),
    raises=(
        """
        -- login
        C: UIDL
        S: +OK / 1 u1 / .
        C: RETR 1
        S: +OK / Message-ID: <x@h> / (blank) / x / .
        -- session 1 day later
        -- login
        C: UIDL
        S: +OK / 1 u1 / .
        C: RETR 1
        S: +OK / Message-ID: <x@h> / (blank) / y / .
        """,
    ),
    silent=(
        """
        -- login
        C: UIDL
        S: +OK / 1 u1 / .
        C: RETR 1
        S: +OK / Message-ID: <x@h> / (blank) / x / .
        -- session 1 day later
        -- login
        C: UIDL
        S: +OK / 1 u1 / .
        C: RETR 1
        S: +OK / Message-ID: <x@h> / Status: RO / (blank) / x / .
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 u1 / .
        C: RETR 1
        S: +OK / Message-ID: <x@h> / (blank) / x / .
        -- session 1 day later
        C: UTF8
        S: +OK
        -- login
        C: UIDL
        S: +OK / 1 u1 / .
        C: RETR 1
        S: +OK / Message-ID: <x@h> / (blank) / y / .
        """,
    ),
)
def content_changed_between_sessions(seen: Observed, event: Answered) -> Claims:
    """A message has other content than when it was fetched first, under the same unique-id.

    Fields in which servers keep the state of a message are left out of the comparison.  Something
    edits stored mail: signatures break, and two clients hold different versions.

    To do: find the program that edits the mail on the server.
    """
    mail = mail_of(seen, event.exchange)
    account, known, scan = mail.account, mail.before, mail.content
    if account is None or known is None or scan is None or not scan.digests_all:
        return
    if "UTF8" in seen.accepted or any(past.utf8 for past in account.sessions):
        return
    if known.stable is None or mail.stable is None or known.stable == mail.stable:
        return
    yield Claim(
        f"Message {mail.number} ({quoted_octets(mail.unique_id or b'')}) changed on the server"
        " since it was fetched first.",
        evidence={"message": mail.number or 0},
    )
