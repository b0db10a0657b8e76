"""Reads one connection: chunks in, events out.

Everything that has bytes of a session, a live link, the post office, a capture, reads them here,
so that the same bytes tell the same story wherever they come from.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeVar, cast

from pop3spy.protocol.commands import line_of, parse_command
from pop3spy.protocol.decoder import Decoder
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
    Spans,
    StatusLine,
    Why,
)
from pop3spy.protocol.states import BEFORE_LOGIN, State
from pop3spy.protocol.text import MASK
from pop3spy.redaction.masking import hide
from pop3spy.redaction.redactor import Redactor
from pop3spy.session.chunk import Arrivals, Chunk
from pop3spy.session.events import Blinded, Ended, Glimpsed, Intervened, Named, Opened, Told
from pop3spy.session.glimpse import Glimpse, Glimpses
from pop3spy.session.model import Ending, How, Peer, Session
from pop3spy.session.substitute_frames import in_place_of
from pop3spy.session.tls import Tls
from pop3spy.session.tracker import Tracker

F = TypeVar("F", bound=Frame)

_CLOSED = (Ending(How.CLIENT_CLOSED), Ending(How.SERVER_CLOSED))

HIDDEN = Peer(MASK, 0)
"""What stands for a peer whose address may not be shown."""


class Reading:
    """The decoder, the redactor and the tracker of one session, in a row.

    Whatever goes wrong in them is for the caller to catch, who then calls ``blind``.
    """

    def __init__(  # noqa: PLR0913 - what a session begins with
        self,
        number: int,
        client: Peer,
        server: Peer,
        at: float,
        publish: Callable[[Told], None],
        *,
        strict: bool = False,
    ) -> None:
        self._publish = publish
        self._strict = strict
        peers = (HIDDEN, HIDDEN) if strict else (client, server)
        self.session = Session(number, *peers, at)
        self._decoder = Decoder()
        hosts = (client.host, server.host) if strict else ()
        self._redactor = Redactor(strict=strict, hosts=hosts)
        self._tracker = Tracker(self.session, publish)
        self._arrivals = {Side.CLIENT: Arrivals(), Side.SERVER: Arrivals()}
        self._replied_at = at  # when the last reply ended
        self._glimpses: Glimpses | None = None  # there are, of TLS that passes unread
        publish(Opened(self.session, at))

    @property
    def idle(self) -> bool:
        """Whether the server has answered all that it heard."""
        return self.session.blind or self._decoder.idle

    @property
    def waits(self) -> bool:
        """Whether lines of the client can be read only once the server has spoken."""
        return not self.session.blind and b"\n" in self._decoder.waiting

    @property
    def quiet(self) -> bool:
        """Whether no reply is outstanding."""
        return self.session.blind or self._decoder.quiet

    def feed(self, chunk: Chunk, masks: Spans = ()) -> Iterator[Frame]:
        """Read *chunk*, and yield each frame as it may be shown; take them to the end.

        *masks* are where a recording has filler in place of secrets.
        """
        self._arrivals[chunk.side].add(len(chunk.data), chunk.at, masks)
        for frame in self._decoder.feed(chunk.side, chunk.data):
            yield self._apply(frame)

    # -- a side that is gated: each frame is told, and then judged -------------------------------

    def gate(self, side: Side, *, gated: bool) -> int:
        """Read *side* frame by frame from now on; return how many octets of it are in none yet."""
        (self._decoder.gated.add if gated else self._decoder.gated.discard)(side)
        return self._decoder.unfinished(side)

    def take(self, chunk: Chunk) -> None:
        """Take *chunk* of a gated side, and read nothing yet."""
        self._arrivals[chunk.side].add(len(chunk.data), chunk.at)
        self._decoder.append(chunk.side, chunk.data)

    def next(self, side: Side) -> tuple[Frame, Frame] | None:
        """Read a frame of a gated side; return it, and as it may be shown.  None: not yet.

        What it lets be read of a client that is not gated is read as well.
        """
        if side is Side.SERVER and Side.CLIENT not in self._decoder.gated:
            for freed in iter(partial(self._decoder.read, Side.CLIENT), None):
                self._apply(freed)
        while self._decoder.unfinished(side) and (frame := self._decoder.read(side)) is not None:
            shown = self._apply(frame)
            if frame.side is side:
                return frame, shown
        return None

    def settle(self, frame: Frame) -> None:
        """Know that the gate let *frame* go on as it was."""
        if isinstance(frame, CommandLine):
            self._decoder.settle(frame.number, frame.command)

    def intervene(  # noqa: PLR0913 - what there is to tell
        self,
        frame: Frame | None,
        at: float,
        by: str,
        did: str,
        *,
        sent: Frame | None = None,
        answer: Frame | None = None,
    ) -> None:
        """Tell what the gate did about *frame*, and go on with what the peers heard."""
        if isinstance(frame, CommandLine) and sent is not None:
            self._decoder.settle(frame.number, parse_command(sent.raw) if sent.raw else None)
        sent, answer = sent and self._shown(sent), answer and self._shown(answer)
        if isinstance(frame, CommandLine) and sent is not None:
            self._tracker.amend(frame.number, sent, answer, at)
        self._publish(Intervened(self.session, at, frame, by, did, sent, answer))

    def inject(self, raw: bytes, masks: Spans = (), *, at: float, by: str) -> int:
        """Take *raw* as a command that the server hears and the client did not say.

        Return the number of its exchange.
        """
        frame = self._decoder.inject(raw)
        frame.masks = masks
        shown = self._shown(frame)
        self._tracker.inject(shown, at)
        self._publish(Intervened(self.session, at, None, by, "sent a command", shown))
        return frame.number

    def _shown(self, frame: F) -> F:
        """Return what nobody but the gate said, as it may be shown."""
        if not frame.raw:
            return frame
        if isinstance(frame, SaslLine | Challenge):
            return hide(frame, ((0, len(line_of(frame.raw))),))
        return cast(F, self._redactor.mask(frame, self.session.state))

    def cut_off(self, side: Side, at: float) -> None:
        """Take what *side* said so far behind STLS as what its peer never hears."""
        for frame in self._decoder.cut_off(side):
            shown = self._apply(frame)
            did = "kept clear text out of TLS"
            self.intervene(shown, at, "stls", did, sent=in_place_of(shown, b""))

    # -- how it ends ----------------------------------------------------------------------------

    def close(self, side: Side) -> None:
        """Read what is left of a side that will say no more."""
        for frame in self._decoder.close(side):
            self._apply(frame)

    def blind(self, at: float, why: str) -> None:
        """Read no more: from here on the session's bytes are nobody's business."""
        self.session.blind = True
        self._publish(Blinded(self.session, at, why))

    def end(self, at: float, ending: Ending) -> None:
        """Tell that the connection is gone; behind an answered QUIT any close is one by QUIT."""
        session = self.session
        if not session.blind:
            for side in Side:
                self.close(side)
            self._tell_of(self._glimpses.rest() if self._glimpses else (), at)
        if ending in _CLOSED and session.said_goodbye:
            ending = Ending(How.QUIT)
        if not session.blind:
            self._tracker.end(at)
        self._decoder.release()
        session.ending = Ending(ending.how) if self._strict else ending
        self._publish(Ended(session, at, session.ending))

    def secured(self, tls: Tls, at: float) -> None:
        """Learn that TLS began, and that what is fed from here on comes from inside it."""
        self._tracker.secured(tls.hidden() if self._strict else tls, at)

    def glimpsed(self, glimpse: Glimpse, at: float) -> None:
        """Tell what could be seen of TLS that passes unread, here or when it was recorded."""
        seen = glimpse.hidden() if self._strict else glimpse
        self._publish(Glimpsed(self.session, at, seen))

    def know(self, user: str, at: float) -> None:
        """Take the name of a user from a recording."""
        if user != self._redactor.user:
            self._redactor.know(user)
            self._publish(Named(self.session, at, user))

    def know_login(self, at: float) -> None:
        """Take from a recording that the session had logged in before."""
        if self.session.state in BEFORE_LOGIN and not self.session.blind:
            self._tracker.place(State.TRANSACTION, at, self._redactor.user)

    def _apply(self, frame: Frame) -> Frame:
        arrivals = self._arrivals[frame.side]
        size, before = len(frame.raw), self._redactor.user
        frame.masks = arrivals.masks(size)
        first, last, frame.cuts = arrivals.take(size)
        if isinstance(frame, CommandLine) and first < self._replied_at:
            frame.pipelined = True  # a recording has lines in the order in which they ended
        shown = self._redactor.mask(frame, self.session.state, self._unread_beside(frame))
        user = self._redactor.user
        self._tracker.apply(shown, first, last, user)
        if self._glimpses or (isinstance(frame, Opaque) and frame.why is Why.TLS):
            self._glimpses = self._glimpses or Glimpses()
            self._tell_of(self._glimpses.see(frame, self.session), last)
        if isinstance(frame, StatusLine | BodyEnd) or (
            isinstance(frame, Junk) and frame.why is Why.OUT_OF_STEP
        ):
            self._replied_at = last
        if shown.masks and user is not None and user != before:
            self._publish(Named(self.session, last, user))
        return shown

    def _tell_of(self, glimpses: Iterable[Glimpse], at: float) -> None:
        for glimpse in glimpses:
            self.glimpsed(glimpse, at)

    def _unread_beside(self, frame: Frame) -> bytes:
        """Return what the client has said that is in no frame yet, if *frame* may repeat it."""
        if frame.side is Side.CLIENT or isinstance(frame, BodyPart):
            return b""
        if self.session.state not in BEFORE_LOGIN:
            return b""
        waiting = self._decoder.waiting
        return waiting and self._arrivals[Side.CLIENT].without_masks(waiting)
