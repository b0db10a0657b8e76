"""Messages that are marked for deletion before they have arrived."""

from itertools import islice
from typing import Final

from pop3spy.findings.earlier import had_before
from pop3spy.findings.observed import Observed, message_of
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.protocol.frames import CommandLine
from pop3spy.session.events import Heard
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange

_AHEAD: Final = 1000
"""Commands said ahead that are looked at."""


@rule(
    "dele-before-retr-complete",
    Severity.WARNING,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 2449, section 6.6; RFC 1939, section 8",
    on=On.COMMAND,
    verbs=("DELE",),
    raises=(
        """
        -- login
        C: CAPA
        S: +OK / PIPELINING / .
        C: RETR 1
        C| DELE 1
        S: +OK / A: b / (blank) / x / . / +OK
        """,
        """
        -- login
        C: CAPA
        S: +OK / PIPELINING / .
        C: RETR 1
        S< +OK\\r\\nA: b\\r\\n\\r\\nhalf of a
        C: DELE 1
        S: line / . / +OK
        """,
    ),
    silent=(
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: DELE 1
        S: +OK
        """,
        """
        -- login
        C: CAPA
        S: +OK / PIPELINING / .
        C: RETR 1
        C| DELE 2
        S: +OK / A: b / (blank) / x / . / +OK
        """,
        """
        -- login
        C: CAPA
        S: +OK / PIPELINING / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: RETR 1
        C| DELE 1
        S: +OK / A: b / (blank) / x / . / +OK
        """,
    ),
)
def dele_before_retr_complete(seen: Observed, event: Heard) -> Claims:
    """The client marks a message for deletion before all of it has arrived.

    Commands may be sent ahead, so this is allowed.  It is safe only if the client waits with QUIT
    until every message is stored: QUIT removes what is marked.

    To do: let the client send DELE when it has stored the message, or at least QUIT after all of
    them are stored.
    """
    frame, exchange = event.frame, event.exchange
    if not isinstance(frame, CommandLine) or not frame.pipelined or exchange is None:
        return
    number = message_of(exchange)
    if number is None or number in seen.maildrop.retrieved:
        return
    waiting = reversed(seen.session.outstanding.values())
    for retrieval in islice(waiting, _AHEAD):
        if retrieval.command.verb != "RETR" or message_of(retrieval) != number:
            continue
        if _cannot_be_there(retrieval) and not had_before(seen, number):
            yield Claim(
                f"The client marked message {number} for deletion before it had all of it: that is"
                " safe only if QUIT waits until the message is stored.",
                evidence={"message": number, "retr": retrieval.number},
            )
        return


@rule(
    "pipelined-retr-dele-quit",
    Severity.ERROR,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, sections 6 and 8",
    on=On.COMMAND,
    verbs=("QUIT",),
    beats=("dele-before-retr-complete",),
    raises=(
        """
        -- login
        C: CAPA
        S: +OK / PIPELINING / .
        C: RETR 1
        C| DELE 1
        C| QUIT
        S: +OK / A: b / (blank) / x / . / +OK / +OK
        """,
        """
        -- login
        C: CAPA
        S: +OK / PIPELINING / .
        C: RETR 1
        C| DELE 1
        C| RETR 2
        C| DELE 2
        C| QUIT
        S: +OK / A: b / (blank) / x / . / +OK / +OK / A: b / (blank) / x / . / +OK / +OK
        """,
    ),
    silent="""
        -- login
        C: CAPA
        S: +OK / PIPELINING / .
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        C: DELE 1
        C| QUIT
        S: +OK / +OK
    """,
)
def pipelined_retr_dele_quit(seen: Observed, _: Heard) -> Claims:
    """The client orders the deletion of a message for good before it can know that it arrived.

    RETR, DELE and QUIT went out together.  The server carries all three out even if the connection
    breaks while the message is on its way; then the message is lost on both sides.

    To do: let the client send QUIT after it has stored all messages that it marks.
    """
    if seen.used.get("QUIT") != 1:  # only the first ends the session
        return
    retrievals: dict[int, Exchange] = {}
    early: dict[int, tuple[int, int]] = {}
    for exchange in seen.session.outstanding.values():
        verb = exchange.command.verb
        number = message_of(exchange) if verb in ("RETR", "DELE") else None
        if number is None:
            continue
        if verb == "RETR" and _cannot_be_there(exchange):
            retrievals[number] = exchange
        elif verb == "DELE" and number in retrievals and number not in seen.maildrop.retrieved:
            early.setdefault(number, (retrievals[number].number, exchange.number))
    marks = list(early.values())
    for number, (retr, dele) in early.items():
        more = f" and {len(early) - 1:,} more" if len(early) > 1 else ""
        yield Claim(
            f"The client ordered the deletion of message {number}{more} with QUIT before it could"
            " know that it arrived: if the connection breaks now, mail is lost.",
            exchange=dele,
            covers=(marks[0][1], marks[-1][1]),
            evidence={"messages": len(early), "message": number, "retr": retr},
        )


def _cannot_be_there(retrieval: Exchange) -> bool:
    """Return whether it is certain that the client does not have the whole message.

    Where the body stands at the end of a line, the server may have left out the lone dot, and the
    client may have counted octets.
    """
    if retrieval.status is None:
        return not retrieval.answered
    return retrieval.body is not None and not retrieval.body.at_line_start
