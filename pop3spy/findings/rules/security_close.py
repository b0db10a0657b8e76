"""How TLS ends."""

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.session.events import Finished
from pop3spy.session.finding import AtFault, Severity


@rule(
    "tls-no-close-notify",
    Severity.INFO,
    (AtFault.CLIENT, AtFault.SERVER),
    Scope.CONNECTION,
    rank=3,
    basis="RFC 8314, section 3.4; RFC 8446, section 6.1",
    on=On.FINISHED_EARLY,
    raises=(
        """
        -- also retr-truncated
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / c
        -- server closes without close_notify
        """,
        """
        -- also quit-missing
        -- login
        C: STAT
        S: +OK 0 0
        -- client closes without close_notify
        """,
        """
        -- clear
        -- also quit-missing
        C: STLS
        S: +OK
        -- TLS
        -- login
        C: STAT
        S: +OK 0 0
        -- client closes without close_notify
        """,
    ),
    silent=(
        """
        -- login
        C: QUIT
        S: +OK
        -- server closes without close_notify
        """,
        """
        -- also retr-truncated
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / c
        -- server closes
        """,
        """
        -- clear
        C: CAPA
        S: +OK / TOP / .
        -- client closes
        """,
    ),
)
def tls_no_close_notify(seen: Observed, _: Finished) -> Claims:
    """A side closes the connection without having ended TLS.

    The other side cannot tell that from somebody on the way who cuts off what is still to come.
    Behind the reply to QUIT nothing is to come, and a reset is told to the other side as an error.

    To do: nothing, as a rule; look at what ends the connection if a reply was still coming.
    """
    first = seen.first_close
    if first is None or first.close_notify is not False or seen.session.said_goodbye:
        return
    who = first.side.name.lower()
    yield Claim(
        f"The {who} closed without ending TLS: nobody can tell whether that was all it had to say.",
        at=first.at,
        exchange=0,
        fault=(AtFault[who.upper()],),
        evidence={"closed_by": who},
    )
