"""Clients that leave without QUIT, or before they have what they asked for."""

from typing import Final

from pop3spy.findings.observed import CLIENT, SERVER, Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import asked, seconds
from pop3spy.protocol.commands import Turn
from pop3spy.protocol.states import State
from pop3spy.session.events import Finished
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange

_ONE_LINE: Final = frozenset({"LIST", "UIDL", "STAT", "DELE", "NOOP", "RSET"})


@rule(
    "client-gave-up",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.TIMING,
    rank=1,
    too_long=True,
    basis="practice",
    on=On.FINISHED_EARLY,
    beats=("quit-missing",),
    raises=(
        """
        -- login
        C: RETR 1
        -- 60 s
        -- client closes
        """,
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x
        -- client resets
        """,
    ),
    silent=(
        """
        C: QUIT
        -- client closes
        """,
        """
        -- also quit-unanswered
        -- login
        C: QUIT
        -- 60 s
        -- client closes
        """,
        """
        C: AUTH CRAM-MD5
        S: + PDEuMkB4Pg==
        -- 30 s
        -- client closes
        """,
    ),
)
def client_gave_up(seen: Observed, _: Finished) -> Claims:
    """The client hung up while it waited for a reply.

    It has a timeout that is shorter than what the server needs, or a person stopped it.  Where
    nothing had come in reply to RETR or TOP, the server may be busy with its disk or its filters.

    To do: raise the client's timeout, or find out why the server is slow; if it hung up at once,
    look in its own log why.
    """
    first = seen.closed_by(CLIENT)
    waiting = [one for one in seen.unfinished if _waits_for_server(one, seen)]
    if first is None or not waiting or "QUIT" in seen.used:
        return
    exchange = waiting[0]
    waited = first.at - exchange.asked_at
    octets = exchange.body.octets if exchange.body is not None else 0
    came = f"{octets:,} octets of it had come" if exchange.status else "nothing had come"
    soon = waited < seen.thresholds.gave_up
    yield Claim(
        f"The client hung up {seconds(waited)} after {asked(exchange)}, and {came}.",
        remedy="look in the client's own log why it did not wait." if soon else None,
        exchange=exchange.number,
        at=first.at,
        covers=tuple(one.number for one in waiting),
        evidence={"seconds": round(waited, 3), "octets": octets},
    )


def _waits_for_server(exchange: Exchange, seen: Observed) -> bool:
    """Return whether it was the server's turn to speak, in reply to a whole command."""
    if exchange.line.truncated or exchange.command.spec is None or exchange.odd is not None:
        return False
    if exchange.status is not None and not exchange.status.final:
        return False  # the client sends its data
    if exchange.command.turn is Turn.SASL and exchange.answered_at is not None:
        client, server = seen.last[CLIENT], seen.last[SERVER]
        return client is not None and server is not None and client > server
    return True


@rule(
    "client-waits-for-dot",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.TIMING,
    rank=1,
    basis="RFC 1939, sections 3 and 5; practice",
    on=On.FINISHED_EARLY,
    beats=("quit-missing",),
    raises=(
        """
        -- login
        C: LIST 1
        S: +OK 1 11
        -- 120 s
        -- client closes
        """,
        """
        -- login
        C: LIST
        S: +OK / .
        -- 60 s
        -- client closes
        """,
    ),
    silent=(
        """
        -- also quit-missing
        -- login
        C: LIST 1
        S: +OK 1 11
        C: LIST 2
        S: +OK 2 22
        -- 120 s
        -- client closes
        """,
        """
        -- also quit-missing
        -- login
        C: LIST
        S: +OK / 1 11 / .
        -- 60 s
        -- client closes
        """,
    ),
)
def client_waits_for_dot(seen: Observed, _: Finished) -> Claims:
    """The reply was complete, and the client seems to have waited for more of it.

    Replies of one line have no final dot: those to STAT, DELE and NOOP, and to LIST and UIDL with a
    number.  Clients that let people send any command often read each reply up to a dot.  What the
    client waits for cannot be seen; it said nothing more and left without QUIT.

    To do: correct the client; with curl, add --head to commands that are answered in one line.
    """
    first, last = seen.closed_by(CLIENT), seen.last_answered
    if first is None or last is None or seen.unfinished or "QUIT" in seen.used:
        return
    if seen.session.state is not State.TRANSACTION or last.ended_at is None:
        return
    waited = first.at - last.ended_at
    if not seen.thresholds.gave_up <= waited < seen.thresholds.held_open:
        return
    one_line = last.body is None and last.command.verb in _ONE_LINE
    empty = last.body is not None and last.body.complete and last.body.octets == 0
    if (one_line or empty) and last.ok and not _has_read_such(last, seen):
        whole = "complete" if one_line else "complete with its dot"
        seems = "to wait for a final dot that does not come"
        if not one_line:
            seems = "not to find the end of an empty list"
        yield Claim(
            f"The reply to {asked(last)} was {whole}, yet the client waited {seconds(waited)} for"
            f" more and hung up: it seems {seems}.",
            exchange=last.number,
            at=first.at,
            evidence={"seconds": round(waited, 3)},
        )


def _is_short(exchange: Exchange) -> bool:
    """Return whether the reply was one line, or an empty list."""
    return exchange.body is None or exchange.body.octets == 0


def _has_read_such(last: Exchange, seen: Observed) -> bool:
    """Return whether the client went on behind an earlier reply of the same kind."""
    return any(
        one is not last
        and one.command.verb == last.command.verb
        and one.command.bare == last.command.bare
        and one.complete
        and _is_short(one)
        for one in seen.session.exchanges
    )


@rule(
    "quit-missing",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=1,
    basis="RFC 1939, section 6",
    on=On.FINISHED_EARLY,
    raises=(
        """
        -- login
        C: STAT
        S: +OK 0 0
        -- client closes
        """,
        """
        -- login
        C: DELE 1
        S: +OK
        C: RSET
        S: +OK
        -- client resets
        """,
    ),
    silent=(
        """
        -- login
        C: QUIT
        S: +OK
        -- client closes
        """,
        """
        C: CAPA
        S: -ERR no
        -- client closes
        """,
        """
        -- login
        C: STAT
        S: +OK 0 0
        -- server closes
        """,
    ),
)
def quit_missing(seen: Observed, _: Finished) -> Claims:
    """The client left without QUIT.

    Some servers keep the mailbox locked for minutes then, and what the client has read may not be
    marked as read.  No message had been marked as deleted, so no deletion was lost.

    To do: let the client end each session with QUIT.
    """
    first = seen.closed_by(CLIENT)
    if first is None or "QUIT" in seen.used or seen.unfinished or seen.maildrop.pending:
        return
    if seen.session.state is State.TRANSACTION:
        yield Claim(
            "The client left without QUIT: the mailbox may stay locked for minutes.",
            exchange=0,
            at=first.at,
        )
