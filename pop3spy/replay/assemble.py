"""From what happened in a recorded session to a script."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from pop3spy.errors import CaptureError
from pop3spy.protocol.frames import (
    BodyEnd,
    BodyPart,
    Challenge,
    CommandLine,
    Frame,
    Junk,
    Opaque,
    SaslLine,
    Side,
    StatusLine,
    Why,
)
from pop3spy.replay.outcome import Outcome
from pop3spy.replay.recording import OutcomeListener, listen
from pop3spy.replay.script import MOST, Continuation, RecordedReply, ReplyPiece, Script, Step
from pop3spy.session.events import Ended, Event, Heard, Named, Opened
from pop3spy.session.model import How
from pop3spy.session.tape import Tape

SOON: Final = 1.0
"""Seconds within which what the server does unasked belongs to the reply before it.

Later it has reasons of its own: a client that was silent for ten minutes.
"""

_BY_SERVER: Final = frozenset({How.QUIT, How.SERVER_CLOSED, How.SERVER_RESET})


def read_script(tape: Tape, session: int | None = None, *, contents: bool = True) -> Script:
    """Return the script of one session of *tape*: the first in which the client asked anything.

    *contents* is false if the recording's bodies are not the true ones (masked or dropped).
    Raise CaptureError if there is no such session, or if it is too large.
    """
    return listen(tape, session, lambda: _Assembler(contents=contents)).script()


@dataclass(slots=True)
class _PartialReply:
    """A reply that is being put together."""

    line: bytes = b""
    pieces: list[ReplyPiece] = field(default_factory=list)
    tail: list[ReplyPiece] = field(default_factory=list)
    complete: bool = False

    def reply(self, *, closes: bool) -> RecordedReply | None:
        if not self.pieces:
            return None
        return RecordedReply(self.line, tuple(self.pieces), self.complete, tuple(self.tail), closes)


@dataclass(slots=True)
class _PartialStep:
    """A step that is being put together."""

    frame: CommandLine | None
    at: float = 0.0
    pause: float = 0.0
    asks: list[Continuation] = field(default_factory=list)
    said: _PartialReply = field(default_factory=_PartialReply)

    def ask(self) -> None:
        """Take what the server said so far as something that the client must answer."""
        self.said.complete = True
        if reply := self.said.reply(closes=False):
            self.asks.append(Continuation(reply))
        self.said = _PartialReply()

    def answer(self, frame: Frame) -> None:
        """Take in what the client answered, or some of it."""
        if self.asks:
            asked = self.asks[-1]
            hidden = asked.hidden or bool(frame.masks)
            self.asks[-1] = replace(asked, answer=asked.answer + frame.raw, hidden=hidden)


class _Assembler:
    """Puts the steps of one session together."""

    def __init__(self, *, contents: bool) -> None:
        self._outcomes = OutcomeListener(contents=contents)
        self._greeting = _PartialStep(None)
        self._drafts: dict[int, _PartialStep] = {0: self._greeting}
        self._last = self._greeting  # what was answered last
        self._session = 0
        self._opened_at = 0.0
        self._client_at = self._server_at = 0.0  # when each was heard last
        self._octets = 0
        self._hung_up = False
        self._user: str | None = None

    def take(self, event: Event) -> None:
        """Take in what happened."""
        self._outcomes.take(event)
        match event:
            case Opened(session=session, at=at):
                self._session = session.id
                self._opened_at = self._client_at = self._server_at = at
            case Heard(frame=frame, first=first, at=at):
                if frame.side is Side.CLIENT:
                    self._client(frame, first, at)
                else:
                    self._server(frame, first)
            case Named(user=user):
                self._user = user
            case Ended(ending=ending, at=at):
                soon = at - self._server_at < SOON
                self._hung_up = soon and ending.how in _BY_SERVER

    def script(self) -> Script:
        """Return the script."""
        welcome, *outcomes = self._outcomes.finish()
        drafts = [draft for draft in self._drafts.values() if draft.frame]
        steps = [
            self._step(index, draft, outcome)
            for index, (draft, outcome) in enumerate(zip(drafts, outcomes, strict=True))
        ]
        greeting = self._greeting.said.reply(closes=self._closes(self._greeting))
        return Script(self._session, greeting, welcome, tuple(steps), self._user)

    def _step(self, index: int, draft: _PartialStep, outcome: Outcome) -> Step:
        frame = draft.frame
        assert frame is not None
        return Step(
            index,
            frame.raw,
            frame.masks,
            frame.command,
            draft.at,
            draft.pause,
            tuple(draft.asks),
            draft.said.reply(closes=self._closes(draft)),
            outcome,
        )

    def _closes(self, draft: _PartialStep) -> bool:
        """Return whether the server hung up behind this reply."""
        newest = next(reversed(self._drafts.values()))
        return not draft.said.complete or (self._hung_up and draft is newest)

    # -- the client -----------------------------------------------------------------------------

    def _client(self, frame: Frame, first: float, at: float) -> None:
        match frame:
            case CommandLine():
                pause = first - max(self._client_at, self._server_at)
                at_step = first - self._opened_at
                self._drafts[frame.number] = _PartialStep(frame, at_step, max(0.0, pause))
            case SaslLine() | BodyPart() | BodyEnd() if frame.number in self._drafts:
                self._drafts[frame.number].answer(frame)
        self._count(len(frame.raw))
        self._client_at = at

    # -- the server -----------------------------------------------------------------------------

    def _server(self, frame: Frame, first: float) -> None:
        draft = self._drafts.get(frame.number)
        match frame:
            case StatusLine() | Challenge() if draft:
                draft.said.line = frame.raw
                draft.said.pieces += self._pieces(frame, first)
                if isinstance(frame, Challenge) or not frame.final:
                    draft.ask()
                    return
                draft.said.complete = not frame.has_body
                self._last = draft
            case BodyPart() | BodyEnd() if draft:
                self._extend(draft.said, frame, first)
            case Opaque(why=Why.TOO_LONG, counted=int(counted)) if draft and draft.said.pieces:
                rest = b"x" * max(0, counted - 2) + b"\r\n"  # what it said was not kept
                draft.said.pieces.append(ReplyPiece(rest, 0.0))
            case Junk(why=Why.BANNER):
                self._greeting.said.pieces += self._pieces(frame, first)
            case Junk(why=Why.UNASKED) if first - self._server_at < SOON:
                self._last.said.tail += self._pieces(frame, first)

    def _extend(self, said: _PartialReply, frame: Frame, first: float) -> None:
        """Add some of a body, which joins what came in the same read."""
        said.complete = isinstance(frame, BodyEnd)
        read_at = self._server_at
        for piece in self._pieces(frame, first):
            if said.pieces and self._server_at == read_at:
                before = said.pieces[-1]
                said.pieces[-1] = ReplyPiece(before.data + piece.data, before.wait)
            else:
                said.pieces.append(piece)
            read_at = self._server_at

    def _pieces(self, frame: Frame, first: float) -> Iterator[ReplyPiece]:
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
        self._octets += octets
        if self._octets > MOST:
            raise CaptureError(
                f"session {self._session} holds more than {MOST >> 20} MiB, too much to be played"
            )
