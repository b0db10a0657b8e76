"""What the reply to USER gives away."""

from pop3spy.findings.observed import Observed
from pop3spy.findings.refusals import means
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import quoted
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity


@rule(
    "code-on-user",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=3,
    basis="RFC 3206, section 5; RFC 2449, section 8.1.1",
    on=On.ANSWERED,
    verbs=("USER",),
    raises="""
        C: USER bob
        S: -ERR [AUTH] no such mailbox
    """,
    silent="""
        -- also server-temporary
        C: USER bob
        S: -ERR [SYS/TEMP] later
    """,
)
def code_on_user(_: Observed, event: Answered) -> Claims:
    """A response code in the reply to USER shows that the account exists, or does not.

    Whoever tries names learns from it which of them are worth a guess.  That is why the standards
    strongly discourage these codes before the password was given.

    To do: let the server answer every USER alike, and give the code in the reply to PASS.
    """
    status = event.exchange.status
    if status is None or status.ok or status.code not in ("AUTH", "LOGIN-DELAY"):
        return
    if not means(status, "tls-required"):  # that is said to every name
        yield Claim(
            f"The code [{status.code}] in the reply to USER shows which accounts exist:"
            f" {quoted(status)}.",
            evidence={"code": status.code},
        )
