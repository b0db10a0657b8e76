"""TLS that did not come about."""

from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.tls_alerts import ALERT_MEANINGS
from pop3spy.findings.wording import quoted
from pop3spy.protocol.frames import Side, StatusLine
from pop3spy.protocol.states import State
from pop3spy.protocol.text import escape
from pop3spy.protocol.tlsnames import ALERTS
from pop3spy.protocol.why import Why
from pop3spy.session.events import Answered, Finished, Glimpsed, Heard, Secured, SideClosed
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.how import How

_GOODBYES: Final = (ALERTS[0], "user_canceled")
_FINISHED: Final = 43
"""Octets of the shortest end of a handshake: a change of cipher, and Finished by ChaCha20.

Less is no handshake that came to its end; an alert that is encrypted has 30 with what precedes it.
"""
_AT_ONCE: Final = 2.0
"""Seconds within which a client closes because of what it was shown."""


@rule(
    "stls-handshake-failed",
    Severity.ERROR,
    AtFault.CONFIG,
    Scope.CONNECTION,
    rank=1,
    basis="RFC 2595, sections 2.5 and 4; RFC 8446, section 6.2",
    opaque_too=True,
    raises=(
        r"""
        -- clear
        C: STLS
        S: +OK
        C< \x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03{r*32}\x00\x00\x02\x00\x2f\x01\x00
        S< \x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03{r*32}\x00\x00\x2f\x00
        C< \x15\x03\x03\x00\x02\x02\x30
        """,
        r"""
        -- clear
        -- no greeting
        -- port 995
        C< \x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03{r*32}\x00\x00\x02\x00\x2f\x01\x00
        S< \x15\x03\x03\x00\x02\x02\x28
        -- server closes
        """,
        r"""
        -- clear
        C: STLS
        S: +OK
        C< \x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03{r*32}\x00\x00\x02\x00\x2f\x01\x00
        -- server closes
        """,
        r"""
        -- clear
        C: STLS
        S: +OK
        C< \x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03{r*32}\x00\x00\x02\x00\x2f\x01\x00
        S< \x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03{r*32}\x00\x00\x2f\x00
        S< \x17\x03\x03\x00\x03abc
        C< \x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x13{e*19}
        -- client closes
        """,
        """
        -- clear
        C: STLS
        S: -ERR TLS not available
        C: QUIT
        S: +OK
        """,
    ),
    silent=(
        r"""
        -- clear
        C: STLS
        S: +OK
        C< \x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03{r*32}\x00\x00\x02\x00\x2f\x01\x00
        S< \x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03{r*32}\x00\x00\x2f\x00
        C< \x17\x03\x03\x00\x35{f*53}
        -- client closes
        """,
        """
        -- clear
        C: STLS
        S: +OK
        -- TLS
        C: STLS
        S: -ERR TLS is on
        C: QUIT
        S: +OK
        """,
    ),
)
class StlsHandshakeFailed:
    """TLS could not be established.

    Which side broke off, and with which alert, says mostly what to do: clients refuse certificates
    that they do not trust, old programs have no version or algorithm in common with new ones.

    To do: look which side broke off, and why; do not switch the check of certificates off.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._refused: tuple[int, StatusLine] | None = None
        self._over = False  # TLS is there, or that it is not was told
        self._told = False
        self._secured_at: float | None = None  # when TLS began last, on any leg
        self._chosen_at: float | None = None  # when the server had chosen
        self._before_choice = 0  # octets that the client had said by then

    # -- what passes unread ---------------------------------------------------------------------

    def _said(self, side: Side) -> int:
        """Return how many octets of TLS *side* has said."""
        return self._seen.encrypted.get((side, Why.TLS), 0)

    @on(On.GLIMPSED)
    def _glimpse(self, event: Glimpsed) -> Claims:
        glimpse = event.glimpse
        if glimpse.kind == "hello" and glimpse.side == "server":
            self._chosen_at, self._before_choice = event.at, self._said(Side.CLIENT)
        if glimpse.kind != "alert" or glimpse.alert in _GOODBYES or self._over or self._misplaced:
            return
        self._over = self._told = True
        meaning = ALERT_MEANINGS.get(glimpse.alert)
        means = f": {meaning.means}" if meaning else ""
        yield Claim(
            f"TLS could not be established: the {glimpse.side} sent the alert"
            f" {escape(glimpse.alert)}{means}.",
            remedy=_as_sentence(meaning.cure(glimpse.side)) if meaning else None,
            evidence={"alert": glimpse.alert, "from": glimpse.side},
        )

    @property
    def _misplaced(self) -> bool:
        """Whether the client began TLS where the server speaks clear text: another finding."""
        return self._seen.session.greeting is not None and "STLS" not in self._seen.used

    @on(On.SECURED)
    def _secured(self, event: Secured) -> Claims:
        self._over, self._secured_at = True, event.at
        return ()

    # -- closes ---------------------------------------------------------------------------------

    @on(On.CLOSED)
    def _closed(self, event: SideClosed) -> Claims:
        seen = self._seen
        if self._over or seen.first_close is None:
            return
        who = event.side.name.lower()
        granted = seen.session.state is State.TLS
        begun = granted or (self._said(Side.CLIENT) and not self._misplaced)
        if begun and not self._said(Side.SERVER):
            self._over = self._told = True
            whoever = "it" if event.side is Side.SERVER else "the server"
            yield Claim(
                f"TLS could not be established: the {who} closed before {whoever} had"
                " answered the handshake.",
                remedy=_as_sentence("look in the log of the side that closed"),
                evidence={"closed_by": who},
            )
        elif event.side is Side.CLIENT:
            yield from self._refusal_unseen(event.at)
            yield from self._gave_up()

    def _refusal_unseen(self, at: float) -> Claims:
        """Tell of a client that left before it had ended the handshake; its alert is encrypted."""
        chosen = self._chosen_at
        if chosen is None or self._said(Side.CLIENT) - self._before_choice >= _FINISHED:
            return
        self._over = self._told = True
        soon = at - chosen <= _AT_ONCE
        yield Claim(
            "TLS could not be established: the client closed in the middle of the handshake"
            + (" and probably refused the server's certificate." if soon else "."),
            remedy=_as_sentence(ALERT_MEANINGS["unknown_ca"].from_client) if soon else None,
            evidence={"closed_by": "client", "probable": soon},
        )

    @on(On.FINISHED)
    def _finished(self, event: Finished) -> Claims:
        if event.ending.how is not How.TLS or self._told:
            return
        begun = self._secured_at
        if begun is None or self._seen.spoken_at <= begun:  # one leg may have TLS, the other not
            why = escape(event.ending.why) or "the handshake failed"
            yield Claim(f"TLS could not be established: {why}.")

    # -- STLS that was refused ------------------------------------------------------------------

    @on(On.ANSWERED, "STLS")
    def _stls(self, event: Answered) -> Claims:
        exchange = event.exchange
        status = exchange.status
        before_login = exchange.state_before.phase is State.AUTHORIZATION
        if status is not None and not status.ok and self._seen.clear and before_login:
            self._refused = exchange.number, status
        return ()

    @on(On.COMMAND, "USER", "APOP", "AUTH")
    def _login(self, _: Heard) -> Claims:
        self._refused = None
        return ()

    @on(On.COMMAND, "QUIT")
    def _quit(self, _: Heard) -> Claims:
        return self._gave_up()

    def _gave_up(self) -> Claims:
        if self._refused is not None:
            (number, status), self._refused = self._refused, None
            yield Claim(
                f"The server refused STLS ({quoted(status)}) and the client left without a login.",
                exchange=number,
                remedy="let the server have TLS, or connect to port 995.",
            )


def _as_sentence(cure: str) -> str | None:
    return f"{cure}." if cure else None
