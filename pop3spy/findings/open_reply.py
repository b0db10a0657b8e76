"""Which reply of several lines has not ended, and how much of a message is missing."""

from pop3spy.findings.observed import Observed, listed_size
from pop3spy.session.model import Exchange


def open_reply(seen: Observed, outstanding: tuple[Exchange, ...] | None = None) -> Exchange | None:
    """Return the exchange whose multi-line reply has begun and not ended."""
    waiting = seen.session.outstanding.values() if outstanding is None else outstanding
    first = next(iter(waiting), None)
    if first is None or first.status is None or not first.status.has_body:
        return None
    return None if first.complete else first


def missing_octets(seen: Observed, exchange: Exchange) -> int | None:
    """Return how many octets a retrieved message is shorter than listed; None: not known."""
    body, listed = exchange.body, listed_size(seen, exchange)
    if exchange.command.verb != "RETR" or body is None:
        return None
    return None if listed is None else listed - body.size
