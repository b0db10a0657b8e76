"""Servers that hang up on a client that idles, or whatever it does."""

from typing import Final

from pop3spy.findings.observed import CLIENT, SERVER, Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.silence import Resumed
from pop3spy.findings.wording import asked, quoted, seconds
from pop3spy.protocol.frames import Junk
from pop3spy.protocol.states import State
from pop3spy.session.events import Finished, SideClosed
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.how import Closing

_LIMITS: Final = (30, 60, 90, 120, 180, 240, 300, 600, 900, 1200, 1800, 3600)
"""Ages in seconds at which servers are set to cut sessions."""
_SHUTDOWN: Final = ("[SYS/TEMP]", "SHUT", "RESTART", "MAINTENANCE")


def _is_shutdown(parting: str | None) -> bool:
    """Return whether a server's last words say that it stops."""
    return parting is not None and any(word in parting.upper() for word in _SHUTDOWN)


def _hung_up(seen: Observed) -> Closing | None:
    """Return the FIN of a server that hung up first, unasked, with nothing outstanding."""
    first = seen.closed_by(SERVER)
    if first is None or first.reset or seen.unfinished or "QUIT" in seen.used:
        return None
    return None if _is_shutdown(seen.session.parting) else first


@rule(
    "autologout-early",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.TIMING,
    rank=1,
    basis="RFC 1939, section 3",
    on=On.FINISHED_EARLY,
    beats=("reply-missing",),
    raises=(
        """
        -- login
        C: NOOP
        S: +OK
        -- 300 s
        -- server closes
        """,
        """
        -- login
        C: NOOP
        S: +OK
        -- 60 s
        -- server closes
        -- 240 s
        C: NOOP
        -- server resets
        """,
        """
        C: CAPA
        S: -ERR no
        -- 180 s
        -- server closes
        """,
    ),
    silent=(
        """
        -- login
        C: NOOP
        S: +OK
        -- 600 s
        -- server closes
        """,
        """
        -- login
        C: QUIT
        S: +OK
        -- 60 s
        -- server closes
        """,
        """
        -- login
        C: NOOP
        S: +OK
        -- 60 s
        S: -ERR [SYS/TEMP] Server shutting down
        -- server closes
        -- also parting-line
        """,
    ),
)
def autologout_early(seen: Observed, _: Finished) -> Claims:
    """The server hangs up on a client that idles for less than ten minutes.

    The standard wants at least ten minutes between two commands.  The client does not notice the
    close until it speaks again, and tells of a connection that was lost unexpectedly.  Before login
    servers may be quicker, and that is only told.

    To do: let the client send NOOP each minute or finish sooner, or raise the server's limit.
    """
    first, limits, before = _hung_up(seen), seen.thresholds, seen.last_answered
    since = (before.ended_at if before is not None else None) or seen.greeted_at
    if first is None or since is None:
        return
    idle = first.at - since
    if not limits.idle_shortest <= idle < limits.idle_standard:
        return
    after = seen.at_close.after if seen.at_close is not None else []
    late = f", and the client noticed {seconds(after[0][1] - first.at)} later" if after else ""
    yield Claim(
        f"The server hung up after {seconds(idle)} of idling (the standard says at least 600 s)"
        f"{late}: let the client send NOOP each minute.",
        severity=None if seen.logged_in else Severity.INFO,
        exchange=0,
        at=first.at,
        covers=tuple(line.number for line, _ in after),
        evidence={"seconds": round(idle, 3)},
    )


