"""An exchange as machines are told of it, by the names that ``docs/logs.md`` gives.

The JSON log and the export of the same name both read this, so one program reads either.
"""

from pop3spy.protocol.text import show
from pop3spy.session.lines import line_text, status_text
from pop3spy.session.model import Exchange


def facts_of(exchange: Exchange) -> dict[str, object]:
    """Return what there is to know of *exchange*; what is not known is None."""
    line, status, body = exchange.said, exchange.status, exchange.body
    spec = line.command.spec
    return {
        "number": line.number,
        "verb": spec.name if spec else None,
        "line": line_text(line),
        "sent": _sent(exchange),
        "injected": exchange.injected,
        "state_before": exchange.state_before.value,
        "state_after": exchange.state_after.value,
        "ok": status.ok if status else None,
        "code": status.code if status else None,
        "text": status_text(status) if status else None,
        "odd": line_text(exchange.odd) if exchange.odd and not status else None,
        "latency": rounded(exchange.latency),
        "duration": rounded(exchange.duration),
        "octets": body.octets if body else None,
        "size": body.size if body else None,
        "lines": body.lines if body else None,
        "wrong_shape": exchange.wrong_shape,
        "error_inside": _error_inside(exchange),
        "complete": exchange.complete,
        "pipelined": line.pipelined,
        "misplaced": exchange.misplaced,
        "steps": exchange.steps,
        "user": exchange.user,
    }


def _error_inside(exchange: Exchange) -> str | None:
    error = exchange.body.error_inside if exchange.body else None
    return None if error is None else show(error)


def _sent(exchange: Exchange) -> str | None:
    if exchange.kept:
        return ""
    return line_text(exchange.line) if exchange.changed else None


def rounded(seconds: float | None) -> float | None:
    """Return *seconds* in whole microseconds."""
    return None if seconds is None else round(seconds, 6)
