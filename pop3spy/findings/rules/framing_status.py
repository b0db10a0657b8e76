"""Status lines that are not what they should be."""

import re
from collections.abc import Iterator
from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.unasked_lines import cut_message, line_shown
from pop3spy.protocol.commands import Shape
from pop3spy.protocol.frames import Junk
from pop3spy.protocol.why import Why
from pop3spy.session.events import Finished, Heard
from pop3spy.session.finding import AtFault, Severity
from pop3spy.session.model import Exchange

_LOWER: Final = re.compile(rb"(?:\+OK|-ERR)(?![0-9A-Za-z])", re.IGNORECASE)
_SPACED: Final = re.compile(rb"[+-] (?:OK|ERR)", re.IGNORECASE)
_REFUSES: Final = re.compile(rb"(?:\+ ?ERR|ERR|- ?OK)(?:OR)?(?![0-9A-Za-z])", re.IGNORECASE)
_AGREES: Final = re.compile(rb"OK(?![0-9A-Za-z])", re.IGNORECASE)
_LONGEST: Final = 512
"""Octets of a status line with its CRLF (RFC 1939, section 3; RFC 2449, section 4)."""
_MASK: Final = 8
_MOST_WAITING: Final = 100


@rule(
    "status-lowercase",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.LINE,
    rank=2,
    basis="RFC 1939, section 3",
    on=On.ODD_STATUS,
    raises=(
        """
        C: NOOP
        S: +ok
        """,
        """
        -- login
        C: RETR 7
        S: -Err no such message
        """,
        "S: +Ok ready",
    ),
    silent="""
        -- login
        C: NOOP
        S: +OK ok
    """,
)
def status_lowercase(_: Observed, event: Heard) -> Claims:
    """The server does not write its status in capital letters.

    The standard wants +OK and -ERR in upper case.  Clients that compare exactly take anything else
    for a broken reply and give up.

    To do: correct the server, or the proxy that rewrites its lines.
    """
    found = _LOWER.match(event.frame.raw)
    if found is not None and not found[0].isupper():
        said = found[0].decode("ascii")
        yield Claim(f"The server writes {said} in place of {said.upper()}; strict clients fail.")


@rule(
    "status-space-after-plus",
    Severity.INFO,
    AtFault.SERVER,
    Scope.LINE,
    rank=3,
    basis="RFC 1939, section 3",
    on=On.ODD_STATUS,
    raises="""
        C: NOOP
        S: + OK
    """,
    silent="""
        C: AUTH CRAM-MD5
        S: + OKAY
    """,
)
def status_space_after_plus(_: Observed, event: Heard) -> Claims:
    """The server puts a blank between the sign of its status and the word.

    The examples of RFC 1082 are printed so, and no later standard allows it.  Most clients read the
    line as a question of SASL, or as no reply at all.

    To do: correct the server.
    """
    if found := _SPACED.match(event.frame.raw):
        said = found[0].decode("ascii")
        yield Claim(f"The server writes '{said}': most clients will read that as a SASL challenge.")


@rule(
    "status-line-too-long",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.LINE,
    rank=2,
    basis="RFC 1939, section 3; RFC 2449, section 4",
    on=On.ODD_STATUS,
    raises="S: +OK {x*600}",
    silent=(
        """
        C: AUTH GSSAPI
        S: + {x*900}
        """,
        """
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / {x*600} / .
        """,
    ),
)
def status_line_too_long(_: Observed, event: Heard) -> Claims:
    """A status line of the server is longer than the standard allows.

    It has at most 512 octets with its line end.  Clients with a buffer of that size cut the rest
    off, or take it for the next line.

    To do: shorten the greeting, or whatever text the server adds to its replies.
    """
    frame = event.frame
    octets = len(frame.raw) - _MASK * len(frame.masks)  # what is hidden may be nothing
    if octets > _LONGEST:
        yield Claim(
            f"The server's status line has {octets:,} octets where {_LONGEST} are the limit:"
            " clients may cut it.",
            evidence={"octets": octets},
        )


