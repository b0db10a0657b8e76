"""The facts about a body, where they are those of what the server sent.

A recording may hold less: of a dropped body its size, of a masked one its lines without their
letters.
"""

import re
from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.session.body_scan import BodyScan
from pop3spy.session.model import Exchange

_CONTENT: Final = re.compile(rb"[1-9A-Za-wyz]")
"""What no masked body has; a header has it always."""


def whole_scan(seen: Observed, exchange: Exchange) -> BodyScan | None:
    """Return the facts about a body that came whole, and of which nothing was left out.

    Its letters may have been masked: sizes, lines, dots and NULs are right all the same.
    """
    body = exchange.body
    if body is None or not body.complete or body.hidden:
        return None
    scan = seen.scan_of(exchange)
    if scan is None and not body.octets:
        scan = BodyScan()
        scan.end()
    return scan


def content_scan(seen: Observed, exchange: Exchange) -> BodyScan | None:
    """Return the facts about a body that came whole, and of which nothing was masked either."""
    scan = whole_scan(seen, exchange)
    if scan is None or exchange.body is None or not _CONTENT.search(exchange.body.head):
        return None
    return scan
