"""Commands that cost more than they need to, or that nobody has any more."""

from typing import Final

from pop3spy.findings.dialogue import LOGIN
from pop3spy.findings.logins import lists_mechanisms
from pop3spy.findings.observed import Observed, message_of
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import asked
from pop3spy.session.events import Answered, Finished
from pop3spy.session.finding import AtFault, Severity

_LEFT: Final = "C: QUIT\nS: +OK\n-- server closes"
_MESSAGE: Final = "S: +OK / A: b / (blank) / x / ."


def _session(*lines: str) -> str:
    return "\n".join([LOGIN, *lines, _LEFT])


@rule(
    "per-message-listing",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=2,
    basis="RFC 1939, sections 5 and 7",
    on=On.FINISHED,
    raises=(
        _session(
            "C: STAT\nS: +OK 12 120",
            *(f"C: UIDL {one}\nS: +OK {one} id{one}" for one in range(1, 13)),
        ),
        _session(
            "C: STAT\nS: +OK 12 120",
            *(f"C: LIST {one}\nS: +OK {one} 10" for one in range(1, 13)),
        ),
    ),
    silent=(
        _session(
            "C: STAT\nS: +OK 200 2000",
            *(f"C: UIDL {one}\nS: +OK {one} id{one}" for one in range(100, 112)),
        ),
        _session(
            "C: CAPA\nS: +OK / PIPELINING / UIDL / TOP / .",
            "C: STAT\nS: +OK 12 120",
            "C: " + " / ".join(f"UIDL {one}" for one in range(1, 13)),
            "S: " + " / ".join(f"+OK {one} id{one}" for one in range(1, 13)),
        ),
    ),
)
def per_message_listing(seen: Observed, _: Finished) -> Claims:
    """The client asks for each message alone what one command lists for all.

    Each question costs a round trip, so a large mailbox takes minutes where it could take a second.

    To do: let the client send LIST or UIDL without a number.
    """
    maildrop, session = seen.maildrop, seen.session
    messages = maildrop.count
    for verb, told in (("UIDL", maildrop.single_ids), ("LIST", maildrop.single_sizes)):
        times = maildrop.asked.get(verb, 0)
        if times < seen.thresholds.listed_alone or messages is None or 2 * len(told) < messages:
            continue
        ahead = sum(one.line.pipelined and one.command.verb == verb for one in session.exchanges)
        if 2 * ahead < min(times, len(session.exchanges)):
            yield Claim(
                f"The client sent {verb} {times} times, each for one message, where one {verb}"
                " lists all of them: let it ask without a number.",
                exchange=0,
                evidence={"verb": verb, "times": times},
            )
            return


@rule(
    "top-then-retr",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.CONNECTION,
    rank=2,
    basis="practice",
    raises=_session(
        *(
            f"C: TOP {n} 0\nS: +OK / A: b / (blank) / .\nC: RETR {n}\n{_MESSAGE}"
            for n in range(1, 6)
        ),
    ),
    silent=(
        _session(
            *(f"C: TOP {one} 0\nS: +OK / A: b / (blank) / ." for one in range(1, 20)),
            f"C: RETR 7\n{_MESSAGE}",
        ),
        _session(*(f"C: RETR {one}\n{_MESSAGE}" for one in range(1, 8))),
    ),
)
class TopThenRetr:
    """The client downloads headers with TOP and then the same messages with RETR.

    The headers pass twice, and each message costs one more round trip.  A client that decides by
    the headers what to retrieve has a reason for that.

    To do: nothing if filters need the headers first; else let the client retrieve at once.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._both: set[int] = set()

    @on(On.ANSWERED, "RETR")
    def retrieved(self, event: Answered) -> Claims:
        """Count the messages of which TOP was asked before."""
        previewed = self._seen.maildrop.previewed
        if not previewed:
            return ()
        number = message_of(event.exchange)
        if event.exchange.ok and number is not None and number in previewed:
            self._both.add(number)
        return ()

    @on(On.FINISHED)
    def finished(self, _: Finished) -> Claims:
        """Judge whether that was a habit."""
        both, retrieved = len(self._both), len(self._seen.maildrop.retrieved)
        if both >= self._seen.thresholds.previewed and 10 * both >= 8 * retrieved:
            yield Claim(
                f"The client downloaded the headers of {both} messages twice, by TOP and by RETR.",
                exchange=0,
                evidence={"messages": both},
            )


@rule(
    "obsolete-probe",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.EXCHANGE,
    rank=2,
    basis="RFC 1725; RFC 1460",
    on=On.REFUSED,
    verbs=(
        *("LAST", "XSENDER", "RPOP", "AUTH", "XTND", "XTND BBOARDS", "XTND ARCHIVE"),
        *("XTND X-BBOARDS", "XTND XLST", "XTND XMIT"),
    ),
    beats=("login-failed",),
    raises=(
        """
        -- login
        C: LAST
        S: -ERR Unknown command: LAST
        """,
        """
        C: AUTH
        S: -ERR no
        """,
    ),
    silent=(
        """
        -- login
        C: LAST
        S: +OK 3
        """,
        """
        -- also login-failed
        C: AUTH CRAM-MD5
        S: -ERR no
        """,
    ),
)
def obsolete_probe(_: Observed, event: Answered) -> Claims:
    """The client tries a command that POP3 no longer has, or that few servers ever had.

    It is a question and no mistake: the client goes on without it.  In logs it looks like an error
    each time.

    To do: nothing; with fetchmail the option uidl avoids LAST.
    """
    exchange = event.exchange
    if exchange.command.verb == "AUTH" and not lists_mechanisms(exchange):
        return
    yield Claim(f"The client tried the obsolete {asked(exchange).rstrip()}, which is harmless.")
