"""Greetings that come late or never, and servers that hang up around them."""

from pop3spy.findings.observed import CLIENT, SERVER, TLS_PORT, Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.silence import Resumed, Silence
from pop3spy.findings.wording import asked, seconds
from pop3spy.session.events import Event, SideClosed
from pop3spy.session.finding import AtFault, Severity


@rule(
    "greeting-slow",
    Severity.WARNING,
    (AtFault.SERVER, AtFault.NETWORK),
    Scope.TIMING,
    rank=2,
    basis="practice",
    on=On.RESUMED,
    after="greeting_slow",
    raises="""
        -- no greeting
        -- 12 s
        S: +OK
    """,
    silent="""
        -- no greeting
        -- 4 s
        S: +OK
    """,
)
def greeting_slow(seen: Observed, event: Resumed) -> Claims:
    """The server's greeting came late.

    Many clients give up after half a minute, and a person sees a program that hangs.  The usual
    causes are a look-up of the client's name in a DNS that does not answer, an ident query, a delay
    on purpose against spammers, or a server with too much to do.  Through pop3spy the time that it
    took to reach the server counts as well.

    To do: look for slow DNS look-ups at the server, and give the client a longer timeout.
    """
    frame = event.heard.frame
    if frame.side is not SERVER or seen.last[CLIENT] is not None or event.since > seen.ready_at:
        return
    waited = event.until - seen.ready_at
    if waited > seen.thresholds.greeting_slow:
        yield Claim(
            f"The greeting came {seconds(waited)} after the client had connected:"
            " look for slow DNS look-ups at the server.",
            evidence={"seconds": round(waited, 3)},
        )


@rule(
    "greeting-missing",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.TIMING,
    rank=1,
    basis="RFC 1939, section 4",
    on=(On.SILENT, On.FINISHED_EARLY),
    after="greeting_missing",
    raises=(
        """
        -- no greeting
        -- 59 s
        -- client closes
        """,
        """
        -- no greeting
        -- 30 s
        -- server closes
        """,
        """
        -- no greeting
        -- 90 s
        """,
    ),
    silent=(
        """
        -- no greeting
        -- 3 s
        -- client closes
        """,
        """
        -- no greeting
        -- 40 s
        """,
    ),
)
def greeting_missing(seen: Observed, event: Event) -> Claims:
    """The server took the connection and never greeted.

    The server speaks first in POP3, so a client can only wait.  A port that expects TLS at once
    waits for the client in the same way, and so does a server that expects a PROXY header.

    To do: if this is a TLS port set the client to SSL/TLS; if the server expects a PROXY header
    switch that off; else let the server's operator look why it hangs.
    """
    if not _is_mute(seen):
        return
    limits = seen.thresholds
    if isinstance(event, Silence):
        waited = event.at - seen.ready_at
        yield _missing(f"no greeting within {seconds(waited)}", waited)
        return
    first, ending = seen.first_close, seen.session.ending
    if first is None or ending is None or ending.how.by is None:
        return
    waited = first.at - seen.ready_at
    if first.side is SERVER and waited > limits.hung_up:
        yield _missing(f"hung up {seconds(waited)} later without a greeting", waited)
    elif ending.unreached is not None:
        return  # nobody knows whether there was a server
    elif first.side is CLIENT and limits.greeting_awaited <= waited < limits.greeting_missing:
        yield _missing(f"never greeted, and the client closed after {seconds(waited)}", waited)


def _missing(what: str, waited: float) -> Claim:
    cure = "if this is a TLS port set the client to SSL/TLS, else look why it hangs"
    if what.startswith("no "):
        text = f"There was {what} of connecting: {cure}."
    else:
        text = f"The server took the connection and {what}: {cure}."
    return Claim(text, evidence={"seconds": round(waited, 3)})


def _is_mute(seen: Observed) -> bool:
    """Return whether neither side said a word, and the port is not known to wait for TLS."""
    session = seen.session
    if session.server.port == TLS_PORT and seen.clear:
        return False
    return session.greeting is None and not any(session.totals.octets.values())


@rule(
    "closed-before-greeting",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, section 4; practice",
    on=On.FINISHED_EARLY,
    beats=("greeting-missing",),
    raises=(
        """
        -- no greeting
        -- 0.1 s
        -- server closes
        """,
        """
        -- no greeting
        -- server resets
        """,
    ),
    silent=(
        """
        -- no greeting
        -- 0.1 s
        -- client closes
        """,
    ),
)
def closed_before_greeting(seen: Observed, event: Event) -> Claims:
    """The server took the connection and hung up at once, without a greeting.

    It shuts this client out: by a limit of connections, a list of blocked addresses, or a wrapper
    that allows only some hosts.  Some providers cut off clients that poll too often in this way.

    To do: poll less often, and ask the server's operator whether this client is blocked.
    """
    first = seen.closed_by(SERVER)
    session, ending = event.session, event.session.ending
    if first is None or ending is None or ending.how.by is None or session.greeting is not None:
        return
    waited = first.at - seen.ready_at
    if waited <= seen.thresholds.hung_up and not any(session.totals.octets.values()):
        yield Claim(
            f"The server took the connection and hung up after {seconds(waited)} without a"
            " greeting: it shuts this client out, so poll less often or ask its operator.",
            evidence={"seconds": round(waited, 3)},
        )


@rule(
    "closed-after-greeting",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.CONNECTION,
    rank=1,
    basis="RFC 1939, sections 3 and 4; practice",
    on=On.CLOSED_EARLY,
    beats=("reply-missing",),
    raises=(
        """
        C: USER bob
        -- 0.3 s
        -- server closes
        """,
        """
        -- no greeting
        S: +OK ready
        -- server closes
        """,
    ),
    silent=(
        """
        C: CAPA
        S: -ERR no
        -- server closes
        """,
        """
        -- no greeting
        S: +OK ready
        -- 0.3 s
        -- client closes
        -- server closes
        """,
    ),
)
def closed_after_greeting(seen: Observed, event: SideClosed) -> Claims:
    """The server greeted and hung up without answering anything.

    The greeting says that the service works, so the fault is at the server or at a filter before
    it: a limit of connections, throttling of clients that come too often, a mail scanner that
    failed.

    To do: look in the log of the server, or of the scanner or proxy before it.
    """
    session, greeted = event.session, seen.greeted_at
    first = seen.closed_by(SERVER)
    if first is None or first.at != event.at or greeted is None or not session.greeting:
        return
    if not session.greeting.ok or seen.last_answered is not None or session.parting is not None:
        return
    waiting = seen.unfinished
    if any(one.answered_at is not None or one.command.spec is None for one in waiting):
        return
    if "QUIT" in seen.used or event.at - greeted > seen.thresholds.hung_up:
        return
    what = f" without answering {asked(waiting[0])}" if waiting else ""
    yield Claim(
        f"The server greeted and hung up {seconds(event.at - greeted)} later{what}:"
        " look in its log, or in that of a filter before it.",
        exchange=waiting[0].number if waiting else 0,
        covers=tuple(one.number for one in waiting),
        evidence={"seconds": round(event.at - greeted, 3)},
    )
