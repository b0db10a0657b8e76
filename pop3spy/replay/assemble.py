"""From what happened in a recorded session to a script."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from pop3spy.protocol.frames import (
    BodyEnd,
    BodyPart,
    Challenge,
    CommandLine,
    Frame,
    Junk,
    Opaque,
    Side,
    StatusLine,
)
from pop3spy.protocol.why import Why
from pop3spy.replay.allowance import Allowance, TooLargeError
from pop3spy.replay.outcome import ExchangeReader, outcome_of_greeting
from pop3spy.replay.recording import read_session
from pop3spy.replay.script import MOST, Continuation, RecordedReply, ReplyPiece, Script, Step
from pop3spy.replay.tls_sides import TlsWatch
from pop3spy.session.events import Answered, Ended, Event, Heard, Named, Unanswered
from pop3spy.session.how import How
from pop3spy.session.model import Exchange, Session
from pop3spy.session.tape import Tape

SOON: Final = 1.0
"""Seconds within which what the server does unasked belongs to the reply before it.

Later it has reasons of its own: a client that was silent for ten minutes.
"""


def read_script(tape: Tape, session: int | None = None, *, contents: bool = True) -> Script:
    """Return the script of one session of *tape*: the first in which the client asked anything.

    *contents* is false if the recording's bodies are not the true ones (masked or dropped).
    Raise CaptureError if there is no such session, or if it is too large.
    """
    return read_session(tape, session, lambda it: Assembler(it, contents=contents)).script()


@dataclass(slots=True)
class _PartialReply:
    """A reply that is being put together."""

    line: bytes = b""
    before: int = 0
    pieces: list[ReplyPiece] = field(default_factory=list)
    tail: list[ReplyPiece] = field(default_factory=list)

    def begin(self, line: bytes) -> None:
        """Let *line*, whose octets come next, be what the reply amounts to until another does."""
        self.line, self.before = line, sum(len(piece.data) for piece in self.pieces)

    def reply(self, *, complete: bool, closes: bool) -> RecordedReply | None:
        if not self.pieces:
            return None
        pieces, tail = tuple(self.pieces), tuple(self.tail)
        return RecordedReply(self.line, pieces, complete, tail, closes, self.before)


@dataclass(slots=True, eq=False)
class _PartialStep:
    """A step that is being put together."""

    heard: ExchangeReader | None = None  # but for the greeting
    at: float = 0.0
    pause: float = 0.0
    asks: list[Continuation] = field(default_factory=list)
    said: _PartialReply = field(default_factory=_PartialReply)

    def ask(self) -> None:
        """Take what the server said so far as something that the client must answer."""
        if reply := self.said.reply(complete=True, closes=False):
            self.asks.append(Continuation(reply))
        self.said = _PartialReply()

    def answer(self, frame: Frame) -> None:
        """Take in what the client answered, or some of it."""
        if self.asks:
            asked = self.asks[-1]
            hidden = asked.hidden or bool(frame.masks)
            self.asks[-1] = replace(asked, answer=asked.answer + frame.raw, hidden=hidden)


class Assembler:
    """A reader of events that puts the steps of one session together.

    Raise TooLargeError if it is more than the *allowance*.
    """

    def __init__(
        self, session: Session, *, contents: bool, allowance: Allowance | None = None
    ) -> None:
        self._session = session
        self._allowance = allowance or Allowance(MOST)
        self._contents = contents
        self._greeting = _PartialStep()
        self._steps: list[_PartialStep] = []
        self._open: deque[_PartialStep] = deque()  # the steps that are outstanding
        self._spoken: _PartialStep | None = self._greeting  # what the server spoke to last
        self._pieces: list[ReplyPiece] | None = None  # where that went
        self._client_at = self._server_at = session.opened_at  # when each was heard last
        self.octets = 0
        self._hung_up = False
        self._user: str | None = None
        self._tls = TlsWatch()

    def __call__(self, event: Event) -> None:
        """Take in what happened."""
        self._tls(event)
        match event:
            case Heard(frame=frame) if frame.side is Side.CLIENT:
                self._client(event, frame)
            case Heard():
                self._server(event, event.frame)
            case Answered(exchange=exchange) | Unanswered(exchange=exchange):
                if step := self._step_of(exchange):
                    self._open.remove(step)
            case Named(user=user):
                self._user = user
            case Ended(ending=ending, at=at):
                by_server = ending.how is How.QUIT or ending.how.by is Side.SERVER
                closed_at = at if ending.at is None else ending.at
                self._hung_up = by_server and closed_at - self._server_at < SOON

    @property
    def asked(self) -> bool:
        """Whether the client asked anything so far."""
        return bool(self._steps)

    def script(self) -> Script:
        """Return the script."""
        greeting = self._greeting
        welcome = outcome_of_greeting(self._session.greeting, odd=bool(greeting.said.pieces))
        whole = welcome.ok is not None or bool(self._steps)
        greeted = greeting.said.reply(complete=whole, closes=self._closes(greeting, whole=whole))
        steps = (self._step(index, partial) for index, partial in enumerate(self._steps))
        return Script(self._session.id, greeted, welcome, tuple(steps), self._user)

    def _step(self, index: int, partial: _PartialStep) -> Step:
        assert partial.heard is not None
        outcome = self._tls.sided(partial.heard.outcome())
        said = partial.heard.exchange.said
        whole = outcome.complete or outcome.odd
        return Step(
            index,
            said.raw,
            said.masks,
            said.command,
            partial.at,
            partial.pause,
            tuple(partial.asks),
            partial.said.reply(complete=whole, closes=self._closes(partial, whole=whole)),
            outcome,
        )

    def _closes(self, step: _PartialStep, *, whole: bool) -> bool:
        """Return whether the server hung up behind this reply."""
        newest = self._steps[-1] if self._steps else self._greeting
        return (self._hung_up and step is newest) or (not whole and step is self._spoken)

    def _step_of(self, exchange: Exchange) -> _PartialStep | None:
        """Return the step that is made of *exchange*; None where the client did not ask."""
        open_steps = (step for step in self._open if step.heard and step.heard.exchange is exchange)
        return next(open_steps, None)

    # -- the client -----------------------------------------------------------------------------

    def _client(self, event: Heard, frame: Frame) -> None:
        exchange = event.exchange
        if exchange and isinstance(frame, CommandLine):
            pause = event.first - max(self._client_at, self._server_at)
            heard = ExchangeReader(exchange, contents=self._contents)
            at = event.first - self._session.opened_at
            self._steps.append(_PartialStep(heard, at, max(0.0, pause)))
            self._open.append(self._steps[-1])
        elif exchange and (step := self._step_of(exchange)):
            step.answer(frame)
        self._count(len(frame.raw))
        self._client_at = event.at

    # -- the server -----------------------------------------------------------------------------

    def _server(self, event: Heard, frame: Frame) -> None:
        match frame:
            case Opaque(why=Why.TOO_LONG, counted=int(counted)) if self._pieces:
                rest = b"x" * max(0, counted - 2) + b"\r\n"  # what it said was not kept
                self._pieces.append(ReplyPiece(rest, 0.0))
            case Opaque():
                pass
            case Junk(why=Why.UNASKED):
                soon = event.first - self._server_at < SOON
                self._spoken = self._spoken if soon else None
                self._say(self._spoken.said.tail if self._spoken else None, event)
            case _:
                self._spoken = self._spoken_to(event)
                self._reply(self._spoken, event, frame)

    def _spoken_to(self, event: Heard) -> _PartialStep | None:
        """Return what a frame is part of, be it a body that nobody waits for any more."""
        if event.exchange is not None:
            return self._step_of(event.exchange)
        return self._spoken if isinstance(event.frame, BodyPart | BodyEnd) else self._greeting

    def _reply(self, step: _PartialStep | None, event: Heard, frame: Frame) -> None:
        if step is None:
            self._pieces = None
            return
        if not isinstance(frame, BodyPart | BodyEnd):
            step.said.begin(frame.raw)
        self._say(step.said.pieces, event)
        if step.heard and event.exchange:  # else it has been answered
            step.heard.add(frame)
        if isinstance(frame, Challenge) or (isinstance(frame, StatusLine) and not frame.final):
            step.ask()

    def _say(self, pieces: list[ReplyPiece] | None, event: Heard) -> None:
        """Add a frame to *pieces*; what came in the same read is joined."""
        self._pieces = pieces
        if pieces is None:
            return
        read_at = self._server_at
        for piece in self._cut(event.frame, event.first):
            if pieces and self._server_at == read_at:
                pieces[-1] = replace(pieces[-1], data=pieces[-1].data + piece.data)
            else:
                pieces.append(piece)
            read_at = self._server_at

    def _cut(self, frame: Frame, first: float) -> Iterator[ReplyPiece]:
        """Yield the octets of *frame* cut as they came, and move on in time."""
        self._count(len(frame.raw))
        begins = [(0, first), *frame.cuts]
        ends = [*(offset for offset, _ in frame.cuts), len(frame.raw)]
        for (start, at), end in zip(begins, ends, strict=True):
            if start < end:
                wait = at - max(self._client_at, self._server_at)
                self._server_at = max(self._server_at, at)
                yield ReplyPiece(frame.raw[start:end], max(0.0, wait))

    def _count(self, octets: int) -> None:
        self.octets += octets
        if not self._allowance.take(octets):
            raise TooLargeError(
                f"session {self._session.id} holds more than {MOST >> 20} MiB, too much to be"
                " played"
            )
