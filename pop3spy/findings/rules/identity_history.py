"""Unique-ids that do not stay with their messages from one session to the next."""

from collections import Counter
from typing import Final

from pop3spy.findings.earlier import account_before
from pop3spy.findings.history import KnownAccount
from pop3spy.findings.mail import mail_of
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import quoted_octets
from pop3spy.session.body_scan import BodyScan
from pop3spy.session.events import Answered, Finished
from pop3spy.session.finding import AtFault, Severity

_SEVERAL: Final = 5
"""So many ids that changed are no coincidence."""
_STILL_THERE: Final = 0.8
"""The part of the earlier sizes that has to be there for the maildrop to be the same."""
_OCTETS: Final = 200
"""A shorter message may be like another by chance."""


@rule(
    "uidl-mass-change",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.HISTORY,
    rank=1,
    basis="RFC 1939, section 7",
    on=On.ANSWERED,
    verbs=("UIDL", "LIST"),
    beats=("uidl-changed", "redownload"),
    raises=(
        """
        -- login
        C: LIST
        S: +OK / 1 11 / 2 12 / 3 13 / 4 14 / 5 15 / .
        C: UIDL
        S: +OK / 1 a / 2 b / 3 c / 4 d / 5 e / .
        -- session 1 day later
        -- login
        C: LIST
        S: +OK / 1 11 / 2 12 / 3 13 / 4 14 / 5 15 / 6 99 / .
        C: UIDL
        S: +OK / 1 p / 2 q / 3 r / 4 s / 5 t / 6 u / .
        """,
        """
        -- login
        C: LIST
        S: +OK / 1 11 / 2 12 / 3 13 / 4 14 / 5 15 / .
        C: UIDL
        S: +OK / 1 a / 2 b / 3 c / 4 d / 5 e / .
        -- session 1 day later
        -- login
        C: UIDL
        S: +OK / 1 p / 2 q / 3 r / 4 s / 5 t / .
        C: LIST
        S: +OK / 1 11 / 2 12 / 3 13 / 4 14 / 5 15 / .
        """,
    ),
    silent=(
        """
        -- login
        C: LIST
        S: +OK / 1 11 / 2 12 / 3 13 / 4 14 / 5 15 / .
        C: UIDL
        S: +OK / 1 a / 2 b / 3 c / 4 d / 5 e / .
        -- session 1 day later
        -- login
        C: LIST
        S: +OK / 1 11 / 2 12 / 3 13 / 4 14 / 5 15 / 6 99 / .
        C: UIDL
        S: +OK / 1 a / 2 b / 3 c / 4 d / 5 e / 6 f / .
        """,
        """
        -- login
        C: LIST
        S: +OK / 1 11 / 2 12 / 3 13 / 4 14 / 5 15 / .
        C: UIDL
        S: +OK / 1 a / 2 b / 3 c / 4 d / 5 e / .
        -- session 1 day later
        -- login
        C: LIST
        S: +OK / 1 91 / 2 92 / 3 93 / 4 94 / 5 95 / .
        C: UIDL
        S: +OK / 1 p / 2 q / 3 r / 4 s / 5 t / .
        """,
    ),
)
def uidl_mass_change(seen: Observed, event: Answered) -> Claims:
    """All unique-ids are others than in the session before, and the messages are the same.

    The sizes show that the messages are still there.  Every client that leaves mail on the server
    takes them all for new and downloads everything again.

    To do: let the server write the ids as before (Dovecot: ``pop3_uidl_format``; after a
    migration: carry the list of ids over).  Changing them back later has the same effect.
    """
    account, maildrop = account_before(seen), seen.maildrop
    ids, sizes = maildrop.first_uidl, maildrop.first_list
    if account is None or account.listing is None or ids is None or sizes is None:
        return
    if event.exchange.number != max(ids.exchange, sizes.exchange):
        return
    if not (ids.complete and sizes.complete) or len(ids.ids) < _SEVERAL:
        return
    before = {
        unique_id: size
        for unique_id, size in account.listing.items()
        if size is not None and not _was_deleted(account, unique_id)
    }
    if len(before) < _SEVERAL or not account.listing.keys().isdisjoint(ids.ids.values()):
        return
    still = (Counter(before.values()) & Counter(sizes.sizes.values())).total()
    if still >= _STILL_THERE * len(before):
        yield Claim(
            f"All {len(account.listing):,} unique-ids changed at once, though most of the sizes are"
            " still there: clients that leave mail on the server download everything again.",
            exchange=0,
            evidence={"before": len(account.listing), "now": len(ids.ids), "same_sizes": still},
        )


