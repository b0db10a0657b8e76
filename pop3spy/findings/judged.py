"""One session as it is judged: what happens is observed, then rules are asked, each at its time."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Any, Final

from pop3spy.findings import watching
from pop3spy.findings.asking import Asking, Check
from pop3spy.findings.dispatch import EARLY, Dispatch, Way, Ways
from pop3spy.findings.observed import Observed
from pop3spy.findings.plain_lines import is_plain_command, is_plain_status
from pop3spy.findings.precedence import Precedence
from pop3spy.findings.raising import Raising
from pop3spy.findings.remembering import Remembering
from pop3spy.findings.rule import On, Rule
from pop3spy.findings.silence import Resumed, Silence, longest_silence
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
from pop3spy.session.events import (
    Answered,
    Blinded,
    Clogged,
    Ended,
    Event,
    Finished,
    Glimpsed,
    Heard,
    Intervened,
    Moved,
    Named,
    Opened,
    Placed,
    Secured,
    SideClosed,
    Told,
    Unanswered,
)
from pop3spy.session.finding import AtFault
from pop3spy.session.model import Exchange, Session

_MOST_LATER: Final = 1000
"""Checks that a session may have waiting, or fall due at once; what is more is not asked."""
_Args = tuple[Any, ...]


class JudgedSession:
    """Reads the events of what is *observed*; *dispatch* knows whom to ask, *precedence* who wins.

    *failed* is told of a rule that fails, *publish* gets what is raised; see ``Raising`` for who is
    *spared*.  *over* is given the session when it is.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what all sessions share
        self,
        observed: Observed,
        dispatch: Dispatch,
        precedence: Precedence,
        failed: Callable[[Rule, Exception], None],
        publish: Callable[[Told], None],
        spared: frozenset[AtFault],
        over: Callable[[Session], None],
    ) -> None:
        self._over = over
        self._observed = observed
        self._session = observed.session
        self._ways = dispatch.ways
        self._pauses = dispatch.pauses
        self._shortest_pause = dispatch.shortest_pause
        self._silences = dispatch.silences
        self._first_silence = self._silences[0].after if self._silences else inf
        self._remembering = Remembering(observed, observed.history)
        self._asking = Asking(observed, failed)
        self._raising = Raising(observed, precedence, publish, spared)
        self._later: list[tuple[float, int, Way, Check, _Args]] = []
        self._numbers = count()
        self._on_answer: dict[int, list[tuple[Way, Check, _Args]]] = {}
        self._silent = 0  # how many silences have been told since anybody spoke
        self._due = observed.spoken_at + self._first_silence  # when somebody has to be asked next
        observed.bind(self._wait, self._wait_for_answer)

    def ended(self, event: Ended) -> None:
        """Let go of what leads back here, so that nobody has to collect it."""
        self._over(event.session)
        self._observed.unbind()

    @property
    def due(self) -> float:
        """When somebody has to be asked next, if nothing is said before."""
        return self._due

    # -- time -----------------------------------------------------------------------------------

    def pass_time(self, now: float) -> None:
        """Ask whatever becomes due up to *now*, each at its own time.

        A rule that looks again and again is not asked for ever where a clock leaps.
        """
        checked = 0
        while self._due <= now:
            at = self._observed.now = self._due
            if self._later and self._later[0][0] == at:
                checked += 1
                if checked > _MOST_LATER:
                    self._later.clear()
                    self._find_due()
                    continue
                _, _, way, check, args = heappop(self._later)
                self._find_due()  # first: what is raised comes here as an event
                found = self._asking.check(way, check, args, None)
                if found:
                    self._raising.raise_all(found, at)
            else:
                way = self._silences[self._silent]
                self._silent += 1
                self._find_due()
                silence = Silence(self._session, at, self._observed.spoken_at)
                self._ask((way,), silence, at, None)

    def _find_due(self) -> None:
        due = self._later[0][0] if self._later else inf
        if self._silent < len(self._silences):
            due = min(due, self._observed.spoken_at + self._silences[self._silent].after)
        self._due = due

    def _wait(self, at: float, check: Check, args: _Args) -> None:
        if self._asking.way is not None and len(self._later) < _MOST_LATER:
            heappush(self._later, (at, next(self._numbers), self._asking.way, check, args))
            self._due = min(self._due, at)

    def _wait_for_answer(self, number: int, check: Check, args: _Args) -> None:
        if self._asking.way is not None and len(self._on_answer) < _MOST_LATER:
            self._on_answer.setdefault(number, []).append((self._asking.way, check, args))

    # -- events ---------------------------------------------------------------------------------

    def read(self, event: Event) -> None:
        """Take in *event*, and ask whoever is concerned."""
        kind = type(event)
        if kind is Blinded:  # what is lost may have come at any time before
            watch(self._observed, event)
        at = event.at
        if self._due <= at:
            self.pass_time(at)
        self._observed.now = at
        tell = _TOLD.get(kind)
        if tell is not None:
            tell(self, event)

    def _ask(self, ways: Ways, event: Event, at: float, exchange: Exchange | None) -> None:
        if ways and (found := self._asking.about(ways, event, exchange)):
            self._raising.raise_all(found, at)

    def heard(self, event: Heard) -> None:
        """Take in a frame."""
        observed, frame, at = self._observed, event.frame, event.at
        watching.heard(observed, event)
        self._silent = 0
        due = at + self._first_silence
        self._due = min(due, self._later[0][0]) if self._later else due
        if at - observed.spoken_before >= self._shortest_pause:
            self._resumed(event)
        exchange = event.exchange
        asked = self._about(frame, exchange)
        if asked:
            self._ask(asked, event, at, exchange)

    def _about(self, frame: Frame, exchange: Exchange | None) -> Ways:
        """Return who is asked about a frame."""
        kind, ways = type(frame), self._ways
        verb = exchange.line.command.verb if exchange is not None else ""
        if kind is StatusLine:
            asked = ways[On.STATUS if exchange is not None else On.GREETING][verb]
            if frame.masks or not is_plain_status(frame.raw):
                asked += ways[On.ODD_STATUS][verb]
            return asked
        if isinstance(frame, CommandLine):
            asked = ways[On.COMMAND][verb]
            if not is_plain_command(frame.raw):
                asked += ways[On.ODD_COMMAND][verb]
            if frame.pipelined:
                asked += ways[On.AHEAD][verb]
            return asked
        if kind is BodyPart or (kind is Opaque and self._observed.goes_on):
            return ()  # there are many, and a body is judged when it has ended
        return ways[_FRAMES[kind]][verb]

    def _resumed(self, event: Heard) -> None:
        """Ask about the silence that *event* ended."""
        since, until = longest_silence(event, self._observed.spoken_before)
        asked = tuple(way for way in self._pauses if way.after <= until - since)
        resumed = Resumed(self._session, event.at, since, until, event)
        self._ask(asked, resumed, event.at, event.exchange)

    def answered(self, event: Answered) -> None:
        """Take in a reply that has ended."""
        observed, exchange, at = self._observed, event.exchange, event.at
        watching.answered(observed, event)
        if exchange.original is not None:  # what was done is told behind this
            self._raising.own.touch(exchange)
        verb = exchange.line.command.verb
        asked = self._ways[On.ANSWERED][verb]
        if exchange.ok is False:
            asked += self._ways[On.REFUSED][verb]
        if asked:
            self._ask(asked, event, at, exchange)
        if self._on_answer:
            for way, check, args in self._on_answer.pop(exchange.number, ()):
                found = self._asking.check(way, check, (exchange, *args), exchange)
                if found:
                    self._raising.raise_all(found, at)
        if not exchange.kept:
            self._remembering.answered(exchange, at)
        if observed.scans:
            observed.scans.pop(exchange.line.number, None)

    def unanswered(self, event: Unanswered) -> None:
        """Take in that no reply comes."""
        watch(self._observed, event)
        exchange = event.exchange
        if exchange.original is not None:
            self._raising.own.touch(exchange)
        asked = self._ways[On.UNANSWERED][exchange.command.verb]
        self._ask(asked, event, event.at, exchange)

    def intervened(self, event: Intervened) -> None:
        """Take in what a gate did."""
        self._raising.own.learn(event)
        self._ask(self._ways[On.INTERVENED].others, event, event.at, event.exchange)

    def finished(self, event: Finished) -> None:
        """Take in that all was said."""
        self._raising.own.end(event.ending)
        self.happened(event)

    def happened(self, event: Event) -> None:
        """Take in anything else."""
        watch(self._observed, event)
        if (kind := _KINDS.get(type(event))) is not None:
            if kind in EARLY and not self._observed.parted:
                kind = EARLY[kind]
            self._ask(self._ways[kind].others, event, event.at, None)
        self._remembering.learn(event)


_FRAMES: Final[dict[type[Frame], On]] = {
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
    Clogged: On.CLOGGED,
    SideClosed: On.CLOSED,
    Finished: On.FINISHED,
}
_HAPPENS: Final = (
    *(Opened, Moved, Placed, Secured, Glimpsed, Clogged, SideClosed, Blinded, Named),
)
_TOLD: Final[dict[type[Event], Callable[[JudgedSession, Any], None]]] = {
    Heard: JudgedSession.heard,
    Answered: JudgedSession.answered,
    Unanswered: JudgedSession.unanswered,
    Intervened: JudgedSession.intervened,
    Finished: JudgedSession.finished,
    Ended: JudgedSession.ended,
    **dict.fromkeys(_HAPPENS, JudgedSession.happened),
}
