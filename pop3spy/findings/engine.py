"""Asks the rules about each event of a session, and publishes what they find.

What holds for every finding is decided in this package and in no rule:

1. A session that was joined in its middle has no beginning: rules that need one are not asked.
2. Behind lost octets only single lines are judged.
3. Where nothing can be read, only rules that need no reading are asked.
4. What follows from something that pop3spy did itself is nobody's fault.
5. On this machine alone, what passes without TLS is no more than an info.
6. A finding is raised once a session, and counted from then on.
7. What a more specific finding explains is not raised, or is marked as explained.
8. A rule that fails is told of once and left out of the session; the others go on.
9. Where a person types, or the server is ours, what is tried out there is nobody's fault.

``asking`` holds to 1, 2, 3 and 8, ``raising`` to 4, 5, 6, 7 and 9.
"""

from collections.abc import Callable, Collection, Mapping

from pop3spy.findings.dispatch import Dispatch
from pop3spy.findings.history import History
from pop3spy.findings.judged import JudgedSession
from pop3spy.findings.observed import Observed
from pop3spy.findings.precedence import Precedence
from pop3spy.findings.rule import Rule
from pop3spy.findings.thresholds import Thresholds
from pop3spy.session.bus import Reader
from pop3spy.session.events import Told
from pop3spy.session.finding import AtFault
from pop3spy.session.model import Session

Complaint = Callable[[Rule, Exception], None]
"""Told of a rule that failed."""


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
        self._spared = frozenset(spared)
        self._publish = publish
        self._complain = complain
        self._thresholds = thresholds or Thresholds()
        self._history = history or History()
        self._epoch = epoch
        self._dispatch = Dispatch(rules.values(), self._thresholds)
        self._precedence = Precedence(rules)
        self._open: dict[int, JudgedSession] = {}
        self._failed: set[str] = set()

    def __call__(self, session: Session) -> Reader:
        """Return what judges *session*."""
        observed = Observed(session, self._thresholds, self._history, self._epoch)
        observed.hosted = AtFault.SERVER in self._spared
        judged = self._open[session.id] = JudgedSession(
            observed,
            self._dispatch,
            self._precedence,
            self._failed_rule,
            self._publish,
            self._spared,
            self._forget,
        )
        return judged.read

    def tick(self, now: float) -> None:
        """Let it be *now*, though nothing was said."""
        for judged in list(self._open.values()):
            judged.pass_time(now)

    def pass_time(self, session: int, now: float) -> None:
        """Let it be *now* in the session of that number, before something happens there."""
        judged = self._open.get(session)
        if judged is not None and judged.due <= now:
            judged.pass_time(now)

    @property
    def open(self) -> int:
        """How many sessions are open."""
        return len(self._open)

    def _forget(self, session: Session) -> None:
        """Let go of a session that is over."""
        self._open.pop(session.id, None)

    def _failed_rule(self, rule: Rule, error: Exception) -> None:
        """Tell of a rule that failed, the first time that it does."""
        if rule.id not in self._failed:
            self._failed.add(rule.id)
            self._complain(rule, error)
