"""Lines that do not end in CR and LF, and octets that have no place in a line."""

import re
from typing import Final

from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.protocol.frames import Frame, Side
from pop3spy.session.events import Answered, Heard
from pop3spy.session.finding import AtFault, Severity

_BARE_LF: Final = re.compile(rb"(?<!\r)\n")
_LISTINGS: Final = ("LIST", "UIDL", "CAPA")


def _ends_bare(raw: bytes) -> bool:
    return raw.endswith(b"\n") and not raw.endswith(b"\r\n")


@rule(
    "bare-lf-command",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.LINE,
    rank=2,
    basis="RFC 1939, section 3",
    on=(On.ODD_COMMAND, On.SASL),
    raises=(
        r"""
        -- login
        C< STAT\n
        S: +OK 0 0
        """,
        r"""
        C: AUTH LOGIN
        S: + VXNlcm5hbWU6
        C< Ym9i\n
        S: + UGFzc3dvcmQ6
        C: dGFuc3RhYWY=
        S: +OK
        """,
    ),
    silent="""
        -- login
        C: STAT
        S: +OK 0 0
    """,
)
def bare_lf_command(_: Observed, event: Heard) -> Claims:
    """The client ends its lines with LF alone.

    Each command ends in CR and LF.  Many servers take LF, so nobody notices; strict ones wait for
    the CR for ever, or refuse the command.

    To do: let the client end each line with CRLF.
    """
    if _ends_bare(event.frame.raw):
        yield Claim("The client ends a line with LF alone: strict servers will hang or refuse it.")


@rule(
    "bare-lf-response",
    Severity.WARNING,
    AtFault.SERVER,
    Scope.LINE,
    rank=2,
    basis="RFC 1939, section 3",
    raises=(
        r"""
        -- login
        C: LIST
        S< +OK\n1 11\n.\n
        """,
        r"""
        -- login
        C: LIST
        S< +OK\r\n1 11\n.\r\n
        """,
        r"""
        -- login
        C: RETR 1
        S< +OK\r\nA: b\r\n\r\nx\r\n.\n
        """,
        r"S< +OK ready\n",
    ),
    silent=(
        r"""
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / x\ny / .
        -- also message-bare-eol
        """,
    ),
)
class BareLfResponse:
    """The server ends lines of its replies with LF alone.

    Status lines, listings and the lone dot end in CR and LF.  Clients that look for both never see
    the end of such a reply, and wait until they give up.

    To do: correct the line ends of the server, often those of a script or a proxy in text mode.
    """

    def __init__(self, _: Observed) -> None:
        self._told = -1

    @on(On.ODD_STATUS)
    def status(self, event: Heard) -> Claims:
        """Judge a status line."""
        yield from self._judged(event, "a status line")

    @on(On.BODY_END)
    def terminator(self, event: Heard) -> Claims:
        """Judge the lone dot."""
        if event.frame.side is Side.SERVER:
            yield from self._judged(event, "the lone dot that ends a reply")

    def _judged(self, event: Heard, what: str) -> Claims:
        if _ends_bare(event.frame.raw):
            yield from self._claim(event.frame.number, what)

    @on(On.ANSWERED, *_LISTINGS)
    def listing(self, event: Answered) -> Claims:
        """Judge the lines of a listing: its first octets and its last, as they are alike.

        What stands before the first of the last ones is not known.
        """
        body = event.exchange.body
        if body is not None and (_BARE_LF.search(body.head) or _BARE_LF.search(body.tail, 1)):
            yield from self._claim(event.exchange.number, "a line of a listing")

    def _claim(self, number: int, what: str) -> Claims:
        if self._told != number:
            self._told = number
            yield Claim(
                f"The server ends {what} with LF alone: some clients never see the end of the"
                " reply.",
                exchange=number,
            )


@rule(
    "nul-in-line",
    Severity.ERROR,
    (AtFault.CLIENT, AtFault.SERVER),
    Scope.LINE,
    rank=3,
    basis="RFC 1939, section 3",
    beats=("listing-malformed",),
    raises=(
        r"""
        -- login
        C: TOP 1 0\0
        S: +OK / A: b / (blank) / x / .
        """,
        r"""
        C: NOOP
        S: +OK fine\0
        """,
        r"""
        -- login
        C: LIST
        S: +OK / 1 11\0 / .
        """,
    ),
    silent=(
        r"""
        -- login
        C: RETR 1
        S: +OK / A: b / (blank) / a\0b / .
        -- also nul-in-message
        """,
    ),
)
class NulInLine:
    """A line of the protocol has an octet that is zero.

    Commands and replies are printable ASCII.  A zero comes from memory that was never filled, from
    text in UTF-16, or from another protocol; many programs take it for the end of the line.

    To do: correct the side that sent the line.
    """

    def __init__(self, _: Observed) -> None:
        pass

    @on(On.ODD_COMMAND)
    def command(self, event: Heard) -> Claims:
        """Judge a line of the client."""
        yield from self._judged(event.frame, AtFault.CLIENT)

    @on(On.ODD_STATUS)
    def status(self, event: Heard) -> Claims:
        """Judge a status line."""
        yield from self._judged(event.frame, AtFault.SERVER)

    @on(On.ANSWERED, *_LISTINGS)
    def listing(self, event: Answered) -> Claims:
        """Judge the lines of a listing."""
        body = event.exchange.body
        if body is not None and any(b"\0" in part for part in body.listed or (body.head,)):
            yield self._claim(AtFault.SERVER)

    def _judged(self, frame: Frame, fault: AtFault) -> Claims:
        if b"\0" in frame.raw or frame.facts.get("nul") is True:
            yield self._claim(fault)

    @staticmethod
    def _claim(fault: AtFault) -> Claim:
        text = f"A line of the {fault.value} holds a NUL octet, where only printable text may stand"
        return Claim(f"{text}.", fault=(fault,))
