"""Clients that ask for new mail inside one session, where POP3 never shows any."""

from typing import Final

from pop3spy.findings.dialogue import LOGIN
from pop3spy.findings.observed import Observed
from pop3spy.findings.rule import Claim, Claims, On, Scope, on, rule
from pop3spy.findings.wording import count, seconds
from pop3spy.protocol.states import State
from pop3spy.session.events import Answered, Moved
from pop3spy.session.finding import AtFault, Severity

_KEEPING: Final = ("NOOP", "STAT")


def _repeated(lines: str, times: int) -> str:
    return "\n".join([LOGIN, *[lines] * times])


@rule(
    "session-held-open",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.TIMING,
    rank=1,
    basis="RFC 1939, sections 4 and 8",
    beats=("stale-count",),
    raises=(
        _repeated("C: NOOP\nS: +OK\n-- 60 s", 20),
        _repeated("C: STAT\nS: +OK 2 22\n-- 60 s", 12),
        _repeated("C: NOOP\nS: +OK\n-- 60 s\nC: RETR 1\nS: +OK / A: b / (blank) / .", 1)
        + "\nC: NOOP\nS: +OK\n-- 60 s" * 20,
    ),
    silent=(
        _repeated("C: RETR 1\nS: +OK / A: b / (blank) / x / .\n-- 60 s", 20),
        _repeated("C: NOOP\nS: +OK\n-- 60 s", 9),
    ),
)
class SessionHeldOpen:
    """The client keeps the session open and does nothing in it but to ask whether it is there.

    New mail shows only in a new session.  Meanwhile the lock keeps all other clients of the mailbox
    out.

    To do: let the client QUIT, and log in again for each check.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen

    @on(On.MOVED)
    def moved(self, event: Moved) -> Claims:
        """Look again after a while what was said behind the login."""
        if event.after is State.TRANSACTION and self._seen.logged_in_at == event.at:
            self._later()
        return ()

    def _later(self) -> None:
        self._seen.after(self._seen.thresholds.held_open, self._check, *self._asked())

    def _asked(self) -> tuple[int, int]:
        """Return how many commands have kept the session open, and how many others there were."""
        used = self._seen.used
        keeping = sum(used.get(verb, 0) for verb in _KEEPING)
        return keeping, sum(used.values()) - keeping

    def _check(self, seen: Observed, before: int, others: int) -> Claims:
        if seen.session.state is not State.TRANSACTION or seen.session.closings:
            return
        keeping, now_others = self._asked()
        if keeping - before > 1 and now_others == others:
            held = seen.thresholds.held_open
            yield Claim(
                f"For {seconds(held)} the client has only sent NOOP or STAT, and kept the mailbox"
                " locked: POP3 shows new mail in a new session only, so let it QUIT and log in"
                " again.",
                exchange=0,
                evidence={"seconds": held, "commands": keeping - before},
            )
            return
        self._later()


@rule(
    "stale-count",
    Severity.INFO,
    AtFault.CLIENT,
    Scope.TIMING,
    rank=1,
    basis="RFC 1939, sections 4 and 8",
    raises=(
        _repeated("C: STAT\nS: +OK 2 22\n-- 60 s", 3),
        _repeated("C: LIST\nS: +OK / 1 11 / .\n-- 40 s", 3),
    ),
    silent=(
        _repeated("C: STAT\nS: +OK 2 22\n-- 60 s", 2),
        _repeated("C: STAT\nS: +OK 2 22", 5),
        _repeated("C: STAT\nS: +OK 2 22\n-- 60 s\nC: RETR 1\nS: +OK / A: b / (blank) / x / .", 4),
    ),
)
class StaleCount:
    """The client asks for new mail again and again inside one session.

    What a session shows was fixed when it logged in, so the answer is always the same.

    To do: let the client QUIT, and log in again for each check.
    """

    def __init__(self, seen: Observed) -> None:
        self._seen = seen
        self._first: dict[str, tuple[object, float]] = {}
        self._times: dict[str, int] = {}

    @on(On.ANSWERED, "STAT", "LIST", "UIDL")
    def answered(self, event: Answered) -> Claims:
        """Compare with what the same command was answered before."""
        exchange, body = event.exchange, event.exchange.body
        if not exchange.line.command.bare:
            return
        status, verb = exchange.status, exchange.command.verb
        if status is None or not status.ok or not exchange.complete:
            return
        said = (body.octets, body.head, body.tail) if body is not None else status.text
        maildrop, used = self._seen.maildrop, self._seen.used
        answer = said, maildrop.changes, used.get("RETR", 0)
        first, at = self._first.get(verb, (None, 0.0))
        if first != answer:
            self._first[verb], self._times[verb] = (answer, event.at), 1
            return
        self._times[verb] += 1
        limits = self._seen.thresholds
        if self._times[verb] >= limits.same_answers and event.at - at >= limits.same_spread:
            yield Claim(
                f"The client asked {verb} {count(self._times[verb], 'time')} in"
                f" {seconds(event.at - at)} and got the same answer: POP3 shows new mail in a new"
                " session only, so let it QUIT and log in again.",
                evidence={"times": self._times[verb], "seconds": round(event.at - at, 3)},
            )