@rule(
    "status-malformed",
    Severity.ERROR,
    AtFault.SERVER,
    Scope.LINE,
    rank=1,
    basis="RFC 1939, section 3; RFC 2449, section 3",
    raises=(
        """
        -- login
        C: STAT
        S: 2 320
        -- 3 s
        """,
        """
        C: USER bob
        S: +OK
        C: PASS tanstaaf
        S: +ERR bad password
        """,
        """
        C: CAPA
        S: +OK / PIPELINING / .
        -- login
        C: NOOP
        C| STAT
        S: warning: slow disk / +OK / +OK 2 320
        """,
        """
        -- login
        C: NOOP
        S: (blank) / +OK
        """,
        "S: this is the banner / +OK ready",
    ),
    silent=(
        """
        -- login
        C: FROB
        S: +OK yes / a / b / .
        """,
        """
        -- login
        C: FROB
        S: +OK yes
        C: NOOP
        S: a / b / +OK
        """,
    ),
)
class StatusMalformed:
    """A line came where a reply was due, and it is none.

    Each reply begins with +OK or -ERR.  Debug output, the banner of a proxy, an empty line or a
    misspelt status is what clients stop at: they report an unexpected reply, or take the next line
    for the answer to another command.

    To do: take debug output, proxy banners and wrong status words out of what the server says.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._waiting: dict[int, tuple[Junk, float]] = {}

    @on(On.JUNK)
    def stray(self, event: Heard) -> Claims:
        """Take in a line; a misspelt status is plain at once, of others the next line tells."""
        frame = event.frame
        if not isinstance(frame, Junk) or frame.settles or not self._is_due(frame):
            return
        if cut_message(self._seen, event) is not None:
            return
        if _REFUSES.match(frame.raw):
            yield self._claim(frame, event.at, "meant as a refusal")
        elif _AGREES.match(frame.raw):
            yield self._claim(frame, event.at, "meant as +OK")
        elif frame.number not in self._waiting and len(self._waiting) < _MOST_WAITING:
            self._waiting[frame.number] = frame, event.at
            self._seen.after(self._seen.thresholds.stray, self._decide, frame.number)

    @on(On.FINISHED)
    def over(self, _: Finished) -> Claims:
        """Tell of what still waits."""
        for number in list(self._waiting):
            yield from self._decide(self._seen, number)

    def _is_due(self, frame: Junk) -> bool:
        """Return whether the line stands where a reply is due, and is nothing else for certain."""
        if frame.why is Why.BANNER:
            return True
        if frame.why is not Why.NO_STATUS:
            return False
        before = self._seen.last_answered
        unknown = before is not None and before.command.shape is Shape.UNKNOWN
        return not (unknown and before is not None and before.ok)

    def _decide(self, seen: Observed, number: int) -> Iterator[Claim]:
        waited = self._waiting.pop(number, None)
        if waited is None:
            return
        frame, at = waited
        if self._replied_at(seen, number) <= at + seen.thresholds.stray:
            yield self._claim(frame, at, "before the reply")
        else:
            yield self._claim(frame, at, "in place of the reply")

    @staticmethod
    def _replied_at(seen: Observed, number: int) -> float:
        if not number:
            return float("inf") if seen.greeted_at is None else seen.greeted_at
        exchange: Exchange | None = next(
            (one for one in reversed(seen.session.exchanges) if one.number == number), None
        )
        if exchange is None or exchange.status is None or exchange.answered_at is None:
            return float("inf")
        return exchange.answered_at

    def _claim(self, frame: Junk, at: float, what: str) -> Claim:
        return Claim(
            f"The server's {line_shown(self._seen, frame)} is not a POP3 reply ({what}), and"
            " clients stop there.",
            exchange=frame.number,
            at=at,
            evidence={"role": what},
        )
