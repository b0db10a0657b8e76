"""Maildrops that change while a session is open."""

from collections.abc import Mapping
from typing import Final

from pop3spy.findings.listings import whole_listing
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import count
from pop3spy.session.events import Answered, Heard, Unanswered
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.listing import Listing
from pop3spy.session.maildrop import CHANGING
from pop3spy.session.model import Exchange

_XTND: Final = tuple(verb for verb in CHANGING if verb.startswith("XTND"))


@rule(
    "renumbered-in-session",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, sections 4 and 7",
    on=On.ANSWERED,
    verbs=("UIDL", "LIST"),
    beats=("deleted-message-served",),
    raises=(
        """
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: DELE 1
        S: +OK
        C: UIDL
        S: +OK / 1 b / .
        C: QUIT
        S: +OK
        """,
        """
        -- login
        C: LIST
        S: +OK / 1 11 / 2 22 / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: DELE 1
        S: +OK
        C: LIST
        S: +OK / 1 22 / .
        C: QUIT
        S: +OK
        """,
    ),
    silent=(
        """
        -- login
        C: UIDL
        S: +OK / 1 a / 2 b / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: DELE 1
        S: +OK
        C: UIDL
        S: +OK / 2 b / .
        C: QUIT
        S: +OK
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 a / .
        C: UIDL
        S: +OK / 1 a / 2 b / .
        C: QUIT
        S: +OK
        -- also count-changed-in-session
        """,
    ),
)
def renumbered_in_session(seen: Observed, event: Answered) -> Claims:
    """The server gave messages other numbers while the session lasted.

    A message keeps its number until the session ends.  A client that goes on with the numbers that
    it was told deletes the wrong mail.

    To do: stop deleting with this server until it has been corrected.
    """
    exchange, maildrop = event.exchange, seen.maildrop
    now = whole_listing(seen, exchange)
    if now is None:
        return
    if now.verb == "UIDL":
        first = maildrop.first_uidl
        moved = _moved_id(first, now) if first is not None and first is not now else None
    else:
        first = maildrop.first_list
        moved = _moved_size(seen, first, now) if first is not None and first is not now else None
    if moved is not None:
        was, became = moved
        yield Claim(
            f"The server renumbered messages inside the session: number {became:,} is now what was"
            f" {was}, so DELE may hit the wrong mail."
        )


def _moved_id(first: Listing, now: Listing) -> tuple[str, int] | None:
    """Return what a number names now, and that number, if it named another message before."""
    if not first.clean or first.ids == now.ids:
        return None
    for number, unique_id in now.ids.items():
        before = first.ids.get(number)
        if before is not None and before != unique_id:
            place = _number_of(first.ids, unique_id)
            return ("another message" if place is None else f"{place:,} before"), number
    return None


def _number_of(ids: Mapping[int, bytes], unique_id: bytes) -> int | None:
    return next((number for number, known in ids.items() if known == unique_id), None)


def _moved_size(seen: Observed, first: Listing, now: Listing) -> tuple[str, int] | None:
    """Return the same, where sizes alone prove it: all that is left stands in its old order."""
    deleted = seen.maildrop.deleted
    if not deleted or not first.clean:
        return None
    left = {number: size for number, size in first.sizes.items() if number not in deleted}
    if (
        not left
        or left.keys() == now.sizes.keys()
        or list(left.values()) != list(now.sizes.values())
    ):
        return None
    for (was, _), (became, size) in zip(left.items(), now.sizes.items(), strict=True):
        if was != became and first.sizes.get(became) != size:
            return f"{was:,} before", became
    return None


@rule(
    "count-changed-in-session",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, section 4",
    raises=(
        """
        -- login
        C: STAT
        S: +OK 2 22
        C: STAT
        S: +OK 3 33
        C: QUIT
        S: +OK
        """,
        """
        -- login
        C: LIST
        S: +OK / 1 11 / 2 11 / .
        C: LIST
        S: +OK / 1 11 / .
        C: QUIT
        S: +OK
        """,
    ),
    silent=(
        """
        -- login
        C: STAT
        S: +OK 2 22
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: DELE 1
        S: +OK
        C: STAT
        S: +OK 1 11
        C: RSET
        S: +OK
        C: STAT
        S: +OK 2 22
        C: QUIT
        S: +OK
        -- also deletes-undone
        """,
        """
        -- login
        C: STAT
        S: +OK 2 22
        C: XTND ARCHIVE old
        S: +OK / .
        C: STAT
        S: +OK 3 33
        C: QUIT
        S: +OK
        """,
    ),
)
class CountChangedInSession:
    """Mail appeared or vanished while the session lasted.

    The maildrop is frozen when it is opened, so that numbers stay what they are.  Where it only
    grows that is harmless; where messages vanish, numbers that the client has kept mean nothing.

    To do: ask the server's operator; a client must not trust old numbers here.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._first: dict[str, int] = {}
        self._unclear = False

    @on(On.JUNK)
    @on(On.UNANSWERED, *CHANGING)
    def unclear(self, event: Heard | Unanswered) -> Claims:
        """Judge nothing where a DELE or RSET may have worked or not."""
        exchange = event.exchange
        self._unclear |= exchange is not None and exchange.command.verb in CHANGING
        return ()

    @on(On.ANSWERED, "STAT", "LIST", "UIDL")
    def counted(self, event: Answered) -> Claims:
        """Compare the count with the first that the same command told."""
        exchange, verb = event.exchange, event.exchange.command.verb
        now = self._count(exchange)
        if now is None or self._unclear or any(name in self._seen.used for name in _XTND):
            return
        there = now + self._seen.maildrop.pending
        first = self._first.setdefault(verb, there)
        if there != first:
            grew = "appeared" if there > first else "vanished"
            self._first[verb] = there
            yield Claim(
                f"By {verb}, {count(abs(there - first), 'message')} {grew} while the session"
                " lasted: the server does not freeze the maildrop.",
                evidence={"before": first, "now": there},
            )

    def _count(self, exchange: Exchange) -> int | None:
        if not exchange.ok or not exchange.command.bare:
            return None
        if exchange.command.verb == "STAT":
            stats = self._seen.maildrop.stats
            last = stats[-1] if stats else None
            return last.count if last is not None and last.exchange == exchange.number else None
        listing = whole_listing(self._seen, exchange)
        return None if listing is None else len(listing.numbers)
