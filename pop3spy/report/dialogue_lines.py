"""What a session said as ``C:`` and ``S:`` lines, as far as a report shows it.

What neither client nor server said stands behind ``#``.
"""

from collections.abc import Iterator

from pop3spy.protocol.commands import Shape
from pop3spy.protocol.text import count
from pop3spy.report.collected import Aside, CollectedExchange, CollectedSession
from pop3spy.report.words import clock, cut, took
from pop3spy.session.lines import line_text


def dialogue_of(collected: CollectedSession) -> Iterator[str]:
    """Yield the lines of a session, what was said first before all else."""
    yield f"# session {collected.label}: {collected.peers}, {collected.date:%Y-%m-%d %H:%M:%SZ}"
    if collected.greeted_at is not None:
        yield f"S: {cut(collected.greeting)}"
    for item in collected.items:
        match item:
            case Aside(at=at, text=text):
                yield f"# {clock(at - collected.opened_at)} s: {cut(text, 400)}"
            case CollectedExchange():
                yield from _exchange(item)
    why = f" ({collected.why})" if collected.why else ""
    yield f"# {collected.session.how.logged} after {took(collected.duration)}{why}"


def _exchange(item: CollectedExchange) -> Iterator[str]:
    told = item.exchange
    yield f"C: {cut(line_text(told.said))}{' # said by pop3spy' * told.injected}"
    for deed in item.deeds:
        yield f"# ◆ {cut(deed.text)}"
        yield from (f"# {cut(line)}" for line in deed.lines[1:])
    for line in item.inner:
        yield f"{line.side.value}: {cut(line.text)}"
    if told.status is not None:
        yield f"S: {cut(line_text(told.status))}"
    elif not told.kept:
        yield "# taken for the reply" if told.odd else "# no reply"
    yield from _body(item)
    for problem in item.problems:
        yield f"# {problem}"
    for finding in item.findings:
        yield f"# {finding.id}: {cut(finding.text, 400)}"


def _body(item: CollectedExchange) -> Iterator[str]:
    body = item.exchange.body
    if body is None:
        return
    for text in item.lines:
        yield f"S: {cut(text)}".rstrip()
    message = item.exchange.command.shape is Shape.MESSAGE
    if message and item.lines:
        yield f"# … of a message of {count(body.size, 'octet')}"
    elif message:
        yield f"# message, {count(body.size, 'octet')}"
    elif item.left:
        yield f"# … {count(item.left, 'more line')}"
    yield "S: ." if body.complete else "# broken off"
