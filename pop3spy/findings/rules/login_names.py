"""What the server's replies to USER tell of names, over several connections."""

from pop3spy.findings.observed import Observed
from pop3spy.findings.refusals import blames_name
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity


@rule(
    "user-enumeration",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.HISTORY,
    rank=3,
    basis="RFC 1939, section 13",
    on=On.ANSWERED,
    verbs=("USER",),
    raises="""
        C: USER nobody
        S: -ERR no such user
        C: USER bob
        S: +OK
    """,
    silent=(
        """
        C: USER nobody
        S: -ERR try later
        C: USER bob
        S: +OK
        """,
        """
        C: USER bob
        S: -ERR sorry
        C: USER bob
        S: +OK
        """,
        """
        -- also auth-after-auth
        -- login
        C: USER nobody
        S: -ERR
        """,
    ),
)
def user_enumeration(seen: Observed, event: Answered) -> Claims:
    """The server's replies to USER tell which accounts exist.

    Whoever tries names learns which of them are worth a guess at the password.

    To do: let the server answer every USER with +OK, and refuse at PASS.
    """
    exchange = event.exchange
    status, args = exchange.status, exchange.command.args
    if status is None or exchange.misplaced or len(args) != 1:
        return
    if not (status.ok or blames_name(status)):
        return
    server = seen.server
    refused = server.names_refused.get(seen.clear, set())
    taken = server.names_taken.get(seen.clear, set())
    name = seen.history.digest(args[0])
    others = refused - taken if status.ok else taken - refused
    if others - {name} and name not in (refused if status.ok else taken):
        yield Claim("The server takes one user name and refuses another: it tells which exist.")
