"""Commands that a server refuses although it lists them, or that clients need and it has not."""

from typing import Final

from pop3spy.findings.observed import Observed, is_there, message_of
from pop3spy.findings.refusals import UNSUPPORTED, has_one_of
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import asked, count, quoted
from pop3spy.protocol.states import State
from pop3spy.protocol.text import show
from pop3spy.session.events import Answered, Finished
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.how import How
from pop3spy.session.model import Exchange

_TAGS: Final = {"TOP": "TOP", "UIDL": "UIDL", "STLS": "STLS", "LANG": "LANG", "UTF8": "UTF8"}
"""Commands by the capability that announces them; AUTH has mechanisms besides."""


def _is_listed(seen: Observed, exchange: Exchange) -> bool | None:
    """Return whether the server listed this command where it was used; None if nobody asked."""
    here = seen.session.capabilities.get(exchange.state_before.phase)
    if here is None:
        return None
    command = exchange.command
    if command.verb != "AUTH":
        return any(cap.tag == _TAGS[command.verb] for cap in here)
    offered = {name.upper() for cap in here if cap.tag == "SASL" for name in cap.params}
    return show(command.args[0]).upper() in offered


def _could_do(seen: Observed, exchange: Exchange) -> bool:
    """Return whether nothing is wrong with the command itself: state, arguments, message."""
    command = exchange.command
    if exchange.misplaced or exchange.line.truncated:
        return False
    if command.verb in ("TOP", "UIDL") and not (command.verb == "UIDL" and command.bare):
        number = message_of(exchange)
        return len(command.args) <= 2 and number is not None and is_there(seen, number)
    return command.verb != "STLS" or not seen.session.legs


@rule(
    "capability-refused",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=1,
    basis="RFC 2449, sections 5 and 6",
    on=On.REFUSED,
    verbs=("TOP", "UIDL", "STLS", "LANG", "AUTH"),
    beats=(
        *("uidl-unavailable", "top-unavailable", "login-failed", "auth-code-missing"),
        "retr-refused",
    ),
    raises=(
        """
        -- login
        C: CAPA
        S: +OK / TOP / UIDL / .
        C: UIDL
        S: -ERR unknown command
        """,
        """
        C: CAPA
        S: +OK / SASL PLAIN CRAM-MD5 / .
        C: AUTH CRAM-MD5
        S: -ERR unsupported mechanism
        """,
    ),
    silent=(
        """
        -- also message-number-bad
        -- login
        C: CAPA
        S: +OK / TOP / UIDL / .
        C: LIST
        S: +OK / 1 11 / .
        C: TOP 9 0
        S: -ERR no such message
        """,
        """
        -- login
        C: CAPA
        S: +OK / TOP / UIDL / RESP-CODES / .
        C: UIDL
        S: -ERR [SYS/TEMP] not supported now
        -- also server-temporary
        """,
    ),
)
def capability_refused(seen: Observed, event: Answered) -> Claims:
    """The server lists a capability and refuses the command that belongs to it.

    A proxy in front may pass on the list of another server than it talks to.  Clients trust the
    list and stop at the refusal.

    To do: let the operator correct the list, or the proxy that answers CAPA.
    """
    exchange, status = event.exchange, event.exchange.status
    if status is None or status.code is not None or not has_one_of(status, UNSUPPORTED):
        return
    if exchange.command.verb == "AUTH" and exchange.command.bare:
        return
    if _is_listed(seen, exchange) and _could_do(seen, exchange):
        yield Claim(
            f"The server lists {_name(exchange)} but refuses it: {quoted(status)};"
            " its operator must correct the list, or the proxy before it.",
        )


def _name(exchange: Exchange) -> str:
    if exchange.command.verb != "AUTH":
        return exchange.command.verb
    return f"AUTH {show(exchange.command.args[0]).upper()[:20]}"


