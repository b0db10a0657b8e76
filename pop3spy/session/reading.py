"""Reads one connection: chunks in, events out.

Everything that has bytes of a session, a live link, the post office, a capture, reads them here,
so that the same bytes tell the same story wherever they come from.
"""

from collections.abc import Callable, Iterator

from pop3spy.protocol.decoder import Decoder
from pop3spy.protocol.frames import (
    BodyEnd,
    BodyPart,
    CommandLine,
    Frame,
    Junk,
    Side,
    Spans,
    StatusLine,
    Why,
)
from pop3spy.protocol.states import BEFORE_LOGIN, State
from pop3spy.protocol.text import MASK
from pop3spy.session.chunk import Arrivals, Chunk
from pop3spy.session.events import Blinded, Ended, Named, Opened, Told
from pop3spy.session.model import Ending, Peer, Session
from pop3spy.session.redact import Redactor
from pop3spy.session.tracker import Tracker

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
        publish(Opened(self.session, at))

    @property
    def quiet(self) -> bool:
        """Whether no reply is outstanding."""
        return self.session.blind or self._decoder.quiet

    def feed(self, chunk: Chunk, masks: Spans = ()) -> Iterator[None]:
        """Read *chunk*, and rest behind each frame; the caller must come back for the others.

        *masks* are where a recording has filler in place of secrets.
        """
        self._arrivals[chunk.side].add(len(chunk.data), chunk.at, masks)
        for frame in self._decoder.feed(chunk.side, chunk.data):
            self._apply(frame)
            yield

    def close(self, side: Side) -> None:
        """Read what is left of a side that will say no more."""
        for frame in self._decoder.close(side):
            self._apply(frame)

    def blind(self, at: float, why: str) -> None:
        """Read no more: from here on the session's bytes are nobody's business."""
        self.session.blind = True
        self._publish(Blinded(self.session, at, why))

    def end(self, at: float, ending: Ending) -> None:
        """Tell that the connection is gone."""
        session = self.session
        if not session.blind:
            for side in Side:
                self.close(side)
            self._tracker.end(at)
        self._decoder.release()
        session.ending = Ending(ending.how) if self._strict else ending
        self._publish(Ended(session, at, session.ending))

    def know(self, user: str, at: float) -> None:
        """Take the name of a user from a recording."""
        if user != self._redactor.user:
            self._redactor.know(user)
            self._publish(Named(self.session, at, user))

    def know_login(self, at: float) -> None:
        """Take from a recording that the session had logged in before."""
        if self.session.state in BEFORE_LOGIN and not self.session.blind:
            self._tracker.place(State.TRANSACTION, at)

    def _apply(self, frame: Frame) -> None:
        arrivals = self._arrivals[frame.side]
        size, before = len(frame.raw), self._redactor.user
        frame.masks = arrivals.masks(size)
        first, last, frame.cuts = arrivals.take(size)
        if isinstance(frame, CommandLine) and first < self._replied_at:
            frame.pipelined = True  # a recording has lines in the order in which they ended
        shown = self._redactor.mask(frame, self.session.state, self._unread_beside(frame))
        user = self._redactor.user
        self._tracker.apply(shown, first, last, user)
        if isinstance(frame, StatusLine | BodyEnd) or (
            isinstance(frame, Junk) and frame.why is Why.OUT_OF_STEP
        ):
            self._replied_at = last
        if shown.masks and user is not None and user != before:
            self._publish(Named(self.session, last, user))

    def _unread_beside(self, frame: Frame) -> bytes:
        """Return what the client has said that is in no frame yet, if *frame* may repeat it."""
        if isinstance(frame, BodyPart | CommandLine):
            return b""
        waiting = self._decoder.waiting
        return waiting and self._arrivals[Side.CLIENT].without_masks(waiting)
