"""Stands in for a recorded server, for any number of clients at once.

Rules: 1. what was recorded is said octet by octet as it was; 2. a message that this client marked
as deleted is gone for it until RSET, whatever was recorded; 3. what was not recorded is made of
what was, unless that is forbidden (*strict*), and refused where that cannot be done.
"""

from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final

from pop3spy.protocol import sasl
from pop3spy.protocol.commands import Command, Turn
from pop3spy.protocol.replies import status_of, timestamp_of
from pop3spy.protocol.states import Effect, State, after_reply
from pop3spy.replay.choose import Bookmark, Chooser
from pop3spy.replay.improvise import NOT_RECORDED, improvise, without
from pop3spy.replay.logins import Logins, Users, challenges
from pop3spy.replay.offered import as_offered
from pop3spy.replay.open_command import OpenCommand
from pop3spy.replay.pace import AT_ONCE, Pace
from pop3spy.replay.recorded_maildrop import COUNTING, message_of
from pop3spy.replay.reply_pacing import ReplyPacing
from pop3spy.replay.scenes import Scene, scenes_of
from pop3spy.replay.script import Script, Step
from pop3spy.session.responder import Answer, Responder, Verbatim

_REFUSED: Final = Answer(b"-ERR [AUTH] user name and password do not match")
_OUT_OF_PLACE: Final = Answer(b"-ERR this command is not allowed now")
_NO_TLS: Final = Answer(b"-ERR TLS is not played back")
_NO_MECHANISM: Final = Answer(b"-ERR this mechanism is not played back")
_CANCELLED: Final = Answer(b"-ERR authentication cancelled")
_SILENCE: Final = Verbatim(b"")


class StandIn:
    """What the clients share: the maildrop that is played, and how.

    *scripts* are the sessions of one user, in the order in which they were recorded.  *users* are
    those who may log in, with their passwords; without them anybody may.  *pace* is how fast the
    server is, and with *cuts* its replies come in the pieces in which they came.
    """

    def __init__(
        self,
        *scripts: Script,
        strict: bool = False,
        users: Users | None = None,
        pace: Pace = AT_ONCE,
        cuts: bool = False,
    ) -> None:
        self._scenes = scenes_of(scripts)
        self._choosers = [Chooser(script) for script in scripts]
        self._now = 0  # which scene is played to who connects
        self._seen = 0  # by how many clients that logged in
        self.logins = Logins(users)
        self.strict = strict
        self.pacing = ReplyPacing(pace, cuts=cuts)

    def plays(self, mechanism: str) -> bool:
        """Return whether a client can log in by *mechanism*."""
        recorded = [step for each in self._choosers for step in each.logins(mechanism)]
        if self.strict and not recorded:
            return False
        return self.logins.plays(mechanism, recorded)

    def session(self) -> Responder:
        """Return who answers one new connection."""
        scene = self._scenes[self._now]
        return ReplayResponder(self, scene, scene.start_of(self._seen))

    def left(self, scene: Scene, deleted: AbstractSet[int]) -> None:
        """Learn that a client that had logged in is gone, and which messages it has *deleted*.

        If all that was deleted then is deleted again, the next client finds what came then.
        """
        if scene is not self._scenes[self._now] or not scene.deleted <= deleted:
            return
        self._seen += 1
        last = self._now + 1 == len(self._scenes)
        if not last and (scene.deleted or self._seen >= len(scene.scripts)):
            self._now, self._seen = self._now + 1, 0


