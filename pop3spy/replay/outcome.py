"""What became of each command, as far as it can be compared with another time."""

from dataclasses import dataclass, replace

from pop3spy.protocol.commands import Command
from pop3spy.protocol.frames import (
    BodyEnd,
    BodyPart,
    Challenge,
    CommandLine,
    Frame,
    Side,
    StatusLine,
)
from pop3spy.protocol.replies import timestamp_of
from pop3spy.protocol.states import State
from pop3spy.protocol.text import show
from pop3spy.replay.content import Content, ContentReader

_GREETING = Command("", (), None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A command and its reply; number 0 is the greeting's.

    ``shown`` is the command for people, secrets masked; ``state`` is where it was answered.
    ``ok`` is None without a reply; ``asks`` counts the server's challenges; ``words`` are what
    the status text begins with, for it has a meaning in some replies (RFC 1939, section 9).
    """

    number: int
    shown: str
    command: Command
    state: State
    ok: bool | None = None
    code: str | None = None
    words: tuple[str, ...] = ()
    asks: int = 0
    content: Content | None = None
    offers_apop: bool = False

    @property
    def complete(self) -> bool:
        """Whether the whole reply was there."""
        return self.ok is not None and (self.content is None or self.content.complete)


@dataclass(slots=True)
class _PartialOutcome:
    number: int
    command: Command
    shown: str
    state: State
    status: StatusLine | None = None
    asks: int = 0
    body: ContentReader | None = None
    complete: bool = False


class Hearing:
    """Makes outcomes of the frames of one session.

    *contents* is false if bodies are not the true ones, so that no digest is taken of them.
    """

    def __init__(self, *, contents: bool = True) -> None:
        self._contents = contents
        self._drafts = {0: _PartialOutcome(0, _GREETING, "greeting", State.GREETING)}

    def hear(self, frame: Frame, state: State) -> None:
        """Take in a frame that was heard in *state*."""
        if isinstance(frame, CommandLine):
            shown = show(frame.raw.rstrip(b"\r\n"), frame.masks) or "(empty line)"
            self._drafts[frame.number] = _PartialOutcome(frame.number, frame.command, shown, state)
            return
        draft = self._drafts.get(frame.number)
        if draft is None or frame.side is Side.CLIENT:
            return
        match frame:
            case Challenge():
                draft.asks += 1
                draft.state = state
            case StatusLine():
                draft.asks += not frame.final
                draft.status, draft.state = frame, state
                if frame.has_body:
                    self._body_of(draft)
            case BodyPart():
                self._body_of(draft).add(frame)
            case BodyEnd():
                self._body_of(draft)
                draft.complete = True

    def settle(self, number: int) -> Outcome:
        """Return what became of a command of which nothing more will be heard."""
        draft = self._drafts.pop(number)
        status = draft.status
        plain = Outcome(number, draft.shown, draft.command, draft.state, asks=draft.asks)
        if status is None or not status.final:
            return plain
        return replace(
            plain,
            ok=status.ok,
            code=status.code,
            words=tuple(show(word) for word in status.text.split(None, 2)[:2]),
            content=draft.body.content(complete=draft.complete) if draft.body else None,
            offers_apop=number == 0 and timestamp_of(status.raw) is not None,
        )

    def _body_of(self, draft: _PartialOutcome) -> ContentReader:
        if draft.body is None:
            draft.body = ContentReader(draft.command, contents=self._contents)
        return draft.body
