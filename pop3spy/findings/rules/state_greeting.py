"""What is wrong before and with the greeting."""

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import quoted
from pop3spy.protocol.frames import StatusLine
from pop3spy.session.events import Heard
from pop3spy.session.finding import AtFault, Severity


@rule(
    "early-talker",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, section 4",
    on=On.GREETING,
    raises="""
        -- no greeting
        C: USER bob
        S: +OK ready
        S: +OK
    """,
    silent=(
        """
        S: +OK ready
        C: USER bob
        S: +OK
        """,
        """
        -- no greeting
        S: please wait
        C: USER bob
        S: +OK ready
        -- also status-malformed
        """,
    ),
)
def early_talker(seen: Observed, event: Heard) -> Claims:
    """The client speaks before the server has greeted.

    The server speaks first.  Programs that send spam seldom wait, so some servers drop whoever
    speaks too early.

    To do: let the client wait for the greeting before it says anything.
    """
    first = next(iter(seen.session.exchanges), None)
    if first is not None and not first.line.settles and first.asked_at < event.first:
        yield Claim(
            "The client spoke before the greeting: some servers drop such clients.",
            exchange=0,
            at=first.asked_at,
        )


@rule(
    "greeting-negative",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, section 4",
    on=On.GREETING,
    raises="S: -ERR too many connections",
    silent="S: +OK busy, please wait",
)
def greeting_negative(_: Observed, event: Heard) -> Claims:
    """The server refused the connection in its greeting.

    A greeting has to be positive; a server that begins with -ERR wants no session.  Behind it are
    mostly limits of connections, a blocklist, or maintenance.

    To do: read the server's text, and ask its operator; trying at once again makes it worse.
    """
    frame = event.frame
    if isinstance(frame, StatusLine) and not frame.ok:
        yield Claim(f"The server refused the connection: {quoted(frame)}.", exchange=0)
