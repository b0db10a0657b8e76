"""What earlier connections to the same server tell about its security."""

from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import quoted, seconds
from pop3spy.protocol.facts import FactValue
from pop3spy.protocol.states import State
from pop3spy.session.events import Answered, Heard
from pop3spy.session.finding import AtFault, Severity

_DAY: Final = 86400.0


@rule(
    "apop-timestamp-repeated",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.HISTORY,
    rank=3,
    basis="RFC 1939, section 7",
    on=On.GREETING,
    needs_start=False,
    raises="""
        S: +OK <1.2@h> ready
        -- session 1 min later
        S: +OK <1.2@h> ready
    """,
    silent="""
        S: +OK <1.2@h> ready
        -- session 1 min later
        S: +OK <1.3@h> ready
    """,
)
def apop_timestamp_repeated(_: Observed, event: Heard) -> Claims:
    """The server repeats its APOP challenge, so that a login that somebody saw can be used again.

    The timestamp has to be another in each greeting.  Where it is not, a recorded answer opens the
    mailbox without the password.

    To do: correct the server's clock or its source of random numbers.
    """
    if (place := event.frame.facts.get("same_challenge")) is not None:
        yield Claim(
            f"The greeting has the same APOP timestamp as that of session {_session(place)}.",
            evidence={"session": _session(place)},
        )


def _session(place: FactValue) -> str:
    return str(place).partition(":")[0]


@rule(
    "sasl-challenge-repeated",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.HISTORY,
    rank=3,
    basis="RFC 2195, section 2; RFC 2831, section 2.1.1",
    on=On.CHALLENGE,
    raises="""
        C: AUTH CRAM-MD5
        S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2U+
        C: dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
        S: +OK
        -- session 1 min later
        C: AUTH CRAM-MD5
        S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2U+
        C: dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
        S: +OK
    """,
    silent="""
        C: AUTH CRAM-MD5
        S: + PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2U+
        C: dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
        S: +OK
        -- session 1 min later
        C: AUTH CRAM-MD5
        S: + PDE4OTYuNjk3MTcwOTUzQHBvc3RvZmZpY2U+
        C: dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
        S: +OK
    """,
)
def sasl_challenge_repeated(seen: Observed, event: Heard) -> Claims:
    """The server repeats a login challenge, so that a login that somebody saw can be used again.

    The challenges of CRAM-MD5 and the nonces of DIGEST-MD5 have to be new each time.

    To do: correct the server's source of random numbers.
    """
    place, sasl = event.frame.facts.get("same_challenge"), seen.sasl
    if place is not None and sasl is not None and not sasl.initial:
        yield Claim(
            f"The challenge of {sasl.mechanism} is the same as in session {_session(place)}.",
            evidence={"session": _session(place)},
        )


@rule(
    "stls-vanished",
    Severity.WARNING,
    AtFault.NETWORK,
    Scope.HISTORY,
    rank=2,
    basis="RFC 2595, section 9",
    raises=(
        """
        -- clear
        C: CAPA
        S: +OK / STLS / TOP / .
        C: QUIT
        S: +OK
        -- client closes
        -- session 1 days later
        C: CAPA
        S: +OK / TOP / .
        C: QUIT
        S: +OK
        -- client closes
        """,
    ),
    silent=(
        """
        -- clear
        C: CAPA
        S: +OK / STLS / TOP / .
        C: USER bob
        S: +OK
        C: CAPA
        S: +OK / TOP / .
        """,
        """
        -- clear
        C: CAPA
        S: +OK / STLS / TOP / .
        C: QUIT
        S: +OK
        -- client closes
        -- session 31 days later
        C: CAPA
        S: +OK / TOP / .
        C: QUIT
        S: +OK
        -- client closes
        """,
    ),
)
class StlsVanished:
    """The server no longer offers STLS, and somebody on the way may be taking it out.

    Whoever removes that line makes clients send passwords in clear text.  Mostly it is a virus
    scanner on the same machine, sometimes a firewall.

    To do: compare with what another network shows, and connect with TLS on port 995.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    @on(On.ANSWERED, "CAPA")
    def _capa(self, event: Answered) -> Claims:
        exchange, seen = event.exchange, self._seen
        first = exchange.state_before is State.AUTHORIZATION
        if not first or not exchange.ok or not seen.clear or seen.offers("STLS") is not False:
            return
        if (ago := self._listed_ago()) is not None:
            yield Claim(
                f"STLS has disappeared from this server's offer, where it was {seconds(ago)} ago.",
                evidence={"ago": round(ago)},
            )

    @on(On.ANSWERED, "STLS")
    def _stls(self, event: Answered) -> Claims:
        exchange, seen = event.exchange, self._seen
        status = exchange.status
        refused = status is not None and not status.ok and seen.clear
        if not refused or exchange.state_before is not State.AUTHORIZATION or seen.offers("STLS"):
            return
        if status is not None and (ago := self._listed_ago()) is not None:
            yield Claim(
                f"STLS is refused ({quoted(status)}), which this server listed {seconds(ago)} ago.",
                evidence={"ago": round(ago)},
            )

    def _listed_ago(self) -> float | None:
        """Return seconds since this server listed STLS, None if that is too long ago or unknown."""
        seen = self._seen
        listed_at = seen.server.stls_listed_at
        if listed_at is None:
            return None
        ago = seen.wall() - listed_at
        return ago if 0 <= ago <= seen.thresholds.listed_days * _DAY else None
