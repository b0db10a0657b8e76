"""Which reply of several lines has not ended, and how much of a message is missing."""

from pop3spy.findings.observed import Observed
from pop3spy.protocol.replies import number_of
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
    args, body = exchange.command.args, exchange.body
    number = number_of(args[0]) if args else None
    if exchange.command.verb != "RETR" or number is None or body is None:
        return None
    listed = seen.maildrop.size_of(number)
    return None if listed is None else listed - body.size