@rule(
    "uidl-changed",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.HISTORY,
    rank=1,
    basis="RFC 1939, section 7",
    beats=("redownload",),
    raises="""
        -- login
        C: UIDL
        S: +OK / 1 43ef42 / .
        C: RETR 1
        S: +OK / Message-ID: <x@h> / (blank) / {x*200} / .
        -- session 1 day later
        -- login
        C: UIDL
        S: +OK / 1 43ef52 / .
        C: RETR 1
        S: +OK / Message-ID: <x@h> / (blank) / {x*200} / .
    """,
    silent=(
        """
        -- login
        C: UIDL
        S: +OK / 1 43ef42 / .
        C: RETR 1
        S: +OK / Message-ID: <x@h> / (blank) / {x*200} / .
        -- session 1 day later
        -- login
        C: DELE 1
        S: +OK
        C: UIDL
        S: +OK / 2 43ef52 / .
        C: RETR 2
        S: +OK / Message-ID: <x@h> / (blank) / {x*200} / .
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 43ef42 / .
        C: RETR 1
        S: +OK / Message-ID: <x@h> / (blank) / {x*200} / .
        -- session 1 day later
        -- login
        C: UIDL
        S: +OK / 1 43ef42 / 2 43ef52 / .
        C: RETR 2
        S: +OK / Message-ID: <x@h> / (blank) / {x*200} / .
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 43ef42 / .
        C: RETR 1
        S: +OK / Message-ID: <x@h> / (blank) / {x*200} / .
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK
        -- session 1 day later
        -- login
        C: UIDL
        S: +OK / 1 43ef52 / .
        C: RETR 1
        S: +OK / Message-ID: <x@h> / (blank) / {x*200} / .
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 43ef42 / .
        C: RETR 1
        S: +OK / (blank) / {x*200} / .
        -- session 1 day later
        -- login
        C: UIDL
        S: +OK / 1 43ef52 / .
        C: RETR 1
        S: +OK / (blank) / {x*200} / .
        """,
    ),
)
class UidlChanged:
    """A message that was downloaded before has another unique-id now.

    Its old id is not listed any more, and nobody deleted it here.  A client that goes by the ids
    downloads the message again.  A single one may have been moved out and in again by another
    program; five or more are the server's doing.

    To do: let a migration of the storage carry the unique-ids over.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._changed: list[tuple[int, int, bytes, bytes]] = []

    @on(On.ANSWERED, "RETR")
    def _retrieved(self, event: Answered) -> Claims:
        """Look for the message under another id."""
        mail, listing = mail_of(self._seen, event.exchange), self._seen.maildrop.first_uidl
        account, scan, new = mail.account, mail.content, mail.unique_id
        if account is None or scan is None or new is None or new in account.messages:
            return
        if scan.size < _OCTETS or scan.header is None or not scan.header.message_id:
            return
        if mail.stable is None or not scan.digests_all or listing is None or listing.changes:
            return  # behind a DELE the old id would not be listed
        old = account.same_content().get(mail.stable)
        if old is None or not listing.complete or old in listing.ids.values():
            return
        if _was_deleted(account, old):
            return
        self._changed.append((mail.exchange, mail.number or 0, old, new))
        if len(self._changed) >= _SEVERAL:
            yield from self._tell(Severity.ERROR)

    @on(On.FINISHED)
    def _over(self, _: Finished) -> Claims:
        """Tell of the few that changed."""
        yield from self._tell(Severity.WARNING)

    def _tell(self, severity: Severity) -> Claims:
        for exchange, number, old, new in self._changed:
            yield Claim(
                f"The server gave message {number} a new unique-id, {quoted_octets(new)} in place"
                f" of {quoted_octets(old)}: clients download it again.",
                exchange=exchange,
                severity=severity,
                evidence={"message": number, "messages": len(self._changed)},
            )
        self._changed.clear()


@rule(
    "uidl-reused",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.HISTORY,
    rank=2,
    basis="RFC 1939, section 7",
    on=On.ANSWERED,
    verbs=("RETR",),
    beats=("content-changed-between-sessions", "deletes-not-applied"),
    raises=(
        """
        -- login
        C: UIDL
        S: +OK / 1 u1 / .
        C: RETR 1
        S: +OK / Message-ID: <x@h> / (blank) / x / .
        -- session 1 day later
        -- login
        C: UIDL
        S: +OK / 1 u1 / .
        C: RETR 1
        S: +OK / Message-ID: <y@h> / (blank) / y / .
        """,
        """
        -- login
        C: UIDL
        S: +OK / 1 u1 / .
        C: RETR 1
        S: +OK / Message-ID: <x@h> / (blank) / x / .
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK
        -- session 1 day later
        -- login
        C: UIDL
        S: +OK / 1 u1 / .
        C: RETR 1
        S: +OK / Message-ID: <y@h> / (blank) / y / .
        """,
    ),
    silent="""
        -- login
        C: UIDL
        S: +OK / 1 u1 / .
        C: RETR 1
        S: +OK / Message-ID: <x@h> / (blank) / x / .
        -- session 1 day later
        -- login
        C: UIDL
        S: +OK / 1 u1 / .
        C: RETR 1
        S: +OK / Message-ID: <x@h> / Status: RO / (blank) / x / .
    """,
)
def uidl_reused(seen: Observed, event: Answered) -> Claims:
    """A unique-id stands for another mail than in an earlier session.

    An id must never be given again.  A client that knows it takes the new mail for one that it has,
    and never fetches it.

    To do: look for a counter of the server that began anew, such as after a restored backup; let
    the client forget the ids that it knows.
    """
    mail, listing = mail_of(seen, event.exchange), seen.maildrop.first_uidl
    known, scan = mail.before, mail.content
    if known is None or known.stable is None or scan is None or not scan.digests_all:
        return
    message_id = _message_id_of(seen, scan)
    if None in (message_id, known.message_id) or message_id == known.message_id:
        return
    if mail.stable is not None and mail.stable != known.stable:
        yield Claim(
            f"The unique-id {quoted_octets(mail.unique_id or b'')} stands for another mail now:"
            " clients skip it as one that they have.",
            covers=(listing.exchange,) if listing is not None else (),
            evidence={"message": mail.number or 0},
        )


def _message_id_of(seen: Observed, scan: BodyScan) -> bytes | None:
    """Return the keyed digest of the Message-ID of a message, or None if it has none."""
    message_id = scan.header.message_id if scan.header is not None else None
    return seen.history.digest(message_id.strip()) if message_id else None


def _was_deleted(account: KnownAccount, unique_id: bytes) -> bool:
    known = account.messages.get(unique_id)
    return known is not None and known.deleted_at is not None
