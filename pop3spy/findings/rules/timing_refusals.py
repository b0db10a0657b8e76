"""Refusals for which the server itself gives the reason, or which need one."""

import re
from typing import Final

from pop3spy.findings.observed import SERVER, Observed, is_there, message_of
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import asked, cut, quoted
from pop3spy.session.events import Answered, SideClosed
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange

_OF_THE_ACCOUNT: Final = re.compile(
    rb"enabled|disabled|not allowed|permission|policy", re.IGNORECASE
)
_VERBS_SHOWN: Final = 5


@rule(
    "server-temporary",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 3206, section 4",
    on=On.REFUSED,
    beats=("login-failed", "retr-refused"),
    raises=(
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [SYS/TEMP] Internal error
        """,
        """
        -- login
        C: RETR 1
        S: -ERR [SYS/TEMP] try later
        """,
    ),
    silent="""
        -- login
        C: LIST 7
        S: -ERR Internal error
    """,
)
def server_temporary(_: Observed, event: Answered) -> Claims:
    """The server has a problem that should go away by itself.

    The code SYS/TEMP says that the password and the command are not to blame.

    To do: try again later; if it stays, tell the server's operator.
    """
    status = event.exchange.status
    if status is not None and status.code == "SYS/TEMP":
        yield Claim(
            f"The server has a temporary problem: {quoted(status)}; try again later.",
            evidence={"code": "SYS/TEMP"},
        )


@rule(
    "server-permanent",
    Severity.ERROR,
    (AtFault.SERVER, AtFault.CONFIG),
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 3206, section 4",
    on=On.REFUSED,
    beats=("login-failed", "retr-refused"),
    raises=(
        """
        -- login
        C: RETR 1
        S: -ERR [SYS/PERM] Could not read message file
        """,
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: -ERR [SYS/PERM] Broken account
        """,
    ),
    silent="""
        -- login
        C: LIST 7
        S: -ERR broken
    """,
)
def server_permanent(_: Observed, event: Answered) -> Claims:
    """The server has a problem that somebody must repair.

    The code SYS/PERM says that trying again or another password will not help.

    To do: tell the server's operator, or correct the account's settings if the text names them.
    """
    status = event.exchange.status
    if status is None or status.code != "SYS/PERM":
        return
    of_account = _OF_THE_ACCOUNT.search(status.text) is not None
    who = "correct the account's settings" if of_account else "ask its operator"
    yield Claim(
        f"The server has a permanent problem: {quoted(status)}; trying again will not help, {who}.",
        fault=(AtFault.CONFIG if of_account else AtFault.SERVER,),
        evidence={"code": "SYS/PERM"},
    )


@rule(
    "retr-refused",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 5; practice",
    on=On.REFUSED,
    verbs=("RETR", "TOP"),
    raises=(
        """
        -- login
        C: LIST
        S: +OK / 10 900 / .
        C: RETR 10
        S: -ERR Download exceed. msg=10
        """,
        """
        -- login
        C: STAT
        S: +OK 2 22
        C: RETR 1
        S: -ERR cannot open it
        """,
    ),
    silent="""
        -- login
        C: LIST
        S: +OK / 1 900 / 2 900 / .
        C: TOP 1 0
        S: -ERR no
    """,
)
def retr_refused(seen: Observed, event: Answered) -> Claims:
    """The server lists a message and refuses to hand it out.

    A quota for downloads is one cause, a mail file that cannot be read is another.  Clients that
    stop at the first refusal never get at the mail behind it.

    To do: wait or ask the server's operator, and do not delete that message.
    """
    exchange, number = event.exchange, message_of(event.exchange)
    status, args = exchange.status, exchange.command.args
    if status is None or status.code is not None or number is None:
        return
    if len(args) != (1 if exchange.command.verb == "RETR" else 2):
        return
    if exchange.command.verb == "TOP" and not seen.maildrop.previewed:
        return  # perhaps the server has no TOP
    if is_there(seen, number):
        yield Claim(
            f"The server has message {number} in its list but refuses to hand it out:"
            f" {quoted(status)}; ask its operator, and do not delete that message.",
            evidence={"message": number},
        )


@rule(
    "too-many-bad-commands",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=2,
    basis="practice",
    on=On.CLOSED_EARLY,
    beats=("reply-missing", "parting-line"),
    raises="""
        -- also secret-in-command
        C: A
        S: -ERR
        C: B
        S: -ERR
        C: C
        S: -ERR
        -- server closes
    """,
    silent=(
        """
        -- also secret-in-command
        C: A
        S: -ERR
        C: B
        S: -ERR
        -- server closes
        """,
        """
        -- also secret-in-command
        C: A
        S: -ERR
        C: B
        S: -ERR
        C: C
        S: -ERR
        -- 10 s
        -- server closes
        """,
    ),
)
def too_many_bad_commands(seen: Observed, event: SideClosed) -> Claims:
    """The server threw the client out after several commands that it could not take.

    Servers bear a few mistakes, often three before login.  Whoever makes more is a program that
    probes, a scanner, or a client of another protocol.

    To do: find out what the client wanted to say, and let it ask CAPA in place of probing.
    """
    first, limits = seen.closed_by(SERVER), seen.thresholds
    if first is None or first.at != event.at or seen.last_answered is None or seen.unfinished:
        return
    bad: list[Exchange] = []
    for exchange in reversed(event.session.exchanges):
        if exchange.ok is not False or not _is_bad(exchange):
            break
        bad.insert(0, exchange)
        if len(bad) == 2 * _VERBS_SHOWN:
            break
    ended = seen.last_answered.ended_at
    if len(bad) < limits.bad_commands or ended is None or event.at - ended > limits.parting:
        return
    shown = ", ".join(asked(exchange) for exchange in bad[-_VERBS_SHOWN:])
    yield Claim(
        f"The server threw the client out after bad commands: {cut(shown)}.",
        exchange=bad[-1].number,
        evidence={"commands": len(bad)},
    )


def _is_bad(exchange: Exchange) -> bool:
    """Return whether a command is unknown, out of place, or not whole."""
    command = exchange.command
    spec = command.spec
    return spec is None or exchange.misplaced or len(command.args) < spec.required