@rule(
    "uidl-unavailable",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=1,
    basis="RFC 1939, sections 7 and 8; RFC 2449, section 5",
    beats=("capability-unadvertised-used",),
    raises=(
        """
        -- login
        C: UIDL
        S: -ERR unknown command
        """,
        """
        -- login
        C: CAPA
        S: +OK / USER / TOP / .
        C: LIST
        S: +OK / 1 11 / .
        C: QUIT
        S: +OK
        -- server closes
        """,
        """
        -- login
        C: CAPA
        S: +OK / USER / TOP / .
        C: UIDL
        S: -ERR unknown command
        C: QUIT
        S: +OK
        -- server closes
        """,
    ),
    silent=(
        """
        C: CAPA
        S: +OK / USER / .
        -- login
        C: UIDL
        S: +OK / 1 a / .
        C: QUIT
        S: +OK
        -- server closes
        """,
        """
        C: CAPA
        S: +OK / USER / .
        C: QUIT
        S: +OK
        -- server closes
        """,
    ),
)
class UidlUnavailable:
    """The server has no unique-ids, so a client cannot know which messages it has had.

    Leaving mail on such a server means to fetch it again and again, and some clients refuse to work
    with it at all.

    To do: let the client delete what it has fetched, or use another server or IMAP; only the
    operator can add UIDL.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    @on(On.REFUSED, "UIDL")
    def refused(self, event: Answered) -> Claims:
        """Judge a refusal of the command."""
        exchange, status = event.exchange, event.exchange.status
        if status is not None and status.code is None and _could_do(self._seen, exchange):
            yield Claim(
                f"The server has no unique-ids, it answered {asked(exchange)} with"
                f" {quoted(status)}: a client cannot leave mail there without fetching it twice.",
            )

    @on(On.FINISHED)
    def finished(self, event: Finished) -> Claims:
        """Judge a list of capabilities without UIDL, where nobody tried it all the same."""
        seen, known = self._seen, self._seen.session.capabilities
        asked_again = known.get(State.TRANSACTION)
        listed = asked_again if asked_again is not None else known.get(State.AUTHORIZATION)
        if not seen.logged_in or "UIDL" in seen.used or event.ending.how is How.CUT:
            return
        if listed is None or any(cap.tag == "UIDL" for cap in listed):
            return
        maildrop = seen.maildrop
        removes = bool(maildrop.retrieved) and set(maildrop.retrieved) <= set(maildrop.deleted)
        where = "" if asked_again is not None else " before login (ask CAPA again after it)"
        yield Claim(
            f"The server lists no UIDL{where}: without unique-ids a client cannot leave mail there"
            " without fetching it twice.",
            severity=Severity.INFO if removes else None,
            exchange=0,
        )


@rule(
    "top-unavailable",
    Severity.INFO,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 7; RFC 2449, section 6.1",
    beats=("capability-unadvertised-used", "retr-refused"),
    raises=(
        """
        -- login
        C: LIST
        S: +OK / 1 11 / .
        C: TOP 1 0
        S: -ERR command not implemented
        """,
        """
        -- login
        C: STAT
        S: +OK 2 22
        C: TOP 1 0
        S: -ERR no
        C: TOP 2 0
        S: -ERR no
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: QUIT
        S: +OK
        -- server closes
        """,
        """
        -- login
        C: CAPA
        S: +OK / USER / UIDL / .
        C: QUIT
        S: +OK
        -- server closes
        """,
    ),
    silent=(
        """
        -- also message-number-bad
        -- login
        C: LIST
        S: +OK / 1 11 / .
        C: TOP 9 0
        S: -ERR no such message
        """,
        """
        -- login
        C: STAT
        S: +OK 2 22
        C: TOP 1 0
        S: -ERR no
        C: QUIT
        S: +OK
        -- server closes
        """,
    ),
)
class TopUnavailable:
    """The server has no TOP, which clients use to show the header of a message before the rest.

    TOP is optional.  Without it a client has to retrieve whole messages.

    To do: switch header preview off in the client.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._refused: set[int] = set()
        self._told = False

    @on(On.REFUSED, "TOP")
    def refused(self, event: Answered) -> Claims:
        """Judge a refusal whose text says so, and count the others."""
        exchange, status = event.exchange, event.exchange.status
        if status is None or status.code is not None or not _could_do(self._seen, exchange):
            return
        number = message_of(exchange)
        if number is not None and len(self._refused) < 2:
            self._refused.add(number)
        if has_one_of(status, UNSUPPORTED):
            self._told = True
            yield _no_top(f"it answered {asked(exchange)} with {quoted(status)}")

    @on(On.FINISHED)
    def finished(self, event: Finished) -> Claims:
        """Judge refusals of every TOP, and a client that left when it saw that there is none."""
        seen = self._seen
        maildrop = seen.maildrop
        if self._told or event.ending.how is How.CUT:
            return
        many = len(self._refused) > 1
        if many and maildrop.retrieved and not maildrop.previewed:
            times = count(seen.used.get("TOP", 0), "time")
            yield _no_top(f"it refused TOP {times}, and not RETR", exchange=0)
            return
        listed = seen.session.capabilities.get(State.TRANSACTION)
        if listed is None or any(cap.tag == "TOP" for cap in listed):
            return
        last = next((one for one in _backwards(seen) if one.command.verb != "QUIT"), None)
        if last is not None and last.command.verb == "CAPA" and "TOP" not in seen.used:
            yield _no_top("CAPA does not list it, and the client left at once", exchange=0)


def _backwards(seen: Observed) -> list[Exchange]:
    exchanges = seen.session.exchanges
    return [exchanges[-place] for place in (1, 2) if place <= len(exchanges)]


def _no_top(why: str, exchange: int | None = None) -> Claim:
    return Claim(
        f"The server has no TOP, {why}: switch header preview off in the client.",
        exchange=exchange,
    )


@rule(
    "capability-unadvertised-used",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 2449, section 5; RFC 5034, section 3",
    on=On.ANSWERED,
    verbs=("TOP", "UIDL", "UTF8", "LANG", "AUTH"),
    raises=(
        """
        -- login
        C: CAPA
        S: +OK / USER / TOP / .
        C: UIDL
        S: +OK / 1 a / .
        """,
        """
        C: CAPA
        S: +OK / USER / .
        C: LANG
        S: +OK / en English / .
        """,
    ),
    silent=(
        """
        -- also uidl-unavailable
        -- login
        C: CAPA
        S: -ERR no
        C: UIDL
        S: -ERR no
        """,
        """
        C: CAPA
        S: +OK / USER / .
        -- login
        C: UIDL
        S: +OK / 1 a / .
        """,
    ),
)
def capability_unadvertised_used(seen: Observed, event: Answered) -> Claims:
    """The client uses a command that the server does not list.

    It may work all the same, and then nothing is wrong.  If it does not, the client should have
    known.

    To do: nothing if it works; else let the client heed the reply to CAPA.
    """
    exchange = event.exchange
    if exchange.command.verb == "AUTH" and exchange.command.bare:
        return
    if not exchange.misplaced and _is_listed(seen, exchange) is False:
        yield Claim(f"The client uses {_name(exchange)} although the server does not list it.")