@rule(
    "session-time-limit",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.TIMING,
    rank=2,
    basis="RFC 1939, section 3; practice",
    on=On.FINISHED_EARLY,
    beats=("autologout-early", "reply-missing"),
    raises=(
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        -- 50 s
        C: RETR 2
        S: +OK / A: b / (blank) / x / .
        -- 10 s
        -- server closes
        """,
        """
        -- also session-time-limit
        -- login
        -- 50 s
        C: STAT
        S: +OK 2 22
        -- 10 s
        -- server closes
        -- session 1 h later
        -- login
        -- 50 s
        C: STAT
        S: +OK 2 22
        -- 10 s
        -- server closes
        """,
    ),
    silent="""
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x / .
        -- 58 s
        C: RETR 2
        S: +OK / A: b / (blank) / x / .
        -- 13.3 s
        -- server closes
    """,
)
def session_time_limit(seen: Observed, _: Finished) -> Claims:
    """The server cuts each session at a certain age, although the client is busy.

    Its timer, or that of a proxy before it, is not set back by commands.  Large mailboxes never
    come through whole, and messages that were marked as deleted stay.  A single session may end at
    such an age by chance.

    To do: raise that limit at the server or proxy, or fetch less in one session.
    """
    first, before = _hung_up(seen), seen.last_answered
    if first is None or not seen.logged_in or before is None or before.ended_at is None:
        return
    if first.at - before.ended_at >= seen.thresholds.idle_shortest:
        return
    for start in (seen.greeted_at, seen.logged_in_at):
        age = first.at - start if start is not None else 0.0
        limit = min(_LIMITS, key=lambda one: abs(one - age))
        if abs(limit - age) <= 1:
            again = any(abs(one - age) <= 1 for one in seen.server.ages)
            yield Claim(
                f"The server {'cuts' if again else 'seems to cut'} every session after"
                f" {seconds(limit)}, for it did so {seconds(first.at - before.ended_at)} behind its"
                f" last reply{', as once before' if again else ''}:"
                " raise that limit, or fetch less in one session.",
                exchange=0,
                at=first.at,
                evidence={"seconds": round(age, 3), "again": again},
            )
            return


@rule(
    "autologout-text",
    Severity.INFO,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, section 3",
    beats=("parting-line",),
    raises="""
        -- login
        C: NOOP
        S: +OK
        -- 600 s
        S: -ERR Disconnected for inactivity.
        -- server closes
    """,
    silent="""
        -- login
        C: NOOP
        S: +OK
        -- 600 s
        -- server closes
    """,
)
class AutologoutText:
    """When a client has idled for too long, the server says so before it hangs up.

    The standard wants it to close without a word.  A client may take the line for the answer to its
    next command.

    To do: nothing, unless a client is confused by it.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._said: tuple[Junk, float, float] | None = None

    @on(On.RESUMED, after="idle_shortest")
    def resumed(self, event: Resumed) -> Claims:
        """Keep what the server says unasked behind a silence."""
        frame = event.heard.frame
        greeted = self._seen.greeted_at is not None
        if isinstance(frame, Junk) and greeted and event.heard.exchange is None:
            self._said = frame, event.at, event.silence
        return ()

    @on(On.CLOSED)
    def closed(self, event: SideClosed) -> Claims:
        """Judge whether it was the server's last line."""
        if self._said is None or self._seen.closed_by(SERVER) is None:
            return
        line, at, silence = self._said
        self._said = None
        in_time = event.at - at <= self._seen.thresholds.parting
        if in_time and not _is_shutdown(self._seen.session.parting):
            yield Claim(
                f"After {seconds(silence)} of silence the server said {quoted(line)} and hung up;"
                " a client may take that for the answer to its next command.",
                at=at,
                evidence={"seconds": round(silence, 3)},
            )


@rule(
    "idle-connection-dead",
    Severity.INFO,
    AtFault.NETWORK,
    Scope.TIMING,
    rank=2,
    basis="practice",
    beats=("reply-missing",),
    raises="""
        -- login
        C: NOOP
        S: +OK
        -- 400 s
        C: RETR 1
        -- server resets
    """,
    silent="""
        -- login
        C: NOOP
        S: +OK
        -- 630 s
        -- server closes
        -- 60 s
        C: RETR 1
        -- server resets
        -- also reply-missing
    """,
)
class IdleConnectionDead:
    """The connection died while nobody spoke, and neither side closed it.

    Firewalls and address translators forget connections that are silent for some minutes.  The next
    command then meets a reset.

    To do: let the client send NOOP each minute, or end the session and log in again when needed.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._spoke: tuple[int, float] | None = None

    @on(On.RESUMED, after="idle_dead")
    def resumed(self, event: Resumed) -> Claims:
        """Keep which command broke a silence."""
        frame = event.heard.frame
        speaks = frame.side is CLIENT and not self._seen.session.closings
        self._spoke = (frame.number, event.silence) if speaks and frame.number else None
        return ()

    @on(On.CLOSED_EARLY)
    def closed(self, event: SideClosed) -> Claims:
        """Judge whether that command met a reset."""
        first, seen = self._seen.closed_by(SERVER), self._seen
        if self._spoke is None or first is None or not first.reset or first.at != event.at:
            return
        number, silence = self._spoke
        waiting = [one for one in seen.unfinished if one.number == number]
        if waiting and not waiting[0].answered and seen.session.state is not State.GREETING:
            yield Claim(
                f"The connection died in {seconds(silence)} of silence, and nobody had closed it:"
                f" {asked(waiting[0])} met a reset; let the client send NOOP each minute.",
                exchange=number,
                covers=tuple(one.number for one in seen.unfinished),
                evidence={"seconds": round(silence, 3)},
            )
