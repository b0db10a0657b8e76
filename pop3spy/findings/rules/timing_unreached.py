"""Connections that never came about."""

from pop3spy.errors import Unreached
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.session.events import Finished
from pop3spy.session.finding import AtFault, Severity


@rule(
    "connection-refused",
    Severity.ERROR,
    AtFault.CONFIG,
    Scope.CONNECTION,
    rank=1,
    basis="RFC 793, section 3.4; practice",
    on=On.FINISHED_EARLY,
    opaque_too=True,
    raises="""
        -- clear
        -- refused
    """,
    silent="""
        C: QUIT
        S: +OK
        -- server resets
    """,
)
def connection_refused(seen: Observed, event: Finished) -> Claims:
    """The server's machine refused the connection: nothing listens at that port.

    The service is not running, or it runs at another port, or a firewall sends refusals in its
    name.

    To do: start or enable the service there, or correct host and port in the client (POP3 is at
    port 110, with TLS from the start at 995).
    """
    if event.ending.unreached is Unreached.REFUSED:
        yield Claim(
            f"Nothing listens for POP3 at {seen.session.server}: start the service there, or"
            " correct host and port in the client (POP3 110, with TLS 995).",
        )


@rule(
    "connection-unanswered",
    Severity.ERROR,
    AtFault.CONFIG,
    Scope.CONNECTION,
    rank=1,
    basis="practice",
    on=On.FINISHED_EARLY,
    opaque_too=True,
    raises="""
        -- clear
        -- 10 s
        -- unanswered
    """,
    silent="""
        -- no greeting
        -- 3 s
        S: +OK ready
    """,
)
def connection_unanswered(seen: Observed, event: Finished) -> Claims:
    """Nothing came back from the server's address.

    A firewall on the way drops what it does not want, the host is off, or no way leads there.

    To do: open the port (110, or 995) in the firewall, or correct the address in the client.
    """
    if event.ending.unreached is Unreached.UNANSWERED:
        yield Claim(
            f"Nothing came back from {seen.session.server}: a firewall stops the connection or the"
            " host is off; open the port there, or correct the address in the client.",
        )
