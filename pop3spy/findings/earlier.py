"""What earlier sessions told of the account of this one."""

from pop3spy.findings.history import KnownAccount, KnownMessage, PastSession
from pop3spy.findings.observed import Observed
from pop3spy.redaction.pseudonyms import is_pseudonym
from pop3spy.session.events import Answered
from pop3spy.session.listing import Listing


def account_before(seen: Observed) -> KnownAccount | None:
    """Return what is known of the account; None before a login worked.

    A pseudonym stands for somebody else in the next recording, so nothing is known of one.
    """
    user = seen.session.user
    if user is None or not seen.logged_in or is_pseudonym(user.encode("utf-8", "surrogateescape")):
        return None
    return seen.account_of(user)


def downloaded_before(
    seen: Observed, account: KnownAccount | None, unique_id: bytes | None
) -> KnownMessage | None:
    """Return what is known of a message of *account* that came whole in an earlier session."""
    known = account.messages.get(unique_id) if account is not None and unique_id else None
    if known is None or known.downloaded_at is None:
        return None
    return known if known.downloaded_at < seen.past.opened_at else None


def had_before(seen: Observed, number: int) -> bool:
    """Return whether a client downloaded that message whole in an earlier session."""
    unique_id = seen.maildrop.id_of(number)
    return downloaded_before(seen, account_before(seen), unique_id) is not None


def listed_now(seen: Observed, event: Answered) -> Listing | None:
    """Return the whole listing of unique-ids that *event* brings, if nothing was deleted before."""
    listing = seen.maildrop.first_uidl
    if listing is None or listing.exchange != event.exchange.number or listing.changes:
        return None
    return listing if listing.clean and len(set(listing.ids.values())) == len(listing.ids) else None


def last_session(account: KnownAccount, seen: Observed) -> PastSession | None:
    """Return the session before this one, if it was over when this one began."""
    last = account.last
    if last is None or last.ended_at is None or last.ended_at > seen.past.opened_at:
        return None
    return last
