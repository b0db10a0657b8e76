"""The order of USER and PASS."""

from collections.abc import Iterator

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import asked, count
from pop3spy.protocol.states import State
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange


def _since_barrier(seen: Observed, login: Exchange) -> Iterator[Exchange]:
    """Yield the exchanges before *login*, the latest first, as far as a USER may still count."""
    for one in reversed(seen.session.exchanges):
        if one.number >= login.number:
            continue
        verb = one.command.verb
        if verb in ("PASS", "RPOP") or (verb == "STLS" and one.ok):
            return
        yield one


@rule(
    "pass-without-user",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 7; RFC 2595, section 4",
    on=On.ANSWERED,
    verbs=("PASS", "RPOP"),
    beats=("command-wrong-state", "login-failed"),
    raises=(
        """
        C: PASS tanstaaf
        S: -ERR no user
        """,
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR no
        C: PASS tanstaaf
        S: -ERR no user
        -- also login-failed
        """,
    ),
    silent=(
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: +OK
        """,
    ),
)
def pass_without_user(seen: Observed, event: Answered) -> Claims:
    """A password was sent that belongs to no name.

    PASS counts only behind a USER that was accepted.  A refused PASS uses the name up, and when TLS
    begins the server forgets it, so the client has to send USER again.

    To do: let the client send USER before each PASS, and again behind STLS.
    """
    exchange = event.exchange
    if exchange.state_before.phase is not State.AUTHORIZATION:
        return
    users = [one for one in _since_barrier(seen, exchange) if one.command.verb == "USER"]
    if any(one.ok is not False for one in users) or (users and exchange.line.pipelined):
        return
    refused = " since the one before was refused" if users else ""
    yield Claim(f"{exchange.command.verb} was sent without a USER that counts{refused}.")


@rule(
    "pass-not-immediate",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 7",
    on=On.ANSWERED,
    verbs=("PASS",),
    raises=(
        """
        C: USER bob
        S: +OK
        C: CAPA
        S: +OK / .
        C: PASS tanstaaf
        S: -ERR no user
        -- also login-failed
        """,
        """
        C: USER alice
        S: +OK
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: +OK
        """,
    ),
    silent=(
        """
        C: CAPA
        S: +OK / USER / .
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: +OK
        """,
        """
        -- also user-enumeration
        C: USER alice
        S: -ERR no such user
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: +OK
        """,
    ),
)
def pass_not_immediate(seen: Observed, event: Answered) -> Claims:
    """Other commands stand between the name and the password.

    PASS has to follow USER immediately.  Some servers forget the name when anything else comes, and
    refuse a right password.

    To do: let the client send PASS right behind the reply to USER.
    """
    exchange = event.exchange
    between: list[Exchange] = []
    for one in _since_barrier(seen, exchange):
        if one.command.verb == "USER" and one.ok and (between or not _is_doubled(seen, one)):
            break
        if one.command.verb == "USER" and not one.ok:
            return
        between.append(one)
    else:
        return
    if not between:
        return
    commands = count(len(between), "command")
    if exchange.ok and all(one.command.verb == "USER" for one in between):
        yield Claim(
            "The client sent USER twice; the server took the second name.", severity=Severity.INFO
        )
    else:
        yield Claim(
            f"The client sent {commands} between USER and PASS, {asked(between[-1])} first: some"
            " servers forget the name."
        )


def _is_doubled(seen: Observed, user: Exchange) -> bool:
    """Return whether the command right before *user* was a USER that was accepted."""
    before = next((one for one in _since_barrier(seen, user)), None)
    return before is not None and before.command.verb == "USER" and bool(before.ok)
