"""Reads one connection: chunks in, events out.

Everything that has bytes of a session, a live link, the post office, a capture, reads them here,
so that the same bytes tell the same story wherever they come from.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar, cast

from pop3spy.protocol.commands import line_of, parse_command
from pop3spy.protocol.decoder import Decoder
from pop3spy.protocol.facts import NO_FACTS, Facts
from pop3spy.protocol.frames import (
    BodyPart,
    Challenge,
    CommandLine,
    Frame,
    Opaque,
    SaslLine,
    Side,
    Spans,
)
from pop3spy.protocol.states import BEFORE_LOGIN, State
from pop3spy.protocol.why import Why
from pop3spy.redaction.fact_finder import FactFinder
from pop3spy.redaction.identities import Identities
from pop3spy.redaction.masking import hide
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.redaction.redactor import Redactor
from pop3spy.redaction.secret_memory import SecretMemory
from pop3spy.redaction.typist import Typist
from pop3spy.session.chunk import Arrivals, Chunk
from pop3spy.session.deeds import Deed, Done
from pop3spy.session.ending import ending_of
from pop3spy.session.events import (
    Blinded,
    Clogged,
    Ended,
    Finished,
    Glimpsed,
    Heard,
    Intervened,
    Named,
    Opened,
    SideClosed,
    Told,
)
from pop3spy.session.glimpse import Glimpse, Glimpses
from pop3spy.session.how import Closing, Ending
from pop3spy.session.model import Exchange, Peer, Session
from pop3spy.session.substitute_frames import in_place_of
from pop3spy.session.tls import Tls
from pop3spy.session.tracker import Tracker

F = TypeVar("F", bound=Frame)


class Reading:
    """The decoder, the redactor and the tracker of one session, in a row.

    *names* gives what stands for names that nobody may learn; *typist* is the person who types what
    the client says, where that is so; *memory* is what sessions have in common of secrets.

    ``append`` what came, then ``read`` until there is no frame more.  Whatever goes wrong in them
    is for the caller to catch, who then calls ``blind``.
    """

    def __init__(  # noqa: PLR0913 - what a session begins with
        self,
        number: int,
        client: Peer,
        server: Peer,
        at: float,
        publish: Callable[[Told], None],
        *,
        names: Pseudonyms | None = None,
        typist: Typist | None = None,
        memory: SecretMemory | None = None,
    ) -> None:
        self._publish = publish
        self._finder = FactFinder(memory or SecretMemory(), number, str(server))
        self._identities = identities = None if names is None else Identities(names)
        self._words: Callable[[str], str] = str if identities is None else identities.words
        if identities is not None:
            client = Peer(identities.host(client.host), 0)
            server = Peer(identities.host(server.host), server.port)
        self.session = Session(number, client, server, at, typed=typist is not None)
        self._decoder = Decoder()
        self._redactor = Redactor(self._finder, identities, typist)
        self._tracker = Tracker(self.session, publish, anonymous=names is not None)
        self._arrivals = {Side.CLIENT: Arrivals(), Side.SERVER: Arrivals()}
        self._glimpses: Glimpses | None = None  # there are, of TLS that passes unread
        publish(Opened(self.session, at))

    @property
    def idle(self) -> bool:
        """Whether the server has answered all that it heard."""
        return self.session.blind or self._decoder.idle

    @property
    def quiet(self) -> bool:
        """Whether no reply is outstanding."""
        return self.session.blind or self._decoder.quiet

    @property
    def awaits_reply(self) -> bool:
        """Whether a reply is outstanding and it is not the client's turn to speak."""
        return self._decoder.awaits_reply

    @property
    def asks(self) -> bool:
        """Whether the client's next line is an answer inside AUTH, or part of a message."""
        return self._decoder.asks

    @property
    def due(self) -> Exchange | None:
        """The exchange whose reply is due; None where that is the greeting, or no reply is."""
        return self.session.outstanding.get(self._decoder.due)

    def unfinished(self, side: Side) -> int:
        """Return how many octets of *side* are in no frame yet."""
        return self._decoder.unfinished(side)

    def waiting(self, side: Side) -> bytes:
        """Return what *side* has said that is in no frame yet."""
        return self._decoder.waiting(side)

    def last(self, side: Side, size: int) -> bytes:
        """Return the last *size* octets of *side*: no more than is unread, and one frame."""
        return self._decoder.last(side, size)

    def hidden_of(self, line: bytes) -> Spans:
        """Return what is hidden of *line* if it is said now."""
        prompt = self._decoder.waiting(Side.SERVER)
        return self._redactor.hidden_of(line, self.session.state, prompt)

    @property
    def client_waits(self) -> bool:
        """Whether what the client says can be read only once the server has spoken."""
        return self._decoder.client_waits

    def append(self, chunk: Chunk, masks: Spans = (), facts: Facts = NO_FACTS) -> None:
        """Take *chunk*, and read nothing yet.

        *masks* are where a recording has filler in place of secrets, *facts* what it says of them.
        """
        self._arrivals[chunk.side].add(len(chunk.data), chunk.at, masks, facts)
        self._decoder.append(chunk.side, chunk.data)

    def at_once(self, chunk: Chunk) -> tuple[Frame, Heard] | None:
        """Read *chunk* as ``read`` would, if it is one whole line that nothing unread is before.

        None: nothing was taken, so it is to be appended.  Nearly all commands and replies come so,
        and cost half as much here.
        """
        frame = self._decoder.at_once(chunk.side, chunk.data)
        return None if frame is None else (frame, self._tell(frame, chunk.at, chunk.at))

    def hear(self, chunk: Chunk, masks: Spans = ()) -> None:
        """Take *chunk*, and read all that is whole."""
        if masks or self.at_once(chunk) is None:
            self.append(chunk, masks)
            self.read_all()

    def skip(self, chunk: Chunk, masks: Spans, why: Why, facts: Facts = NO_FACTS) -> Heard:
        """Take *chunk* of a recording, which has only filler of it, for what was not read then."""
        self._arrivals[chunk.side].add(len(chunk.data), chunk.at, masks, facts)
        number = self._decoder.due if why is Why.NO_STATUS else 0
        return self._apply(Opaque(chunk.side, chunk.data, number, why=why))

    def read(self) -> tuple[Frame, Heard] | None:
        """Read a frame; return it, and what was told of it, with secrets hidden.  None: not yet.

        What the other side had said ahead is read as well, once it can be.
        """
        frame = self._decoder.next()
        return None if frame is None else (frame, self._apply(frame))

    def read_all(self) -> None:
        """Read all that is whole."""
        while self.read() is not None:
            pass

    # -- a side that is gated: each frame is told, and then judged -------------------------------

    def gate(self, side: Side, *, gated: bool) -> None:
        """From now on, know whether the peer of *side* hears a command only once it is settled."""
        (self._decoder.gated.add if gated else self._decoder.gated.discard)(side)

    def hold(self, side: Side, *, held: bool) -> None:
        """Read nothing of *side* while it is *held*."""
        (self._decoder.held.add if held else self._decoder.held.discard)(side)

    def settle(self, frame: Frame) -> None:
        """Know that the gate let *frame* go on as it was."""
        if isinstance(frame, CommandLine):
            self._decoder.settle(frame.number, frame.command)

    def intervene(  # noqa: PLR0913 - what there is to tell
        self,
        heard: Heard,
        at: float,
        by: str,
        did: Done,
        *,
        sent: Frame | None = None,
        answer: Frame | None = None,
    ) -> None:
        """Tell what the gate did about what was *heard*, and go on with what the peers heard."""
        frame, exchange = heard.frame, heard.exchange
        # A recording may say so of a command whose reply has begun: then the server did hear it.
        begun = exchange is not None and exchange.answered_at is not None
        settles = isinstance(frame, CommandLine) and not begun
        if settles and sent is not None:
            self._finder.forget(frame.number)
            self._decoder.settle(frame.number, parse_command(sent.raw) if sent.raw else None)
        sent, answer = sent and self._shown(sent), answer and self._shown(answer)
        if settles and sent is not None and exchange is not None:
            self._tracker.amend(exchange, sent, answer, at)
        self._publish(Intervened(self.session, at, frame, by, did, sent, answer, exchange))

    def inject(self, raw: bytes, masks: Spans = (), *, at: float, by: str) -> None:
        """Take *raw* as a command that the server hears and the client did not say."""
        frame = replace(self._decoder.inject(raw), masks=masks)
        shown = self._shown(frame)
        exchange = self._tracker.inject(shown, at)
        told = Intervened(self.session, at, None, by, Done(Deed.INJECTED), shown, exchange=exchange)
        self._publish(told)

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
            heard = self._apply(frame)
            did = Done(Deed.STLS_CUT_OFF)
            self.intervene(heard, at, "stls", did, sent=in_place_of(heard.frame, b""))

    def withhold(self, side: Side, at: float, by: str) -> None:
        """Take what is left of *side*, which will say no more, as what its peer never hears."""
        if (frame := self._decoder.close(side)) is not None:
            heard = self._apply(frame)
            did = Done(Deed.WITHHELD)
            self.intervene(heard, at, by, did, sent=in_place_of(heard.frame, b""))

    # -- how it ends ----------------------------------------------------------------------------

    def close(self, side: Side) -> Frame | None:
        """Read what is left of a side that will say no more, and return it if anything is."""
        if (frame := self._decoder.close(side)) is not None:
            self._apply(frame)
        return frame

    def side_closed(self, closing: Closing) -> None:
        """Tell that a side sent a FIN or a RST, behind all that it said, unless it is known."""
        session, side, reset = self.session, closing.side, closing.reset
        if any((known.side, known.reset) == (side, reset) for known in session.closings):
            return
        if self._is_amid(side) and not (reset and side in self._decoder.gated):
            self.close(side)
        session.closings.append(closing)
        self._publish(SideClosed(session, closing.at, side, reset, closing.close_notify))

    def _is_amid(self, side: Side) -> bool:
        """Return whether *side* broke off in a line, and all before that has been read.

        Of a client whose lines wait for an answer, a recording has them behind its close.
        """
        if self.session.blind or (side is Side.CLIENT and b"\n" in self._decoder.waiting(side)):
            return False
        return self._decoder.unfinished(side) > 0

    def clogged(self, at: float, *, both: bool) -> None:
        """Tell that neither side takes what is sent to it, or that one does so again."""
        self._publish(Clogged(self.session, at, both))

    def blind(self, at: float, why: str) -> None:
        """Read nothing more of the session, and tell *why*."""
        self.session.blind = True
        self._publish(Blinded(self.session, at, self._words(why)))

    def end(self, at: float, ending: Ending) -> None:
        """Tell that the connection is gone; ``ending_of`` says how."""
        session = self.session
        if not session.blind:
            for side in Side:
                self.close(side)
            self._tell_of(self._glimpses.rest() if self._glimpses else (), at)
            self._tracker.end(at)
        ending = ending_of(session, ending)
        self._decoder.release()
        ending = replace(ending, why=self._words(ending.why))
        session.ending = ending
        self._publish(Finished(session, at, ending))
        self._publish(Ended(session, at, ending))

    def secured(self, tls: Tls, at: float) -> None:
        """Learn that TLS began, and that what is fed from here on comes from inside it."""
        self._tracker.secured(tls.hidden() if self._identities is not None else tls, at)

    def glimpsed(self, glimpse: Glimpse, at: float) -> None:
        """Tell what could be seen of TLS that passes unread, here or when it was recorded."""
        seen = glimpse.hidden() if self._identities is not None else glimpse
        self._publish(Glimpsed(self.session, at, seen))

    def know(self, user: str, at: float) -> None:
        """Take the name of a user from a recording."""
        before = self._redactor.user
        if (shown := self._redactor.know(user)) != before:
            self._publish(Named(self.session, at, shown))

    def know_login(self, at: float) -> None:
        """Take from a recording that the session had logged in before."""
        if self.session.state in BEFORE_LOGIN and not self.session.blind:
            self._tracker.place(State.TRANSACTION, at, self._redactor.user)

    def _apply(self, frame: Frame) -> Heard:
        arrivals, size = self._arrivals[frame.side], len(frame.raw)
        if arrivals.masked:
            frame.masks = arrivals.masks(size)
        if arrivals.told:
            frame.facts = arrivals.facts(size)
        first, last, frame.cuts = arrivals.take(size)
        return self._tell(frame, first, last, self._unread_beside(frame))

    def _tell(self, frame: Frame, first: float, last: float, waiting: bytes = b"") -> Heard:
        """Let *frame* be shown, paired and told; its octets came from *first* to *last*.

        *waiting* is what the other side has said that is in no frame yet, if *frame* may repeat it
        or answer it.
        """
        redactor = self._redactor
        before = redactor.user
        shown = redactor.mask(frame, self.session.state, waiting, last)
        user = redactor.user
        heard = self._tracker.apply(shown, first, last, user)
        if self._glimpses or (isinstance(frame, Opaque) and frame.why is Why.TLS):
            self._glimpses = self._glimpses or Glimpses()
            self._tell_of(self._glimpses.see(frame, self.session), last)
        if shown.masks and user is not None and user != before:
            self._publish(Named(self.session, last, user))
        return heard

    def _tell_of(self, glimpses: Iterable[Glimpse], at: float) -> None:
        for glimpse in glimpses:
            self.glimpsed(glimpse, at)

    def _unread_beside(self, frame: Frame) -> bytes:
        """Return what the other side has said that is in no frame yet, and what *frame* may be to.

        The client's the server may repeat; the server's may be a prompt.
        """
        if frame.side is Side.CLIENT:
            odd = isinstance(frame, CommandLine) and (
                frame.command.spec is None or self.session.typed
            )
            return self._decoder.waiting(Side.SERVER) if odd else b""
        if isinstance(frame, BodyPart):
            return b""
        waiting = self._decoder.waiting(Side.CLIENT)
        return waiting and self._arrivals[Side.CLIENT].without_masks(waiting)