class ReplayResponder:
    """Answers one client as the recorded server did."""

    def __init__(self, stand_in: StandIn, scene: Scene, start: int) -> None:
        self._stand_in = stand_in
        self._scene = scene
        self._bookmark = Bookmark(scene.maildrop, start)
        self._state = State.GREETING
        self._name = b""
        self._dialogue: OpenCommand | None = None

    def greet(self) -> Answer:
        """Return the greeting that was recorded."""
        script = self._scene.script
        self._state = State.AUTHORIZATION
        if script.greeting is None:
            return Answer(b"+OK ready")
        answer = self._stand_in.pacing.say(script.greeting)
        return replace(answer, close=answer.close or script.refused)

    def answer(self, command: Command) -> Answer:
        """Return the reply to *command*."""
        return self._moved(command, self._answer(command))

    def answer_sasl(self, line: bytes) -> Answer:
        """Return the reply to a line that answers a challenge, or is part of a message."""
        dialogue = self._dialogue
        if dialogue is None:
            return NOT_RECORDED
        return self._moved(dialogue.command, self._answer_line(dialogue, line))

    def secured(self) -> None:
        """Forget whom USER named in clear."""
        self._name, self._state = b"", State.AUTHORIZATION

    def end(self) -> None:
        """Take note of a client that went without QUIT: it has deleted nothing."""
        if self._state.phase is State.TRANSACTION:
            self._stand_in.left(self._scene, frozenset())

    # -- what is answered -----------------------------------------------------------------------

    def _answer(self, command: Command) -> Answer:
        step = self._find(command)
        if command.effect is Effect.TLS and (step is None or step.outcome.ok):
            return _NO_TLS
        if not step and not self._allowed(command):
            return _OUT_OF_PLACE
        if command.effect is Effect.NAME:
            self._name = command.rest
        if command.effect is Effect.LOGIN:
            return self._login(command, step)
        if step is None:
            return self._improvised(command)
        if step.asks:
            self._dialogue = OpenCommand(command, step, [ask.reply for ask in step.asks])
            return self._ask(self._dialogue)
        gone = self._bookmark.marked - self._scene.maildrop.marked_at(step)
        if command.verb in COUNTING and not command.args:
            edited = without(step, gone, self._scene.maildrop)
            if edited:
                return edited
        return self._play(step)

    def _find(self, command: Command) -> Step | None:
        chooser, strict = self._scene.chooser, self._stand_in.strict
        kinds = (
            [chooser.same(command)] if strict else [chooser.same(command), chooser.alike(command)]
        )
        states = (self._state.phase, None) if self._allowed(command) else (self._state.phase,)
        for steps in kinds:
            for state in states:
                if step := self._bookmark.next_of(steps, command, state):
                    return step
        return None

    def _allowed(self, command: Command) -> bool:
        spec = command.spec
        return spec is None or self._state.phase in {state.phase for state in spec.states}

    def _play(self, step: Step) -> Answer:
        self._bookmark.use(step)
        if step.reply is None:
            return replace(_SILENCE, close=True)
        reply = as_offered(step, self._stand_in.plays) or step.reply
        answer = self._stand_in.pacing.say(reply)
        opened = step.outcome.odd and self._scene.script.logs_in(step)
        return replace(answer, line=b"+OK") if opened else answer

    def _improvised(self, command: Command) -> Answer:
        if self._stand_in.strict:
            return NOT_RECORDED
        return improvise(command, self._bookmark.marked, self._scene.maildrop)

    # -- logging in -----------------------------------------------------------------------------

    def _login(self, command: Command, step: Step | None) -> Answer:
        if step is None and self._stand_in.strict:
            return NOT_RECORDED
        if command.turn is not Turn.SASL:
            return self._judged(command, step, self._proves(command))
        mechanism = sasl.mechanism_of(command.args[0]).name
        said, scram = list(command.args[1:]), self._stand_in.logins.scram(mechanism)
        if scram is not None:
            self._dialogue = OpenCommand(command, step, [], scram, said=said)
            return self._ask(self._dialogue)
        asks = challenges(command, step)
        if asks is None:
            return NOT_RECORDED
        if asks and not self._stand_in.plays(mechanism):
            return _NO_MECHANISM
        self._dialogue = OpenCommand(command, step, list(asks), said=said)
        return self._ask(self._dialogue)

    def _proves(self, command: Command) -> bool:
        logins, greeting = self._stand_in.logins, self._scene.script.greeting
        match command.verb, command.args:
            case "PASS", _:
                return logins.takes_password(self._name, command.rest)
            case "APOP", (name, digest):
                timestamp = timestamp_of(greeting.line) if greeting else None
                return timestamp is not None and logins.takes_digest(name, digest, timestamp)
        return False

    def _judged(self, command: Command, step: Step | None, proves: bool) -> Answer:  # noqa: FBT001 - one verdict
        """Return the reply to a login: as recorded, unless there are users to compare with."""
        if not self._stand_in.logins.everybody:
            same = self._scene.chooser.same(command)
            like = [step for step in same if step.outcome.ok is proves]
            step = self._bookmark.next_of(like, command, None)
            if step is None:
                return Answer(b"+OK logged in") if proves else _REFUSED
        return Answer(b"+OK logged in") if step is None else self._play(step)

    # -- asking on ------------------------------------------------------------------------------

    def _ask(self, dialogue: OpenCommand) -> Answer:
        """Return the next challenge, or the reply if there is none."""
        if dialogue.scram is not None:
            said = dialogue.scram.next(dialogue.said)
            if isinstance(said, bytes):
                return Answer(b"+ " + said, asks=True)
            self._dialogue = None
            return self._judged(dialogue.command, dialogue.step, said)
        if dialogue.asks:
            reply = dialogue.asks.pop(0)
            dialogue.asked.append(reply.line)
            return replace(self._stand_in.pacing.say(reply), asks=True, close=False)
        self._dialogue = None
        if dialogue.command.turn is Turn.SASL:
            mechanism = dialogue.command.args[0]
            proves = self._stand_in.logins.takes_sasl(mechanism, dialogue.asked, dialogue.said)
            return self._judged(dialogue.command, dialogue.step, proves)
        assert dialogue.step is not None
        return self._play(dialogue.step)

    def _answer_line(self, dialogue: OpenCommand, line: bytes) -> Answer:
        if dialogue.command.turn is Turn.DATA:
            return self._ask(dialogue) if line == b"." else replace(_SILENCE, asks=True)
        if line == b"*":
            self._dialogue = None
            return _CANCELLED
        dialogue.said.append(line)
        return self._ask(dialogue)

    # -- what it does ---------------------------------------------------------------------------

    def _moved(self, command: Command, answer: Answer) -> Answer:
        """Take note of what a reply does to the session, and return it."""
        if answer.asks:
            return answer
        ok = status_of(answer.line) is True
        before, self._state = self._state, after_reply(self._state, command.effect, ok=ok)
        number = message_of(command)
        match command.verb:
            case "DELE" if ok and number is not None:
                self._bookmark.marked.add(number)
            case "RSET" if ok:
                self._bookmark.marked.clear()
            case "QUIT" if ok and before is State.TRANSACTION:
                self._stand_in.left(self._scene, frozenset(self._bookmark.marked))
        return replace(answer, close=True) if ok and command.effect is Effect.QUIT else answer
