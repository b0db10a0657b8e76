"""The facts about a body, where they are those of what the server sent.

A recording may hold less: of a dropped body its size, of a masked one its lines without their
letters; and then what may be told of either.
"""

from pop3spy.findings.observed import Observed
from pop3spy.session.body_facts import is_masked
from pop3spy.session.body_scan import BodyScan
from pop3spy.session.model import Exchange


def whole_scan(seen: Observed, exchange: Exchange) -> BodyScan | None:
    """Return the facts about a body that came whole, and of which nothing was left out.

    Its letters may have been masked: sizes, lines, dots and NULs are right all the same.
    """
    body = exchange.body
    if body is None or not body.complete:
        return None
    scan = seen.scan_of(exchange)
    if body.hidden and (scan is None or not scan.told):
        return None
    if scan is None and not body.octets:
        scan = BodyScan()
        scan.end()
    return scan


def content_scan(seen: Observed, exchange: Exchange) -> BodyScan | None:
    """Return the facts about a body that came whole, and of which nothing was masked either."""
    scan = whole_scan(seen, exchange)
    if scan is None or scan.told or exchange.body is None or is_masked(exchange.body.head):
        return None
    return scan
