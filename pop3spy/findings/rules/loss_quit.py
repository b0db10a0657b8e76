"""What becomes of marked messages when the session ends, as QUIT alone removes them."""

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.wording import count, quoted, seconds
from pop3spy.protocol.frames import Side
from pop3spy.protocol.states import State
from pop3spy.session.events import Answered, Finished, SideClosed
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange

_CAUSES = ("autologout-early", "session-time-limit")
"""Findings that say why a server hung up."""


@rule(
    "disconnect-with-deletes",
    Severity.WARNING,
    (AtFault.CLIENT, AtFault.SERVER, AtFault.NETWORK),
    Scope.CONNECTION,
    rank=1,
    basis="RFC 1939, section 6",
    on=On.FINISHED_EARLY,
    beats=("quit-missing",),
    raises=(
        """
        -- login
        C: DELE 1
        S: +OK
        -- client closes
        """,
        """
        -- login
        C: DELE 1
        S: +OK
        -- server closes
        """,
        """
        -- login
        C: DELE 1
        S: +OK
        C: RSET
        S: +OK
        C: DELE 2
        S: +OK
        -- client closes
        """,
        """
        -- login
        C: DELE 1
        S: +OK
        -- server closes
        -- 5 s
        C: QUIT
        -- client closes
        -- also reply-missing
        """,
    ),
    silent=(
        """
        -- login
        C: DELE 1
        S: +OK
        """,
        """
        -- login
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK
        -- client closes
        """,
    ),
)
def disconnect_with_deletes(seen: Observed, _: Finished) -> Claims:
    """The connection ended without QUIT while messages were marked for deletion.

    A server removes marked messages when it answers QUIT, and only then.  If the connection ends
    in any other way it must keep them all, and the client finds them again next time: what looks
    like deleted mail that comes back is this.

    To do: let the client end with QUIT and wait for the answer; if the connection broke, look for
    what broke it: a time limit, a crash, a router that forgets idle connections.
    """
    marked = seen.maildrop.pending
    if not marked or _said_quit(seen):
        return
    who, fault = _who_closed(seen)
    why = next((f" (see {name})" for name in _CAUSES if seen.has_raised(name)), "")
    them = count(marked, "marked message")
    yield Claim(
        f"{who} before QUIT{why}, so the server has to keep {them} and the mail will come again.",
        exchange=0,
        fault=fault,
        evidence={"marked": marked},
    )


@rule(
    "quit-unanswered",
    Severity.WARNING,
    (AtFault.SERVER, AtFault.NETWORK),
    Scope.CONNECTION,
    rank=1,
    basis="RFC 1939, section 6",
    on=(On.CLOSED_EARLY, On.FINISHED_EARLY),
    beats=("reply-missing", "client-gave-up"),
    raises=(
        """
        -- login
        C: DELE 1
        S: +OK
        C: QUIT
        -- server closes
        """,
        """
        -- login
        C: DELE 1
        S: +OK
        C: QUIT
        -- server resets
        """,
        """
        -- login
        C: DELE 1
        S: +OK
        C: QUIT
        -- client closes
        """,
        """
        -- login
        C: DELE 1
        S: +OK
        C: QUIT
        -- 60 s
        -- client closes
        """,
        """
        -- login
        C: QUIT
        -- server closes
        """,
    ),
    silent=(
        """
        -- login
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK
        -- server closes
        """,
        """
        -- login
        C: DELE 1
        S: +OK
        C: QUIT
        """,
        """
        C: QUIT
        -- client closes
        """,
        """
        -- login
        C: TOP 1 0
        S: +OK / -ERR cannot read
        C: QUIT
        S: +OK
        -- server closes
        -- also error-inside-body
        """,
    ),
)
def quit_unanswered(seen: Observed, event: SideClosed | Finished) -> Claims:
    """QUIT got no answer, so nobody knows whether the marked messages were removed.

    The answer to QUIT says that the deletions were carried out.  Without it the client may find
    the mail again next time, or may not; a client that saves its list of known messages only
    after that answer downloads them twice.

    To do: compare the unique-ids of the next session; look in the server's log for that moment,
    and let the client remember a message as soon as it has stored it.
    """
    closings = seen.session.closings
    by_server = bool(closings) and closings[0].side is Side.SERVER
    at_once = isinstance(event, SideClosed) and len(closings) == 1
    quitting = _unanswered_quit(seen)
    if quitting is None or at_once is not by_server:  # behind its close no server answers
        return
    marked = seen.maildrop.pending
    who, fault = _who_did_not_answer(seen, quitting)
    if marked:
        verb = "was" if marked == 1 else "were"
        yield Claim(
            f"QUIT got no answer{who}, so nobody knows whether {count(marked, 'marked message')}"
            f" {verb} removed.",
            exchange=_place(quitting, seen),
            fault=fault,
            covers=(quitting.number,),
            evidence={"marked": marked},
        )
    elif quitting.state_before is State.TRANSACTION:
        yield Claim(
            f"QUIT got no answer{who}; nothing was marked for deletion, so nothing is lost.",
            exchange=_place(quitting, seen),
            severity=Severity.INFO,
            fault=fault,
            covers=(quitting.number,),
            evidence={"marked": 0},
        )


