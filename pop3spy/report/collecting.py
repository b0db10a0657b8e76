"""A subscriber that keeps of each session what a report tells of it."""

from collections.abc import Callable
from typing import Final

from pop3spy.findings.verdict import verdict_of
from pop3spy.logs.shown_lines import ShownLines
from pop3spy.protocol.commands import Shape
from pop3spy.protocol.frames import (
    BodyPart,
    Challenge,
    CommandLine,
    Frame,
    Junk,
    Opaque,
    SaslLine,
    Side,
    StatusLine,
)
from pop3spy.protocol.message import headers_of
from pop3spy.protocol.text import count, escape
from pop3spy.report.collected import (
    Aside,
    AsideKind,
    CapabilityList,
    CollectedExchange,
    CollectedSession,
    GateDeed,
    InnerLine,
)
from pop3spy.report.limits import LINES
from pop3spy.session.bus import Reader
from pop3spy.session.closings import Closings, closing_text
from pop3spy.session.deeds import Deed
from pop3spy.session.events import (
    Answered,
    Blinded,
    Event,
    Glimpsed,
    Heard,
    Intervened,
    Moved,
    Noted,
    Secured,
    Unanswered,
)
from pop3spy.session.finding import Severity, worth_telling
from pop3spy.session.inferred import inferred_text
from pop3spy.session.intervention_text import intervention_text, substitutes
from pop3spy.session.lines import line_text
from pop3spy.session.model import Exchange, Session
from pop3spy.session.reply_problems import reply_problems
from pop3spy.session.silence import silence_text
from pop3spy.session.unread import Stretches, UnreadStretch

_WAITS: Final = frozenset({Deed.DELAYED, Deed.SLOWED, Deed.SLICED, Deed.STALLED, Deed.HELD})
"""Deeds that take time."""


class Collecting:
    """A subscriber of the sessions of one recording; *begin* makes what keeps one of them.

    With *mail*, messages are kept with their subjects and first lines.  What a person noted is left
    out of a *strict* report, as it may name anybody.
    """

    def __init__(
        self, begin: Callable[[Session], CollectedSession], *, mail: bool, strict: bool
    ) -> None:
        self._begin = begin
        self._mail = mail
        self._strict = strict
        self._readers: list[_SessionReader] = []

    def __call__(self, session: Session) -> Reader:
        """Return what keeps *session*."""
        reader = _SessionReader(self._begin(session), mail=self._mail)
        self._readers.append(reader)
        return reader

    def note(self, event: Noted) -> None:
        """Keep what a person noted in each session that is open."""
        if self._strict:
            return
        text = escape(str(event.facts.get("text", "")))
        for reader in self._readers:
            if reader.kept.session.ending is None:
                reader.kept.items.append(Aside(AsideKind.NOTE, event.at, f"note: {text}"))

    def close(self) -> None:
        """Take what was found and said to the end into what was kept."""
        for reader in self._readers:
            reader.close()
        self._readers.clear()


