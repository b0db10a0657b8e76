"""Plays a recorded client against a live server: says what comes next, and judges the replies.

Rules: 1. nothing that changes the live maildrop or sends mail is said unless that was allowed;
2. what is left out is told, and is no difference; 3. nothing is asked behind a login that failed;
4. a line without a status is taken for the reply only where the recorded client did so.
"""

from collections import deque
from dataclasses import replace

from pop3spy.protocol.commands import line_of
from pop3spy.protocol.frames import BodyEnd, Challenge, Frame, Junk, StatusLine
from pop3spy.protocol.states import Effect, State
from pop3spy.protocol.why import Why
from pop3spy.replay.chosen_login import LoginWay, ways_to_play
from pop3spy.replay.credentials import Credentials
from pop3spy.replay.difference import Difference, differences
from pop3spy.replay.kept_messages import KeptMessages
from pop3spy.replay.login_methods import ways_offered_in
from pop3spy.replay.numbers import By, Numbers, pair_up
from pop3spy.replay.outcome import ExchangeReader, Outcome, outcome_of_greeting
from pop3spy.replay.pending_reply import PendingReply
from pop3spy.replay.play_options import LeftOut, Played, PlayOptions, Say
from pop3spy.replay.recorded_maildrop import RecordedMaildrop, message_of, names_message
from pop3spy.replay.relogin import UnfillableError
from pop3spy.replay.script import Script, Step
from pop3spy.session.model import Session