@rule(
    "quit-error",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1939, section 6",
    on=On.ANSWERED,
    verbs=("QUIT",),
    raises=(
        """
        -- login
        C: DELE 1
        S: +OK
        C: QUIT
        S: -ERR some deleted messages not removed
        """,
        """
        -- login
        C: QUIT
        S: -ERR disk full
        """,
    ),
    silent=(
        """
        -- login
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK some messages left
        """,
        """
        C: QUIT
        S: -ERR who are you
        """,
    ),
)
def quit_error(seen: Observed, event: Answered) -> Claims:
    """The server answered QUIT with -ERR: it did not remove all marked messages.

    Clients seldom look at that answer.  The messages stay, and come again.

    To do: look in the server's log for what kept it from removing them, such as a full disk, a
    quota or the permissions of the mailbox.
    """
    exchange = event.exchange
    status = exchange.status
    if status is None or status.ok or exchange.state_before is not State.TRANSACTION:
        return
    marked = seen.maildrop.pending
    text = f"The server refused QUIT with {quoted(status)}"
    if marked:
        them = "the marked message" if marked == 1 else f"all of {marked:,} marked messages"
        text = f"The server could not remove {them}: {quoted(status)}"
    yield Claim(f"{text}; what stays will be downloaded again.", evidence={"marked": marked})


@rule(
    "deletes-undone",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, section 5",
    on=On.ANSWERED,
    verbs=("QUIT",),
    raises="""
        -- login
        C: DELE 1
        S: +OK
        C: RSET
        S: +OK
        C: QUIT
        S: +OK
    """,
    silent=(
        """
        -- login
        C: RSET
        S: +OK
        C: QUIT
        S: +OK
        """,
        """
        -- login
        C: DELE 1
        S: +OK
        C: RSET
        S: +OK
        C: DELE 1
        S: +OK
        C: QUIT
        S: +OK
        """,
    ),
)
def deletes_undone(seen: Observed, event: Answered) -> Claims:
    """The client took its deletions back with RSET before it said QUIT.

    The messages stay in the maildrop.  A client does so when it gives up in the middle of its
    work and wants to lose nothing.

    To do: nothing, if the client reported an error in that session; else find out why it resets.
    """
    left = len(seen.maildrop.undone - seen.maildrop.deleted.keys())
    if left and event.exchange.status is not None:
        stay = "the message stays" if left == 1 else "the messages stay"
        yield Claim(
            f"The client took {count(left, 'deletion')} back with RSET: {stay} on the server.",
            evidence={"undone": left},
        )


def _said_quit(seen: Observed) -> bool:
    """Return whether the client said QUIT before anybody closed."""
    return seen.at_close.quit if seen.at_close is not None else "QUIT" in seen.used


def _unanswered_quit(seen: Observed) -> Exchange | None:
    """Return a QUIT that got no answer, not even one that is no status line."""
    if not _said_quit(seen) or any(one.status is not None for one in seen.unfinished):
        return None  # or a body has no end, in which the answer may stand
    exchanges = seen.session.exchanges
    last = next((one for one in reversed(exchanges) if one.command.verb == "QUIT"), None)
    return last if last is not None and not last.answered and not last.kept else None


def _who_did_not_answer(seen: Observed, quitting: Exchange) -> tuple[str, tuple[AtFault, ...]]:
    """Return why QUIT got no answer, in words that follow that, and whose fault that may be."""
    server = AtFault.SERVER, AtFault.NETWORK
    first = seen.first_close
    if first is None:
        return "", server
    if first.side is Side.SERVER:
        return ": the server " + ("reset the connection" if first.reset else "hung up"), server
    waited = first.at - quitting.asked_at
    if waited < seen.thresholds.gave_up:
        return ": the client did not wait for it", (AtFault.CLIENT,)
    return f" in {seconds(waited)}", server


def _place(exchange: Exchange, seen: Observed) -> int:
    """Return its number; 0 where pop3spy ended the session, so that nobody is blamed for that."""
    return 0 if seen.ended_by_us else exchange.number


def _who_closed(seen: Observed) -> tuple[str, tuple[AtFault, ...]]:
    """Return who closed, in words, and whose fault that may be."""
    first = seen.first_close
    if first is None:
        return "The connection broke off", (AtFault.NETWORK,)
    client = first.side is Side.CLIENT
    who = "The client" if client else "The server"
    fault = AtFault.CLIENT if client else AtFault.SERVER
    if first.reset:
        return f"{who} reset the connection", (fault, AtFault.NETWORK)
    return f"{who} closed the connection", (fault,)
