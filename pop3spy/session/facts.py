"""Exchanges and sessions as machines are told of them, by the names that ``docs/logs.md`` gives.

The JSON log, the export of that name and the tables all write this.
"""

from functools import lru_cache

from pop3spy.protocol.commands import COMMANDS
from pop3spy.protocol.frames import Side, StatusLine
from pop3spy.protocol.states import State
from pop3spy.protocol.text import escape, show
from pop3spy.session.body import Body
from pop3spy.session.how import Ending
from pop3spy.session.json_text import TRUTH, number_or_null, quoted, quoted_or_null, seconds_or_null
from pop3spy.session.lines import line_text, status_text
from pop3spy.session.model import Exchange, Session

_STATES = {state: quoted(state.value) for state in State}
_VERBS_ALONE = {f"{name}\r\n".encode(): quoted(name) for name in COMMANDS}
"""The text of what clients say most."""
_SHORT = 80
"""Octets of a status line that is made into text once, as servers say few others."""


def peers_of(session: Session) -> str:
    """Return the members that say which session it is, and whose."""
    client, server = escape(str(session.client)), escape(str(session.server))
    return f'"session": {session.id}, "client": {quoted(client)}, "server": {quoted(server)}'


def facts_of(exchange: Exchange) -> str:
    """Return what there is to know of *exchange* as the members of a JSON object.

    What is not known is null.  It is made as text at once: a dictionary and an encoder took four
    times as long, for the line that there are most of.
    """
    line, status, body = exchange.said, exchange.status, exchange.body
    spec = line.command.spec
    known = None if line.masks else _VERBS_ALONE.get(line.raw)
    if status is None:
        reply = _WITHOUT_STATUS
    elif status.masks or len(status.raw) > _SHORT:
        reply = _of_status(status)
    else:
        reply = _of_short_status(status.raw, status.ok)
    latency = seconds_or_null(exchange.latency)
    at_once = exchange.ended_at == exchange.answered_at  # as most replies of one line come
    return (
        f'"number": {line.number}, '
        f'"verb": {quoted(spec.name) if spec else "null"}, '
        f'"line": {known or quoted(line_text(line))}, '
        f'"sent": {_sent(exchange) if exchange.original else "null"}, '
        f'"injected": {TRUTH[exchange.injected]}, '
        f'"state_before": {_STATES[exchange.state_before]}, '
        f'"state_after": {_STATES[exchange.state_after]}, '
        f"{reply}, "
        f'"odd": {quoted(line_text(exchange.odd)) if exchange.odd and not status else "null"}, '
        f'"latency": {latency}, '
        f'"duration": {latency if at_once else seconds_or_null(exchange.duration)}, '
        f"{_of_body(body, exchange.wrong_shape) if body else _WITHOUT_BODY}, "
        f'"complete": {TRUTH[exchange.complete]}, '
        f'"pipelined": {TRUTH[line.pipelined]}, '
        f'"misplaced": {TRUTH[exchange.misplaced]}, '
        f'"steps": {exchange.steps}, '
        f'"user": {quoted_or_null(exchange.user)}'
    )


def _sent(exchange: Exchange) -> str:
    return quoted("" if exchange.kept else line_text(exchange.line))


def _of_status(status: StatusLine | None) -> str:
    code = status.code if status else None
    return (
        f'"ok": {TRUTH[status.ok] if status else "null"}, '
        f'"code": {quoted_or_null(code)}, '
        f'"text": {quoted(status_text(status)) if status else "null"}'
    )


_WITHOUT_STATUS = _of_status(None)


@lru_cache(maxsize=256)
def _of_short_status(raw: bytes, ok: bool) -> str:  # noqa: FBT001 - it is a fact of it
    return _of_status(StatusLine(Side.SERVER, raw, ok=ok))


def _of_body(body: Body | None, wrong_shape: bool) -> str:  # noqa: FBT001 - it is a fact of it
    error = body.error_inside if body else None
    return (
        f'"octets": {body.octets if body else "null"}, '
        f'"size": {body.size if body else "null"}, '
        f'"lines": {number_or_null(body.lines) if body else "null"}, '
        f'"wrong_shape": {TRUTH[wrong_shape]}, '
        f'"error_inside": {"null" if error is None else quoted(show(error))}'
    )


_WITHOUT_BODY = _of_body(None, wrong_shape=False)


def rounded(seconds: float | None) -> float | None:
    """Return *seconds* in whole microseconds."""
    return None if seconds is None else round(seconds, 6)


def facts_of_ending(session: Session, ending: Ending, at: float) -> dict[str, object]:
    """Return what a session amounts to that ended *at* that time; what is not known is None."""
    totals, closed_at = session.totals, ending.at
    return {
        "how": ending.how.value,
        "why": escape(ending.why) or None,
        "duration": rounded(at - session.opened_at),
        "closed": None if closed_at is None else rounded(closed_at - session.opened_at),
        "state": session.state.value,
        "user": session.user,
        "login": session.login,
        "greeting": status_text(session.greeting) if session.greeting else None,
        "capabilities": {
            state.value: [escape(str(capability)) for capability in capabilities]
            for state, capabilities in session.capabilities.items()
        },
        "parting": session.parting,
        "commands": totals.commands,
        "refused": totals.refused,
        "unanswered": totals.unanswered,
        "retrieved": totals.retrieved,
        "deleted": totals.deleted,
        "client_octets": totals.octets[Side.CLIENT],
        "server_octets": totals.octets[Side.SERVER],
        "blind": session.blind,
    }
