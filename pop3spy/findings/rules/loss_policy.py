"""Servers that hide or remove mail by a policy of their own."""

from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import count
from pop3spy.protocol.states import State
from pop3spy.redaction.pseudonyms import is_pseudonym
from pop3spy.session.events import Answered
from pop3spy.session.finding import AtFault, Severity

_GMAIL: Final = b"Gpop ready"
_RECENT: Final = "recent:"
_ONCE: Final = "gmail-recent-mode"


@rule(
    _ONCE,
    Severity.INFO,
    AtFault.CONFIG,
    Scope.CONNECTION,
    rank=1,
    basis="practice; RFC 1939, section 8",
    on=On.ANSWERED,
    verbs=("PASS", "AUTH"),
    raises="""
        S: +OK Gpop ready for requests
        C: USER bob@example.org
        S: +OK send PASS
        C: PASS tanstaaf
        S: +OK Welcome.
        C: STAT
        S: +OK 0 0
        C: QUIT
        S: +OK Farewell.
    """,
    silent=(
        """
        S: +OK Gpop ready for requests
        C: USER recent:bob@example.org
        S: +OK send PASS
        C: PASS tanstaaf
        S: +OK Welcome.
        """,
        """
        S: +OK ready
        C: USER bob@example.org
        S: +OK send PASS
        C: PASS tanstaaf
        S: +OK Welcome.
        """,
    ),
)
def gmail_recent_mode(seen: Observed, event: Answered) -> Claims:
    """Gmail hands out each message once, and this client may not be the only one.

    What any program has fetched by POP is not shown to the next.  So a second device, or a second
    run, sees less than is there, and nothing is broken.  With ``recent:`` in front of the user
    name each client gets the mail of the last 30 days, whoever had it.

    To do: put ``recent:`` in front of the user name in each client, and look in Gmail's settings
    whether POP is on for all mail or only for mail from now on.
    """
    greeting, user = seen.session.greeting, event.exchange.user
    if not event.exchange.ok or greeting is None or _GMAIL not in greeting.text or user is None:
        return
    if user.lower().startswith(_RECENT) or is_pseudonym(user.encode()):
        return
    account = seen.account_of(user)
    if _ONCE in account.told:
        return
    account.told.add(_ONCE)
    yield Claim(
        "Gmail hands each message out once, so a second device or a second run sees less: put"
        " recent: in front of the user name in each client.",
        exchange=0,
    )


@rule(
    "expire-zero-hazard",
    Severity.WARNING,
    AtFault.CONFIG,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 2449, section 6.7",
    on=On.ANSWERED,
    verbs=("QUIT",),
    raises=(
        """
        -- login
        C: CAPA
        S: +OK / EXPIRE 0 / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: QUIT
        S: +OK
        """,
        """
        C: CAPA
        S: +OK / USER / EXPIRE 0 / .
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: RETR 2
        S: +OK / A: b / (blank) / x / .
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK
        """,
    ),
    silent=(
        """
        -- login
        C: CAPA
        S: +OK / EXPIRE NEVER / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: QUIT
        S: +OK
        """,
        """
        -- login
        C: CAPA
        S: +OK / EXPIRE 0 / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK
        """,
        """
        -- login
        C: CAPA
        S: +OK / TOP / EXPIRE 0 / .
        C: TOP 1 0
        S: +OK / A: b / (blank) / .
        C: QUIT
        S: +OK
        """,
        """
        C: CAPA
        S: +OK / USER / EXPIRE 0 USER / .
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: QUIT
        S: +OK
        """,
    ),
)
def expire_zero_hazard(seen: Observed, event: Answered) -> Claims:
    """The client leaves mail on a server that allows none to be left.

    ``EXPIRE 0`` says that the server may remove a message once it has been downloaded, when the
    session ends with QUIT.  A client that counts on finding it there again loses it.

    To do: do not leave mail on this server; or have its operator raise the time that mail is kept.
    """
    expire = seen.capability("EXPIRE")
    if expire is None or event.exchange.status is None or not _is_zero(seen, expire.params):
        return
    left = seen.maildrop.retrieved.keys() - seen.maildrop.deleted.keys()
    if left:
        yield Claim(
            f"The server announces EXPIRE 0, so it may remove {count(len(left), 'message')} that"
            " the client downloaded and left there: do not leave mail on this server.",
            exchange=0,
            evidence={"left": len(left)},
        )


def _is_zero(seen: Observed, params: tuple[str, ...]) -> bool:
    """Return whether no mail may be left here; ``0 USER`` before login says it of nobody yet."""
    if not params or params[0] != "0":
        return False
    after_login = State.TRANSACTION in seen.session.capabilities
    return len(params) == 1 or after_login
