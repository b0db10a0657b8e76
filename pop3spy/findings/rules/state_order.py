"""Commands in a state in which they have no place."""

from typing import Final

from pop3spy.findings.logins import lists_mechanisms
from pop3spy.findings.observed import Observed, is_login
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.protocol.states import State
from pop3spy.session.events import Answered, Moved
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange

_PHASES: Final = {State.AUTHORIZATION: "before login", State.TRANSACTION: "after login"}
_ELSEWHERE: Final = frozenset({"NOOP", "UTF8"})
"""NOOP before login is taken by proxies; UTF8 after login has a finding of its own."""
_AFTER_LOGIN: Final = ("USER", "PASS", "APOP", "AUTH", "STLS")
_LOGIN: Final = ("USER", "PASS", "APOP", "AUTH")
_PREAUTHENTICATES: Final = ("XCLIENT", "XOIP")


def _phase(exchange: Exchange) -> State | None:
    """Return the state in which a command that has no place in it was answered."""
    spec, phase = exchange.said.command.spec, exchange.state_before.phase
    if spec is None or phase not in _PHASES:
        return None
    return None if phase in {state.phase for state in spec.states} else phase


@rule(
    "command-wrong-state",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, sections 3 to 5; RFC 2595, section 4; RFC 5034, section 4",
    on=On.REFUSED,
    raises=(
        """
        C: STAT
        S: -ERR log in first
        """,
        """
        -- login
        C: STLS
        S: -ERR not now
        """,
    ),
    silent=(
        """
        C: USER bob
        S: +OK
        C: CAPA
        S: +OK / TOP / .
        """,
        """
        C: NOOP
        S: -ERR log in first
        """,
        """
        -- login
        C: STAT
        S: -ERR the index is damaged
        """,
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: +ERR cannot open the mailbox
        C: STAT
        S: -ERR log in first
        -- also status-malformed
        """,
    ),
)
def command_wrong_state(seen: Observed, event: Answered) -> Claims:
    """A command came before the login that belongs behind it, or the other way round.

    The server has to refuse it.  Often a login failed and the client did not notice, so each
    command behind it is refused for that reason.

    To do: look at the login first; then correct the order of commands in the client.
    """
    exchange = event.exchange
    phase = _phase(exchange)
    if phase is None or exchange.command.verb in _ELSEWHERE:
        return
    failed = seen.logins and seen.logins[-1].ok is False
    if exchange.line.pipelined and failed:
        return  # it was sent before the client could know
    if any(is_login(one) and (one.odd or one.original) for one in seen.session.exchanges):
        return  # the client could not know either
    why = ", and the login before it was refused" if failed and phase is _BEFORE else ""
    yield Claim(f"{exchange.command.verb} is not allowed {_PHASES[phase]}{why}.")


_BEFORE: Final = State.AUTHORIZATION


@rule(
    "wrong-state-accepted",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 3",
    raises=(
        """
        C: LIST
        S: +OK / 1 11 / .
        """,
        """
        C: RSET
        S: +OK
        """,
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR no
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        -- also login-failed
        """,
    ),
    silent=(
        """
        C: NOOP
        S: +OK
        """,
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: warning: slow disk
        C: LIST
        S: +OK / 1 11 / .
        -- also status-malformed
        """,
    ),
)
class WrongStateAccepted:
    """The server answered a command that it has to refuse in this state.

    Before the login only a login may be accepted, and no second one behind it.  A server that shows
    messages before anybody has logged in may lay mail open.

    To do: let the operator of the server update it, and find out who could read what.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    @on(On.MOVED)
    def proved(self, event: Moved) -> Claims:
        """Judge a reply that proves an open maildrop without a login."""
        if not event.inferred or event.after is not State.TRANSACTION:
            return
        waiting = self._seen.session.outstanding.values()
        exchange = next((one for one in waiting if one.status is not None), None)
        if exchange is not None and self._nobody_logged_in():
            yield self._claim(exchange, "before any login")

    @on(On.ANSWERED, "RSET")
    def reset(self, event: Answered) -> Claims:
        """Judge the only other command that needs an open maildrop and is accepted."""
        exchange = event.exchange
        if exchange.ok and exchange.state_before.phase is _BEFORE and self._nobody_logged_in():
            yield self._claim(exchange, "before any login")

    @on(On.ANSWERED, *_AFTER_LOGIN)
    def second_login(self, event: Answered) -> Claims:
        """Judge a login behind the login."""
        exchange = event.exchange
        if not exchange.ok or exchange.state_before.phase is not State.TRANSACTION:
            return
        if self._seen.session.login is None or exchange.asked_at < self._logged_in_at():
            return
        if not lists_mechanisms(exchange):
            yield self._claim(exchange, "after login")

    def _logged_in_at(self) -> float:
        at = self._seen.logged_in_at
        return float("inf") if at is None else at

    def _nobody_logged_in(self) -> bool:
        """Return whether it is certain that no login can have worked."""
        seen = self._seen
        session = seen.session
        if session.greeting is None or session.totals.unanswered:
            return False
        if any(verb in seen.used for verb in _PREAUTHENTICATES):
            return False
        if any(one.odd is not None for one in session.exchanges):
            return False
        if seen.has_raised("status-malformed", "status-lowercase", "sasl-ok-as-challenge"):
            return False
        return all(login.ok is False for login in seen.logins)

    @staticmethod
    def _claim(exchange: Exchange, when: str) -> Claim:
        return Claim(
            f"The server accepted {exchange.command.verb} {when}: its operator must update it, as"
            " this may lay mail open.",
            exchange=exchange.number,
        )


@rule(
    "auth-after-auth",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 5034, section 4; RFC 1939, section 7",
    on=On.ANSWERED,
    verbs=_LOGIN,
    beats=("command-wrong-state", "login-failed", "pass-without-user"),
    raises=(
        """
        -- login
        C: AUTH PLAIN
        S: -ERR already logged in
        """,
        """
        -- login
        C: USER bob
        S: -ERR already logged in
        """,
    ),
    silent=(
        """
        C: AUTH NTLM
        S: +OK
        C: TlRMTVNTUAABAAAA
        S: + TlRMTVNTUAACAAAA
        C: TlRMTVNTUAADAAAA
        S: +OK
        -- also sasl-ok-as-challenge
        """,
        """
        -- login
        C: AUTH
        S: -ERR not now
        -- also command-wrong-state
        -- also obsolete-probe
        """,
    ),
)
def auth_after_auth(seen: Observed, event: Answered) -> Claims:
    """The client logs in although it has logged in already.

    Behind a login that worked no other one is allowed on the same connection.  The client did not
    understand the first +OK, or one of its parts does not know of the other.

    To do: correct the client; for another user it has to make another connection.
    """
    exchange, at = event.exchange, seen.logged_in_at
    if lists_mechanisms(exchange):
        return
    phase = exchange.state_before.phase
    if seen.session.login is None or at is None or phase is not State.TRANSACTION:
        return
    if exchange.asked_at >= at:
        did = "accepted" if exchange.ok else "refused"
        yield Claim(
            f"The client sent {exchange.command.verb} though it had logged in with"
            f" {seen.session.login} already; the server {did} that."
        )