class _SessionReader:
    """Reads the events of one session into ``kept``."""

    def __init__(self, kept: CollectedSession, *, mail: bool) -> None:
        self.kept = kept
        self._mail = mail
        self._known: dict[int, CollectedExchange] = {}  # by the number of the exchange
        self._lines: dict[int, ShownLines] = {}  # of bodies that are coming
        self._unread = Stretches()
        self._closings = Closings()
        self._sent = 0  # octets of the message that the client is sending

    def __call__(self, event: Event) -> None:
        """Keep what a report tells of *event*."""
        kept = self.kept
        kept.last_at = max(kept.last_at, event.at)
        for closing in self._closings.before(event):
            self._aside(AsideKind.CLOSING, closing.at, closing_text(closing), closing.side)
        match event:
            case Heard():
                self._heard(event, event.frame)
            case Answered(exchange=exchange) | Unanswered(exchange=exchange):
                self._over(exchange)
            case Intervened():
                self._intervened(event)
            case Secured(tls=tls):
                side = Side.CLIENT if tls.side == "client" else Side.SERVER
                self._aside(AsideKind.TLS, event.at, escape(str(tls)), side)
            case Glimpsed(glimpse=glimpse):
                kind = AsideKind.PROBLEM if glimpse.matters else AsideKind.TLS
                side = Side.CLIENT if glimpse.side == "client" else Side.SERVER
                self._aside(kind, event.at, escape(str(glimpse)), side)
            case Moved(inferred=True, after=after):
                self._aside(AsideKind.NOTE, event.at, inferred_text(after))
            case Blinded(why=why):
                text = f"nothing is read from here on: {escape(why)}"
                self._aside(AsideKind.PROBLEM, event.at, text)

    def close(self) -> None:
        """Settle what waits for more, and take in all that was found."""
        kept, session = self.kept, self.kept.session
        self._unread_ended(self._unread.end())
        for open_one in self._known.values():
            if not open_one.over:
                self._over(open_one.exchange)
        if text := silence_text(session, kept.last_at):
            self._aside(AsideKind.PROBLEM, kept.last_at, text)
        kept.findings = worth_telling(session.findings, Severity.INFO)
        for finding in kept.findings:
            for place in finding.places:
                known = self._known.get(place.exchange or 0)
                if known is not None and finding not in known.findings:
                    known.findings.append(finding)
        kept.verdict = escape(verdict_of(session))
        self._known.clear()

    def _aside(self, kind: AsideKind, at: float, text: str, side: Side | None = None) -> None:
        self.kept.items.append(Aside(kind, at, text, side))

    # -- frames ---------------------------------------------------------------------------------

    def _heard(self, event: Heard, frame: Frame) -> None:
        self.kept.masks += len(frame.masks)
        if self._unread:
            self._unread_ended(self._unread.end_before(frame))
        known = None if event.exchange is None else self._known.get(event.exchange.number)
        match frame:
            case CommandLine() if event.exchange is not None:
                self._begin(event.exchange)
            case StatusLine() if event.exchange is None:
                self.kept.greeting, self.kept.greeted_at = line_text(frame), event.at
            case StatusLine(final=False) | Challenge() | SaslLine() if known is not None:
                known.steps.append(InnerLine(event.at, frame.side, line_text(frame)))
            case BodyPart() if known is not None:
                self._part(known, frame, event.at)
            case Junk() if known is not None:
                known.steps.append(InnerLine(event.at, Side.SERVER, line_text(frame), stray=True))
            case Junk():
                text = f"{frame.why.word}: {line_text(frame)}"
                self._aside(AsideKind.STRAY, event.at, text, Side.SERVER)
            case Opaque():
                self._unread.add(frame, event.first, event.at)

    def _begin(self, exchange: Exchange) -> CollectedExchange:
        known = self._known[exchange.number] = CollectedExchange(exchange)
        self.kept.items.append(known)
        self._sent = 0
        return known

    def _part(self, known: CollectedExchange, frame: BodyPart, at: float) -> None:
        if frame.side is Side.CLIENT:
            if not self._sent:
                known.steps.append(InnerLine(at, Side.CLIENT, ""))
            self._sent += len(frame.raw)
            text = f"message, {count(self._sent, 'octet')} on the wire"
            known.steps[-1] = InnerLine(at, Side.CLIENT, text)
            return
        if known.exchange.command.shape is Shape.MESSAGE and not self._mail:
            return
        lines = self._lines.setdefault(known.number, ShownLines(LINES))
        known.lines.extend(lines.add(frame))

    def _unread_ended(self, stretches: list[UnreadStretch]) -> None:
        for stretch in stretches:
            kind = AsideKind.UNREAD if stretch.harmless else AsideKind.PROBLEM
            self._aside(kind, stretch.began_at, stretch.total, stretch.side)

    def _intervened(self, event: Intervened) -> None:
        went_on = tuple((frame.side, text) for frame, text in substitutes(event))
        text = intervention_text(event)
        known = None if event.exchange is None else self._known.get(event.exchange.number)
        if known is None and event.exchange is not None and event.exchange.injected:
            known = self._begin(event.exchange)
        if known is not None:
            known.gates.append(GateDeed(event.at, text, event.did.deed in _WAITS, went_on))
            return
        side = None if event.frame is None else event.frame.side
        told = "; ".join([text, *(f"{one.value}» {said}" for one, said in went_on)])
        self._aside(AsideKind.OWN, event.at, told, side)

    # -- exchanges ------------------------------------------------------------------------------

    def _over(self, exchange: Exchange) -> None:
        """Take in what is known of an exchange now that it is over."""
        known = self._known.get(exchange.number)
        if known is None:
            return
        known.over = True
        if exchange.command.verb == "CAPA" and exchange.ok and exchange.complete:
            self._listed(exchange)
        lines = self._lines.pop(known.number, None)
        known.problems = [escape(text) for text in reply_problems(exchange)]
        body = exchange.body
        if body is None:
            return
        if lines is not None:
            known.lines.extend(lines.rest())
            if body.lines is not None:
                known.left = max(0, body.lines - lines.shown)
            else:
                known.left = 0 if lines.shown < LINES else None
        if exchange.command.shape is Shape.MESSAGE:
            self.kept.messages += 1
            if self._mail:
                headers = headers_of(body.head)
                known.subject = escape(headers.get("subject", ""))
                known.sender = escape(headers.get("from", ""))

    def _listed(self, exchange: Exchange) -> None:
        session = self.kept.session
        state = exchange.state_before.phase
        listed = session.capabilities.get(state, ())
        where = f"{state.value} inside TLS" if session.legs else state.value
        names = tuple(escape(str(capability)) for capability in listed)
        self.kept.capabilities.append(CapabilityList(exchange.number, where, names))