class ClientPlayer:
    """Plays one script once, on a connection on which nobody else speaks.

    Call ``next``, send what it gives and call ``sent``; with each frame of the server call
    ``hear``, until it is ``done``.  Raise ConfigError if *credentials* are not enough.
    """

    def __init__(
        self,
        script: Script,
        credentials: Credentials | None = None,
        options: PlayOptions | None = None,
    ) -> None:
        self._options = options or PlayOptions()
        self._maildrop = RecordedMaildrop(script)
        given, host = credentials or Credentials(), self._options.host
        self._ways = ways_to_play(script, self._options.auth, given, host)
        self._decided = len(self._ways) == 1
        self._begin(self._ways[0])
        self._session: Session | None = None
        self._pending: deque[PendingReply] = deque()
        self._answer = b""  # the next line inside AUTH
        self._numbers = Numbers() if self._options.by is By.NUMBER else None
        self._greeted = False
        self._banner = False  # a line came before the greeting
        self._kept_messages = KeptMessages()
        self._compared = 0
        self._differences: list[Difference] = []

    def _begin(self, way: LoginWay) -> None:
        """Play the script as *way* has it; of none has anything been said."""
        self._way, self._script, self._relogin = way, way.script, way.relogin
        self._steps = deque(way.script.steps)
        self._left_out = [
            LeftOut(step.outcome.number, step.outcome.shown, f"--auth logs in with {way.name}")
            for step in way.lost
        ]

    @property
    def done(self) -> bool:
        """Whether there is nothing more to say or to hear."""
        return self._greeted and not (self._steps or self._pending or self._answer)

    @property
    def may_go_on(self) -> bool:
        """Whether only lines without a status came, and the recorded client took such for a reply.

        Unless more comes soon, ``go_on``.
        """
        if not self._greeted:
            return self._banner and self._script.welcome.odd
        return bool(self._pending) and self._pending[0].odd_again

    @property
    def unanswered(self) -> int:
        """How many commands have no reply yet, the one that ``next`` gave last among them."""
        return len(self._pending)

    @property
    def played(self) -> Played:
        """What it came to."""
        return Played(self._compared, tuple(self._differences), tuple(self._left_out))

    # -- what is said ---------------------------------------------------------------------------

    def next(self) -> Say | None:
        """Return what to send; None while something must be heard first, or when it is done."""
        if not self._greeted:
            return None
        if self._answer:
            data, self._answer = self._answer, b""
            return Say(data)
        if not self._decided:
            return self._ask(b"CAPA\r\n") if not self._pending else None
        while self._steps and not self._must_wait():
            step = self._steps[0]
            if self._numbers is None and step.state is State.TRANSACTION:
                listing = b"UIDL\r\n" if self._options.by is By.UID else b"LIST\r\n"
                return self._ask(listing) if not self._pending else None
            self._steps.popleft()
            if line := self._line(step):
                return self._say(step, line)
        return None

    def _must_wait(self) -> bool:
        if not self._pending:
            return False
        step = self._pending[-1].step
        return not self._options.timed or step is None or step.command.turn is not None

    def _say(self, step: Step, line: bytes) -> Say:
        self._pending.append(PendingReply(step))
        pace = self._options.pace
        if self._options.timed:
            return Say(line, due=pace.pause(step.at))
        return Say(line, pause=pace.pause(step.pause))

    def _ask(self, line: bytes) -> Say:
        """Ask, on our own behalf, what the server offers or which messages there are."""
        self._pending.append(PendingReply(None))
        return Say(line)

    def sent(self, session: Session) -> None:
        """Learn that what ``next`` gave last was sent in *session*.

        If that was a command, it is the newest exchange; there is none if nothing is paired there.
        """
        self._session = session
        newest = next(reversed(session.outstanding.values()), None)
        if newest and self._pending and self._pending[-1].reply is None:
            self._pending[-1].reply = ExchangeReader(newest)

    def _line(self, step: Step) -> bytes:
        """Return what to send for a step; nothing if it is left out."""
        if why := self._options.forbids(step):
            if step.command.verb == "DELE" and step.outcome.ok:
                self._kept_messages.keep(message_of(step.command))
            return self._leave_out(step, why)
        try:
            line = self._relogin.line(step)
        except UnfillableError as error:
            if self._script.logs_in(step):
                return self._stop(step, str(error))
            return self._leave_out(step, str(error))
        return self._renumbered(step, line) if names_message(step.command) else line

    # -- what is left out -----------------------------------------------------------------------

    def _leave_out(self, step: Step, why: str) -> bytes:
        self._left_out.append(LeftOut(step.outcome.number, step.outcome.shown, why))
        return b""

    def _stop(self, step: Step | None, why: str) -> bytes:
        """Say nothing more, from *step* on."""
        first = step or (self._steps[0] if self._steps else None)
        self._steps.clear()
        if first is None:
            return b""
        return self._leave_out(first, f"{why}, so nothing more was asked")

    def _renumbered(self, step: Step, line: bytes) -> bytes:
        """Return a line with the number that its message has in the live maildrop."""
        recorded = message_of(step.command)
        if recorded is None or self._numbers is None:
            return line
        live = self._numbers.live(recorded)
        if live == recorded:
            return line
        if live is None:
            if step.outcome.ok:
                self._differ(step.outcome, "message", "there", "not there")
            return self._leave_out(step, "the server does not have this message")
        words = [step.command.verb.encode(), b"%d" % live, *step.command.args[1:]]
        return b" ".join(words) + line[len(line_of(line)) :]

    # -- what is heard --------------------------------------------------------------------------

    def hear(self, frame: Frame) -> None:
        """Take in a frame that the server sent."""
        if not self._greeted:
            self._hear_greeting(frame)
        elif self._pending and self._pending[0].add(frame):
            self._hear_reply(self._pending[0], frame)

    def go_on(self) -> None:
        """Take what came without a status for all of the reply."""
        if self._greeted:
            self._settle()
        else:
            self._greet(None)

    def lost(self, why: str) -> None:
        """Learn that the server says no more, and why."""
        if self.done:
            return
        if not self._greeted:
            self._greeted = True
            self._differ(self._script.welcome, "connection", "open", why)
            self._steps.clear()
        while self._pending:
            self._settle()
        self._answer = b""
        if self._steps:
            self._differ(self._steps[0].outcome, "connection", "open", why)
            self._stop(None, why)

    def _hear_greeting(self, frame: Frame) -> None:
        if isinstance(frame, StatusLine):
            self._greet(frame)
        elif isinstance(frame, Junk) and frame.why is Why.BANNER:
            self._banner = True

    def _greet(self, frame: StatusLine | None) -> None:
        self._greeted = True
        for way in self._ways:
            way.relogin.greeted(frame.raw if frame else b"")
        welcome = outcome_of_greeting(frame, odd=self._banner)
        if self._script.greeting:
            self._compared += 1
            self._differences += differences(self._script.welcome, welcome)
        if welcome.ok is False:
            self._stop(None, "the server refused the connection")

    def _hear_reply(self, pending: PendingReply, frame: Frame) -> None:
        match frame:
            case Challenge() if pending.step:
                self._answer = self._relogin.answer(pending.step, pending.asked, frame)
                pending.asked += 1
            case StatusLine() if not frame.has_body:
                self._settle()
            case BodyEnd():
                self._settle()

    def _settle(self) -> None:
        """Judge the reply that is due: it is whole, or there will be no more of it."""
        pending = self._pending.popleft()
        outcome, step = pending.outcome, pending.step
        if step is None and not self._decided:
            self._decide()
            return
        if step is None:
            self._pair_up(outcome)
            return
        if step.reply:
            self._compared += 1
            got = self._numbers.as_recorded(outcome) if self._numbers else outcome
            got = replace(got, encrypted=self._options.tls)
            expected = self._way.expected(step, got)
            self._differences += self._kept_messages.judge(expected, got)
        if step.command.verb == "RSET" and outcome.ok:
            self._kept_messages.forget()
        as_then = step.outcome.odd and outcome.odd
        if self._script.logs_in(step) and not outcome.ok and not as_then:
            self._stop(None, self._relogin.trouble or "the login failed")
        elif step.command.effect is Effect.LOGIN:
            doubt = self._relogin.doubt(step, ok=outcome.ok is True)
            if doubt:
                self._stop(None, doubt)

    def _decide(self) -> None:
        """Log in by the first way that the server offers, or the first at all."""
        self._decided = True
        offered = ways_offered_in(self._session) if self._session else ()
        self._begin(next((way for way in self._ways if way.name in offered), self._ways[0]))

    def _pair_up(self, listing: Outcome) -> None:
        """Learn which message is which."""
        entries = listing.content.entries if listing.content else None
        self._numbers = pair_up(self._options.by, self._maildrop, entries or {})
        if entries is None:
            self._stop(None, "the server does not list its messages")

    def _differ(self, outcome: Outcome, what: str, expected: str, got: str) -> None:
        self._differences.append(Difference.about(outcome, what, expected, got))
