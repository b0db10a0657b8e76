"""The listing that an exchange gave just now."""

from pop3spy.findings.observed import Observed
from pop3spy.session.listing import Listing
from pop3spy.session.model import Exchange


def listing_of(seen: Observed, exchange: Exchange) -> Listing | None:
    """Return the listing of a LIST or UIDL without argument; None if it gave none."""
    maildrop = seen.maildrop
    last = maildrop.last_list if exchange.command.verb == "LIST" else maildrop.last_uidl
    return last if last is not None and last.exchange == exchange.number else None


def whole_listing(seen: Observed, exchange: Exchange) -> Listing | None:
    """Return the same, if all of it can be read and each message has one line."""
    listing = listing_of(seen, exchange)
    return listing if listing is not None and listing.clean else None
