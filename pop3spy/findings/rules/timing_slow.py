"""Replies that come late, and transfers that stop on their way."""

from pop3spy.findings.observed import CLIENT, SERVER, Observed, is_login
from pop3spy.findings.rule import Claim, Claims, On, Scope, rule
from pop3spy.findings.silence import Resumed
from pop3spy.findings.wording import asked, count, seconds
from pop3spy.protocol.frames import BodyEnd, BodyPart, Challenge, StatusLine
from pop3spy.session.finding import AtFault, Severity


@rule(
    "reply-slow",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.TIMING,
    rank=2,
    too_long=True,
    basis="practice",
    on=On.RESUMED,
    after="reply_slow",
    raises=(
        """
        -- login
        C: UIDL
        -- 25 s
        S: +OK / 1 a / .
        """,
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        -- 16 s
        S: +OK
        """,
    ),
    silent=(
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        -- 12 s
        S: +OK
        """,
        """
        -- login
        C: UIDL
        -- 5 s
        S: +OK / 1 a / .
        """,
        """
        C: AUTH CRAM-MD5
        S: + PDEuMkB4Pg==
        -- 30 s
        C: Ym9iIDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEy
        S: +OK
        """,
    ),
)
def reply_slow(seen: Observed, event: Resumed) -> Claims:
    """The server took long to begin its reply.

    The first STAT or UIDL of a large mailbox may have to read all of it.  A refused login is often
    answered late on purpose, against people who guess passwords.  Clients with a short timeout give
    up meanwhile.

    To do: look why the server is slow, and give the client a longer timeout.
    """
    exchange, frame = event.heard.exchange, event.heard.frame
    if exchange is None or not isinstance(frame, StatusLine | Challenge):
        return
    spoke = seen.last[CLIENT]
    if exchange.answered_at is not None and (spoke is None or spoke < event.since):
        return  # it was the client's turn
    limits = seen.thresholds
    limit = limits.login_slow if is_login(exchange) else limits.reply_slow
    if event.silence > limit:
        yield Claim(
            f"The server took {seconds(event.silence)} to answer {asked(exchange)}:"
            " look why it is slow, and give the client a longer timeout.",
            evidence={"seconds": round(event.silence, 3)},
        )


@rule(
    "transfer-stalled",
    Severity.WARNING,
    AtFault.NETWORK,
    Scope.TIMING,
    rank=2,
    too_long=True,
    basis="practice",
    on=On.RESUMED,
    after="stalled",
    raises="""
        -- login
        C: RETR 1
        S: +OK / A: b
        -- 45 s
        S: (blank) / x / .
    """,
    silent="""
        -- login
        C: RETR 1
        S: +OK / A: b
        -- 2 s
        S: (blank) / x / .
    """,
)
def transfer_stalled(_: Observed, event: Resumed) -> Claims:
    """The transfer of a reply stood still in its middle.

    A virus scanner in between, packets that are too large for some link, or a slow disk are the
    usual causes.  A client that does not read fast enough stops the server as well; which of them
    waited cannot be seen from here.

    To do: look at scanners and at the packet size (MTU) on the way, and at the load of both sides.
    """
    exchange, frame = event.heard.exchange, event.heard.frame
    if exchange is None or frame.side is not SERVER or not isinstance(frame, BodyPart | BodyEnd):
        return
    octets = exchange.body.octets if exchange.body is not None else 0
    yield Claim(
        f"The reply to {asked(exchange)} stood still for {seconds(event.silence)} behind"
        f" {count(octets, 'octet')}: look at scanners and the packet size on the way.",
        evidence={"seconds": round(event.silence, 3), "octets": octets},
    )
