"""Messages that are not the same each time they are downloaded."""

from pop3spy.findings.mail import COMPARED, mail_of
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.session.events import Answered, Finished
from pop3spy.session.finding import AtFault, Severity


@rule(
    "content-changed-in-session",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, section 4",
    raises=(
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: RETR 1
        S: +OK / A: b / (blank) / y / .
        """,
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: RETR 1
        S: +OK / A: b / Status: RO / (blank) / x / .
        """,
    ),
    silent=(
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: RETR 2
        S: +OK / A: b / (blank) / y / .
        """,
    ),
)
class ContentChangedInSession:
    """The same message came with other octets the second time in one session.

    While a session is open the server holds the messages as they are.  If the download changes,
    so do signatures and sizes, and nobody knows which of the two is the mail.

    To do: look for a program that changes mail on the way, such as a scanner or one that adds a
    signature; else for trouble with the server's storage.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._known: dict[int, tuple[bytes, bytes]] = {}
        self._changed = False
        self._noted: tuple[int, int] | None = None  # an exchange, and its message

    @on(On.ANSWERED, "UTF8")
    def _other_form(self, event: Answered) -> Claims:
        """Know that messages may come in another form from here on."""
        if event.exchange.ok:
            self._known.clear()
        return ()

    @on(On.ANSWERED, "RETR")
    def _retrieved(self, event: Answered) -> Claims:
        """Compare a message with itself, if it came before."""
        mail = mail_of(self._seen, event.exchange)
        number = mail.number
        if number is None or mail.digest is None:
            return
        digests = mail.digest, mail.stable or b""
        known = self._known.get(number)
        if known is None and len(self._known) < COMPARED:
            self._known[number] = digests
        if known is None or known[0] == digests[0]:
            return
        if known[1] and known[1] == digests[1]:
            self._noted = self._noted or (event.exchange.number, number)
            return
        self._changed = True
        yield Claim(
            f"Message {number} came out differently the second time: look for a program that"
            " changes mail on the way.",
            evidence={"message": number},
        )

    @on(On.FINISHED)
    def _over(self, _: Finished) -> Claims:
        """Explain a difference that is none of the mail, if there was no other."""
        if self._noted is not None and not self._changed:
            exchange, number = self._noted
            yield Claim(
                f"Message {number} came with another Status field the second time: the server notes"
                " there that it was read.",
                exchange=exchange,
                severity=Severity.INFO,
                evidence={"message": number},
            )
