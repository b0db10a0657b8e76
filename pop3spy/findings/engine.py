"""Asks the rules about each event of a session, and publishes what they find.

What holds for every finding is decided here and in no rule:

1. A session that was joined in its middle has no beginning: rules that need one are not asked.
2. Behind lost octets only single lines are judged.
3. Where nothing can be read, only rules that need no reading are asked.
4. What follows from something that pop3spy did itself is nobody's fault.
5. On this machine alone, what passes without TLS is no more than an info.
6. A finding is raised once a session, and counted from then on.
7. What a more specific finding explains is not raised, or is marked as explained.
8. A rule that fails is told of once and left out of the session; the others go on.
9. Where a person types, or the server is ours, what is tried out there is nobody's fault.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Any, Final

from pop3spy.findings.dispatch import Dispatch, Instances, Way, Ways
from pop3spy.findings.history import History
from pop3spy.findings.observed import Observed
from pop3spy.findings.own_deeds import OwnDeeds
from pop3spy.findings.plain_lines import is_plain_command, is_plain_status
from pop3spy.findings.precedence import Candidate, Precedence
from pop3spy.findings.remembering import Remembering
from pop3spy.findings.rule import Claim, On, Rule, Scope
from pop3spy.findings.silence import Resumed, Silence, longest_silence
from pop3spy.findings.thresholds import Thresholds
from pop3spy.findings.watching import watch
from pop3spy.protocol.frames import (
    BodyEnd,
    BodyPart,
    Challenge,
    CommandLine,
    Frame,
    Junk,
    Opaque,
    SaslLine,
    StatusLine,
)
from pop3spy.session.bus import Reader
from pop3spy.session.events import (
    Answered,
    Ended,
    Event,
    Finished,
    Glimpsed,
    Heard,
    Intervened,
    Moved,
    Opened,
    Raised,
    Secured,
    SideClosed,
    Told,
    Unanswered,
)
from pop3spy.session.finding import AtFault, Finding, SeenAt, Severity
from pop3spy.session.model import Exchange, Session

Complaint = Callable[[Rule, Exception], None]
"""Told of a rule that failed."""
_MOST_LATER: Final = 1000
"""Checks that a session may have waiting; what is more is not asked."""


class Findings:
    """A subscriber that judges every session by *rules*, and publishes what it finds.

    It has to subscribe before all that show findings.  *history* is what is known of earlier
    sessions, *epoch* when the clock of the events was at zero, in seconds since 1970.  ``tick``
    lets time pass where nothing is said.  Of what only those *spared* would have to change, nothing
    is raised.
    """

    def __init__(  # noqa: PLR0913 - what there is to know
        self,
        publish: Callable[[Told], None],
        rules: Mapping[str, Rule],
        complain: Complaint,
        *,
        thresholds: Thresholds | None = None,
        history: History | None = None,
        epoch: float = 0.0,
        spared: Collection[AtFault] = (),
    ) -> None:
        self.spared = frozenset(spared)
        self._publish = publish
        self._complain = complain
        self._limits = thresholds or Thresholds()
        self._history = history or History()
        self._epoch = epoch
        self.dispatch = Dispatch(rules.values())
        self.precedence = Precedence(rules)
        self._open: dict[int, _Judged] = {}
        self._failed: set[str] = set()

    def __call__(self, session: Session) -> Reader:
        """Return what judges *session*."""
        observed = Observed(session, self._limits, self._history, self._epoch)
        remembering = Remembering(observed, self._history)
        judged = self._open[session.id] = _Judged(observed, remembering, self)
        return partial(self._read, judged)

    def tick(self, now: float) -> None:
        """Let it be *now*, though nothing was said."""
        for judged in list(self._open.values()):
            judged.pass_time(now)

    def pass_time(self, session: int, now: float) -> None:
        """Let it be *now* in the session of that number, before something happens there."""
        if (judged := self._open.get(session)) is not None:
            judged.pass_time(now)

    @property
    def open(self) -> int:
        """How many sessions are open."""
        return len(self._open)

    def _read(self, judged: "_Judged", event: Event) -> None:
        judged.read(event)
        if isinstance(event, Ended):
            self._open.pop(event.session.id, None)

    def failed(self, rule: Rule, error: Exception) -> None:
        """Tell of a *rule* that failed, the first time that it does."""
        if rule.id not in self._failed:
            self._failed.add(rule.id)
            self._complain(rule, error)

    def raised(self, event: Raised) -> None:
        """Let everybody know of a finding."""
        self._publish(event)


class _Judged:
    """One session, with what was found in it."""

    def __init__(self, observed: Observed, remembering: Remembering, findings: Findings) -> None:
        self._observed = observed
        self._remembering = remembering
        self._session = observed.session
        self._findings = findings
        self._ways = findings.dispatch.ways
        self._instances = Instances(observed)
        self._own = OwnDeeds(typed=self._session.typed, spared=findings.spared)
        self._by_id: dict[str, Finding] = {}
        self._left_out: set[str] = set()
        self._later: list[tuple[float, int, Way, Callable[..., Any], tuple[Any, ...]]] = []
        self._numbers = count()
        self._on_answer: dict[int, list[tuple[Way, Callable[..., Any], tuple[Any, ...]]]] = {}
        self._asking: Way | None = None
        self._silences = findings.dispatch.silences
        self._shortest_pause = findings.dispatch.shortest_pause
        self._silent = 0  # how many of them have been asked since anybody spoke
        observed._later = self._wait  # noqa: SLF001 - they are made for each other
        observed._when_answered = self._wait_for_answer  # noqa: SLF001

    # -- time -----------------------------------------------------------------------------------

    def pass_time(self, now: float) -> None:
        """Ask whatever becomes due up to *now*, each at its own time."""
        while (at := self._next_due()) is not None and at <= now:
            self._observed.now = at
            if self._later and self._later[0][0] == at:
                _, _, way, check, args = heappop(self._later)
                self._ask_all((way,), None, at, None, partial(check, self._observed, *args))
            else:
                way = self._silences[self._silent]
                self._silent += 1
                silence = Silence(self._session, at, self._observed.spoken_at)
                self._ask_all((way,), silence, at, None)
        self._observed.now = max(self._observed.now, now)

    def _next_due(self) -> float | None:
        due = self._later[0][0] if self._later else None
        if self._silent < len(self._silences):
            silent = self._observed.spoken_at + self._silences[self._silent].after
            due = silent if due is None else min(due, silent)
        return due

    def _wait(self, at: float, check: Callable[..., Any], args: tuple[Any, ...]) -> None:
        if self._asking is not None and len(self._later) < _MOST_LATER:
            heappush(self._later, (at, next(self._numbers), self._asking, check, args))

    def _wait_for_answer(
        self, number: int, check: Callable[..., Any], args: tuple[Any, ...]
    ) -> None:
        if self._asking is not None and len(self._on_answer) < _MOST_LATER:
            self._on_answer.setdefault(number, []).append((self._asking, check, args))

    # -- events ---------------------------------------------------------------------------------

    def read(self, event: Event) -> None:
        """Take in *event*, and ask whoever is concerned."""
        at = event.at
        due = self._next_due()
        if due is not None and due <= at:
            self.pass_time(at)
        observed = self._observed
        observed.now = at
        before = observed.spoken_at
        watch(observed, event)
        match event:
            case Heard():
                self._silent = 0
                self._heard(event, before)
            case Answered():
                self._answered(event)
            case Unanswered(exchange=exchange):
                self._ask_all(self._ways(On.UNANSWERED, exchange.command.verb), event, at, exchange)
            case Intervened():
                self._own.learn(event)
                self._ask_all(self._ways(On.INTERVENED), event, at, event.exchange)
            case Ended() | Raised():
                pass
            case _ if (kind := _KINDS.get(type(event))) is not None:
                if isinstance(event, Finished):
                    self._own.end(event.ending)
                self._ask_all(self._ways(kind), event, at, None)
        self._remembering.learn(event)
        if isinstance(event, Answered):
            observed.scans.pop(event.exchange.number, None)

    def _resumed(self, event: Heard, before: float) -> None:
        since, until = longest_silence(event, before)
        pauses = self._findings.dispatch.pauses
        asked = tuple(way for way in pauses if way.after <= until - since)
        resumed = Resumed(self._session, event.at, since, until, event)
        self._ask_all(asked, resumed, event.at, event.exchange)

    def _heard(self, event: Heard, before: float) -> None:
        """Ask about a frame; somebody spoke last at *before*."""
        if event.at - before >= self._shortest_pause:
            self._resumed(event, before)
        frame, exchange = event.frame, event.exchange
        verb = exchange.command.verb if exchange else ""
        kind = _FRAMES[type(frame)]
        if kind is None:
            return
        if kind is On.STATUS and exchange is None:
            kind = On.GREETING
        asked = self._ways(kind, verb)
        if kind is On.COMMAND:
            if not is_plain_command(frame.raw):
                asked += self._ways(On.ODD_COMMAND, verb)
            if isinstance(frame, CommandLine) and frame.pipelined:
                asked += self._ways(On.AHEAD, verb)
        elif isinstance(frame, StatusLine) and (frame.masks or not is_plain_status(frame.raw)):
            asked += self._ways(On.ODD_STATUS, verb)
        if asked:
            self._ask_all(asked, event, event.at, exchange)

    def _answered(self, event: Answered) -> None:
        exchange = event.exchange
        verb = exchange.command.verb
        asked = self._ways(On.ANSWERED, verb)
        if exchange.ok is False:
            asked += self._ways(On.REFUSED, verb)
        self._ask_all(asked, event, event.at, exchange)
        if self._on_answer:
            for way, check, args in self._on_answer.pop(exchange.number, ()):
                due = partial(check, self._observed, exchange, *args)
                self._ask_all((way,), None, event.at, exchange, due)

    # -- asking ---------------------------------------------------------------------------------

    def _ask_all(
        self,
        ways: Ways,
        event: Event | None,
        at: float,
        exchange: Exchange | None,
        check: Callable[[], Any] | None = None,
    ) -> None:
        candidates: list[Candidate] = []
        for way in ways:
            rule = way.rule
            if rule.id in self._left_out or not self._may_be_asked(rule):
                continue
            self._asking = way
            try:
                claims = self._instances.ask(way, event) if check is None else check()
                candidates += self._placed(rule, claims, exchange)
            except Exception as error:  # noqa: BLE001 - a rule that fails must not stop the others
                self._left_out.add(rule.id)
                self._findings.failed(rule, error)
            finally:
                self._asking = None
        if candidates:
            self._raise(candidates, at)

    def _may_be_asked(self, rule: Rule) -> bool:
        observed = self._observed
        if observed.joined and rule.needs_start:
            return False
        if observed.lost and rule.scope is not Scope.LINE:
            return False
        return not observed.opaque or rule.opaque_too

    @staticmethod
    def _placed(
        rule: Rule, claims: Iterable[Claim], exchange: Exchange | None
    ) -> Iterable[Candidate]:
        for claim in claims:
            place = claim.exchange
            if place is None:
                place = exchange.number if exchange else 0
            yield rule, claim, place or None

    def _raise(self, candidates: list[Candidate], at: float) -> None:
        """Raise what is left of *candidates* when the specific ones have beaten the general."""
        precedence, raised = self._findings.precedence, self._session.findings
        for candidate in precedence.survivors(candidates):
            rule, claim, place = candidate
            if self._own.explains(rule, place) or precedence.is_beaten(candidate, raised):
                continue
            severity, fault = self._severity(rule, claim), claim.fault or rule.fault
            if self._own.spares(rule, severity, fault):
                continue
            when = at if claim.at is None else claim.at
            for general in precedence.explained(candidate, raised):
                general.explain(rule.id, place)
            if (known := self._by_id.get(rule.id)) is not None:
                known.seen_again(place, when)
                continue
            finding = Finding(
                rule.id,
                severity,
                fault,
                claim.text,
                rule.remedy if claim.remedy is None else claim.remedy,
                when,
                place,
                claim.evidence,
                places=[SeenAt(place, when)],
                last=place,
            )
            self._keep(finding, at)

    def _severity(self, rule: Rule, claim: Claim) -> Severity:
        severity = claim.severity or rule.severity
        return Severity.INFO if rule.about_clear and self._observed.local else severity

    def _keep(self, finding: Finding, at: float) -> None:
        self._by_id[finding.id] = finding
        exchange = self._session.keep(finding)
        self._findings.raised(Raised(self._session, at, finding, exchange))


_FRAMES: Final[dict[type[Frame], On | None]] = {
    BodyPart: None,  # there are many, and a body is judged when it has ended
    CommandLine: On.COMMAND,
    StatusLine: On.STATUS,
    BodyEnd: On.BODY_END,
    SaslLine: On.SASL,
    Challenge: On.CHALLENGE,
    Junk: On.JUNK,
    Opaque: On.OPAQUE,
}
_KINDS: Final[dict[type[Event], On]] = {
    Opened: On.OPENED,
    Moved: On.MOVED,
    Secured: On.SECURED,
    Glimpsed: On.GLIMPSED,
    SideClosed: On.CLOSED,
    Finished: On.FINISHED,
}
