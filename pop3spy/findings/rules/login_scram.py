"""SCRAM: whether the nonces fit, and how hard a guess is made."""

from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.session.events import Heard
from pop3spy.session.finding import AtFault, Severity

_FEWEST: Final = 4096
"""Iterations that a server should ask for at least (RFC 5802, section 5.1; RFC 7677)."""
# The messages below: client-first with nonce abc; server-first with nonce xyz, abcxyz, i=1000.


@rule(
    "scram-nonce-broken",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=3,
    basis="RFC 5802, section 5.1",
    raises=(
        r"""
        C: AUTH SCRAM-SHA-256
        S: +\x20
        C: biwsbj11LHI9YWJj
        S: + cj14eXoscz1jMkZzZEE9PSxpPTQwOTY=
        C: *
        S: -ERR
        -- also sasl-cancelled
        """,
        r"""
        C: AUTH SCRAM-SHA-256
        S: +\x20
        C: biwsbj11LHI9YWJj
        S: + cj1hYmN4eXoscz1jMkZzZEE9PSxpPTQwOTY=
        C: Yz1iaXdzLHI9YWJjLHA9YWE=
        S: +OK
        """,
    ),
    silent=r"""
        C: AUTH SCRAM-SHA-256
        S: +\x20
        C: biwsbj11LHI9YWJj
        S: + cj1hYmN4eXoscz1jMkZzZEE9PSxpPTQwOTY=
        C: Yz1iaXdzLHI9YWJjeHl6LHA9YWE=
        S: + dj1hYQ==
        C: (blank)
        S: +OK
    """,
)
class ScramNonceBroken:
    """The nonces of a SCRAM login do not fit, so somebody altered or repeated what was said.

    Each side adds a random text, and both must come back unchanged.

    To do: do not log in; look what is between client and server.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    @on(On.CHALLENGE)
    def _server(self, event: Heard) -> Claims:
        nonce = event.frame.facts.get("scram_nonce")
        if nonce == "differs":
            yield Claim("The server's SCRAM nonce does not begin with the client's.")
        elif nonce == "equal":
            yield Claim("The server added nothing to the client's SCRAM nonce.")

    @on(On.SASL)
    def _client(self, event: Heard) -> Claims:
        if event.frame.facts.get("scram_nonce") == "differs":
            yield Claim("The client's last SCRAM nonce is not the one that the server sent.")


@rule(
    "scram-low-iterations",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=3,
    basis="RFC 5802, section 5.1; RFC 7677",
    on=On.CHALLENGE,
    raises=r"""
        C: AUTH SCRAM-SHA-256
        S: +\x20
        C: biwsbj11LHI9YWJj
        S: + cj1hYmN4eXoscz1jMkZzZEE9PSxpPTEwMDA=
        C: Yz1iaXdzLHI9YWJjeHl6LHA9YWE=
        S: +OK
    """,
    silent=r"""
        C: AUTH SCRAM-SHA-256
        S: +\x20
        C: biwsbj11LHI9YWJj
        S: + cj1hYmN4eXoscz1jMkZzZEE9PSxpPTQwOTY=
        C: Yz1iaXdzLHI9YWJjeHl6LHA9YWE=
        S: +OK
    """,
)
def scram_low_iterations(_: Observed, event: Heard) -> Claims:
    """The server hashes passwords so few times that guesses are cheap.

    Whoever gets hold of its file, or of a login, tries guesses as fast as they can be hashed.

    To do: raise the number of iterations to 4,096 or more at the server, and set the passwords
    anew.
    """
    iterations = event.frame.facts.get("scram_iterations")
    if isinstance(iterations, int) and iterations < _FEWEST:
        yield Claim(
            f"The server asks for {iterations:,} iterations of SCRAM, where {_FEWEST:,} are the"
            " fewest.",
            evidence={"iterations": iterations},
        )
