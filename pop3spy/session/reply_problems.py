"""What is wrong with a reply, in words for people."""

from collections.abc import Iterator

from pop3spy.protocol.text import show
from pop3spy.session.lines import line_text
from pop3spy.session.model import Exchange


def reply_problems(exchange: Exchange) -> Iterator[str]:
    """Yield a sentence for each thing about the reply to *exchange* that no server should do."""
    body = exchange.body
    if body is not None and (error := body.error_inside) is not None:
        yield f"the server may have failed in the middle: {show(error)}"
    if exchange.wrong_shape:
        yield f"a listing where one line answers {exchange.said.command.verb}"
    if exchange.status is None and exchange.odd is not None:
        yield f"the reply to {line_text(exchange.said)} was no status line"
