"""Status lines that are not what they should be."""

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.session.events import Heard
from pop3spy.session.finding import AtFault, Severity


@rule(
    "status-lowercase",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.LINE,
    rank=2,
    basis="RFC 1939, section 3",
    on=On.ODD_STATUS,
    raises="""
        C: NOOP
        S: +ok
    """,
    silent="""
        C: NOOP
        S: +OK ok
    """,
)
def status_lowercase(_: Observed, event: Heard) -> Claims:
    """The server does not write its status in capital letters.

    The standard wants +OK and -ERR in upper case.  Clients that compare exactly take anything else
    for a broken reply and give up.

    To do: correct the server, or the proxy that rewrites its lines.
    """
    indicator = event.frame.raw[:4].rstrip()
    if indicator not in (b"+OK", b"-ERR", b"+OK\r") and indicator.upper() in (b"+OK", b"-ERR"):
        said = indicator.decode("ascii")
        yield Claim(f"The server writes {said} in place of {said.upper()}; strict clients fail.")
