"""How logs for people put things: times, counts, endings, messages."""

from pop3spy.protocol.message import headers_of
from pop3spy.protocol.text import count, escape
from pop3spy.session.closings import SOON
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Exchange, Session

_SUBJECT = 60
_SENDER = 50


def seconds(time: float) -> str:
    """Return how long something took, in three digits or so: ``0.4 ms``, ``12 ms``, ``1.25 s``."""
    if time < 0.00995:  # noqa: PLR2004 - below, a digit behind the point says something
        return f"{time * 1000:.1f} ms"
    if time < 0.9995:  # noqa: PLR2004 - what rounds to 1000 ms is a second
        return f"{time * 1000:.0f} ms"
    if time < 59.995:  # noqa: PLR2004 - what rounds to 60.00 s is a minute
        return f"{time:.2f} s"
    minutes, rest = divmod(round(time), 60)
    if minutes < 60:  # noqa: PLR2004 - of an hour
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def short(text: str, most: int) -> str:
    """Return *text*, or its beginning and an ellipsis if it has more characters than *most*."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def message(exchange: Exchange) -> str:
    """Return a message in one line: size, subject and sender."""
    body = exchange.body
    assert body is not None
    size = count(body.size, "octet")
    if not body.complete:
        return f"message broken off after {size}"
    headers = headers_of(body.head)
    subject, sender = headers.get("subject"), headers.get("from")
    words = [
        f"“{short(escape(subject), _SUBJECT)}”" if subject else "",
        f"from {short(escape(sender), _SENDER)}" if sender else "",
    ]
    what = f"top, {size}" if exchange.command.verb == "TOP" else size
    told = " ".join(filter(None, words))
    return f"{what}: {told}" if told else what


def ended(session: Session, at: float, ending: Ending) -> str:
    """Return how a session ended: ``ended by QUIT after 1.20 s``.

    The time is that of the first close; if there was more behind it, that has its own.
    """
    why = f" ({escape(ending.why)})" if ending.why else ""
    closed_at = at if ending.at is None else ending.at
    after = seconds(closed_at - session.opened_at)
    over = f"; over after {seconds(at - session.opened_at)}" if at - closed_at >= SOON else ""
    return f"{ending.how.logged} after {after}{over}{why}"


def amounts(session: Session, ending: Ending) -> str:
    """Return what a session amounts to: ``8 commands, 1 refused, 2 retrieved, 12,345 octets``."""
    totals = session.totals
    octets = sum(totals.octets.values())
    deleted = "deleted" if ending.how is How.QUIT else "marked as deleted without QUIT"
    numbers = [
        (totals.refused, "refused"),
        (totals.unanswered, "unanswered"),
        (totals.retrieved, "retrieved"),
        (totals.deleted, deleted),
    ]
    middle = [f"{number:,} {word}" for number, word in numbers if number]
    parts = [count(totals.commands, "command"), *middle, count(octets, "octet")]
    return ", ".join(parts) if octets else ""
