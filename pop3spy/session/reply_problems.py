"""What is wrong with a reply, in words for people."""

import re
from collections.abc import Iterator
from typing import Final

from pop3spy.protocol.text import count, show
from pop3spy.session.lines import line_text
from pop3spy.session.model import Exchange

_ANNOUNCED: Final = re.compile(rb"\(?([0-9]{1,15}) octets", re.IGNORECASE)
"""What many servers say of a message before it comes: no standard asks for it."""


def reply_problems(exchange: Exchange) -> Iterator[str]:
    """Yield a sentence for each thing about the reply to *exchange* that no server should do."""
    body = exchange.body
    if body is not None and (error := body.error_inside) is not None:
        yield f"the server may have failed in the middle: {show(error)}"
    if (octets := _all_but_the_dot(exchange)) is not None:
        yield f"all {count(octets, 'octet')} came, and the dot behind them did not"
    if exchange.wrong_shape:
        yield f"a listing where one line answers {exchange.said.command.verb}"
    if exchange.status is None and exchange.odd is not None:
        yield f"the reply to {line_text(exchange.said)} was no status line"


def _all_but_the_dot(exchange: Exchange) -> int | None:
    """Return how many octets a message has that came to its end, but without the lone dot."""
    body, status = exchange.body, exchange.status
    if body is None or body.complete or status is None or exchange.command.verb != "RETR":
        return None
    announced = _ANNOUNCED.match(status.text)
    if announced is None or body.size < int(announced[1]):
        return None
    return int(announced[1])
