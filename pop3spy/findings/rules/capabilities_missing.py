"""Commands that clients count on, and that the server does not have."""

from pop3spy.findings.observed import Observed, message_of
from pop3spy.findings.refusals import UNSUPPORTED, has_one_of
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.rules.capabilities_refused import could_do
from pop3spy.findings.wording import asked, count, quoted
from pop3spy.protocol.states import State
from pop3spy.session.events import Answered, Finished
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.how import How
from pop3spy.session.model import Exchange


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
        if status is not None and status.code is None and could_do(self._seen, exchange):
            yield Claim(
                f"The server has no unique-ids and answered {asked(exchange)} with"
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
            severity=Severity.INFO if removes or asked_again is None else None,
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
        -- also argument-missing
        -- login
        C: LIST
        S: +OK / 1 11 / .
        C: TOP 1
        S: -ERR Invalid command.
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
        if status is None or status.code is not None or not could_do(self._seen, exchange):
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
        f"The server has no TOP: {why}.",
        exchange=exchange,
    )
