"""A subscriber that keeps of each session what a report tells of it."""

from collections.abc import Set as AbstractSet
from math import inf
from typing import Final

from pop3spy.export.exporter import noted_text
from pop3spy.findings.verdict import verdict_of
from pop3spy.logs.shown_lines import ShownLines
from pop3spy.protocol.commands import Shape
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
)
from pop3spy.protocol.message import headers_of
from pop3spy.protocol.text import count, escape
from pop3spy.protocol.why import Trait
from pop3spy.report.collected import (
    Aside,
    AsideKind,
    CapabilityList,
    CollectedExchange,
    CollectedSession,
    GateDeed,
    InnerLine,
)
from pop3spy.report.limits import LINES, NOTED
from pop3spy.report.own_time import OwnTime
from pop3spy.report.report import Report
from pop3spy.report.whose_turn import WhoseTurn
from pop3spy.session.bus import Reader
from pop3spy.session.closings import Closings, closing_text
from pop3spy.session.deeds import Deed
from pop3spy.session.events import (
    Answered,
    Blinded,
    Ended,
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
from pop3spy.session.misplaced import misplaced_text
from pop3spy.session.model import Exchange, Session
from pop3spy.session.reply_problems import reply_problems
from pop3spy.session.silence import silence_text
from pop3spy.session.unread import Stretches, UnreadStretch

_LEAPT: Final = "times leap back in this session, so lines stand in the order in which they came"
_STOPPING: Final = frozenset({Deed.CLOSED, Deed.RESET, Deed.STALLED, Deed.DROPPED})
"""Deeds behind which nothing of a frame, or not all of it, went on."""


class Collecting:
    """A subscriber of the sessions of the recording that was added to *report* last."""

    def __init__(self, report: Report) -> None:
        self._begin = report.begin
        self._mail = report.shows_mail_of(report.recordings[-1])
        self._notes = not (report.recordings[-1].strict or report.wanted)
        self._too_long = frozenset(rule.id for rule in report.rules.values() if rule.too_long)
        self._whole = not report.wanted
        self._open: dict[int, _SessionReader] = {}

    def __call__(self, session: Session) -> Reader:
        """Return what keeps *session*."""
        collected = self._begin(session)
        reader = _SessionReader(collected, self._too_long, mail=self._mail, whole=self._whole)
        if (before := self._open.pop(session.id, None)) is not None:
            before.close()
        self._open[session.id] = reader

        def read(event: Event) -> None:
            reader(event)
            if isinstance(event, Ended):
                reader.close()
                self._open.pop(session.id, None)

        return read

    def note(self, event: Noted) -> None:
        """Keep what a person noted in each session that is open.

        It may name anybody, and is about no exchange: so it is left out where names are hidden, and
        of a part.
        """
        if not self._notes:
            return
        text = noted_text(event)
        for reader in [*self._open.values()][-NOTED:]:
            reader.collected.items.append(Aside(AsideKind.NOTE, event.at, f"note: {text}"))

    def close(self) -> None:
        """Take in the sessions whose end was not recorded."""
        for reader in self._open.values():
            reader.close()
        self._open.clear()


class _SessionReader:
    """Reads the events of one session into ``collected``; *too_long* are findings that say so.

    Unless all of them come, it is not *whole*, and nobody knows whose turn it was.
    """

    def __init__(
        self, collected: CollectedSession, too_long: AbstractSet[str], *, mail: bool, whole: bool
    ) -> None:
        self.collected = collected
        self._too_long = too_long
        self._mail = mail
        self._known: dict[int, CollectedExchange] = {}  # by the number of the exchange
        self._lines: dict[int, ShownLines] = {}  # of bodies that are coming
        self._turns = WhoseTurn(collected.session, collected.turns) if whole else None
        self._own_time = OwnTime(collected.own_time)
        self._unread = Stretches()
        self._closings = Closings()
        self._held: dict[int, GateDeed] = {}  # by exchange: what nobody has decided about
        self._heard_at = -inf
        self._sent = 0  # octets of the message that the client is sending

    def __call__(self, event: Event) -> None:
        """Keep what a report tells of *event*."""
        self._pass_time(event)
        if self._turns is not None:
            self._turns.read(event)
        self._own_time.read(event)
        for closing in self._closings.before(event):
            self._aside(AsideKind.CLOSING, closing.at, closing_text(closing), closing.side)
        match event:
            case Heard():
                self._heard(event, event.frame)
            case Answered(exchange=exchange) | Unanswered(exchange=exchange):
                self._over(exchange, event.at)
            case Intervened():
                self._intervened(event)
            case Secured(tls=tls):
                self._aside(AsideKind.TLS, event.at, escape(str(tls)), _side(tls.side))
            case Glimpsed(glimpse=glimpse):
                kind = AsideKind.PROBLEM if glimpse.matters else AsideKind.TLS
                self._aside(kind, event.at, escape(str(glimpse)), _side(glimpse.side))
            case Moved(inferred=True, after=after):
                self._aside(AsideKind.NOTE, event.at, inferred_text(after))
            case Blinded(why=why):
                text = f"nothing is read from here on: {escape(why)}"
                self._aside(AsideKind.PROBLEM, event.at, text)

    def _pass_time(self, event: Event) -> None:
        collected = self.collected
        if isinstance(event, Heard):
            collected.leapt = collected.leapt or event.at < self._heard_at
            self._heard_at = event.at
        collected.last_at = max(collected.last_at, event.at)

    def close(self) -> None:
        """Settle what waits for more, and take in all that was found."""
        collected, session = self.collected, self.collected.session
        self._unread_ended(self._unread.end())
        self._own_time.close()
        for open_one in self._known.values():
            if open_one.over_at is None:
                open_one.due = collected.running
                self._over(open_one.exchange, collected.last_at)
            if (held := self._held.get(open_one.number)) is not None:
                open_one.never_heard(held)
        if text := silence_text(session, collected.last_at):
            self._aside(AsideKind.PROBLEM, collected.last_at, text)
        collected.findings = worth_telling(session.findings, Severity.INFO)
        for finding in collected.findings:
            for number in finding.exchanges:
                known = self._known.get(number)
                if known is not None and finding not in known.findings:
                    known.findings.append(finding)
                    known.slow = known.slow or finding.id in self._too_long
        collected.verdict = verdict_of(session)
        if collected.leapt:
            collected.items.insert(0, Aside(AsideKind.NOTE, session.opened_at, _LEAPT))
        else:
            collected.items.sort(key=lambda item: item.at)
        self._known.clear()

    def _aside(self, kind: AsideKind, at: float, text: str, side: Side | None = None) -> None:
        self.collected.items.append(Aside(kind, at, text, side))

    # -- frames ---------------------------------------------------------------------------------

    def _heard(self, event: Heard, frame: Frame) -> None:
        if not (isinstance(frame, Opaque) or _is_filler(frame)):
            self.collected.masks += len(frame.masks)
        if self._unread:
            self._unread_ended(self._unread.end_before(frame))
        known = None if event.exchange is None else self._known.get(event.exchange.number)
        match frame:
            case CommandLine() if event.exchange is not None:
                self._begin(event.exchange)
            case StatusLine() if event.exchange is None:
                self.collected.greeting, self.collected.greeted_at = line_text(frame), event.at
            case StatusLine(final=False) | Challenge() | SaslLine() if known is not None:
                known.add_inner(InnerLine(event.at, frame.side, line_text(frame)))
            case BodyPart() if known is not None:
                self._part(known, frame, event.at)
            case Junk() if known is not None:
                known.add_inner(InnerLine(event.at, Side.SERVER, line_text(frame), stray=True))
            case Junk():
                text = f"{frame.why.word}: {line_text(frame)}"
                self._aside(AsideKind.STRAY, event.at, text, Side.SERVER)
            case Opaque():
                encrypted = Trait.ENCRYPTED in frame.why.traits
                self.collected.passed_unread = self.collected.passed_unread or encrypted
                self._unread.add(frame, event.first, event.at)

    def _begin(self, exchange: Exchange) -> CollectedExchange:
        known = self._known[exchange.number] = CollectedExchange(exchange)
        self.collected.items.append(known)
        self._sent = 0
        return known

    def _part(self, known: CollectedExchange, frame: BodyPart, at: float) -> None:
        if frame.side is Side.CLIENT:
            if not self._sent:
                known.add_inner(InnerLine(at, Side.CLIENT, ""))
            self._sent += len(frame.raw)
            text = f"message, {count(self._sent, 'octet')} on the wire"
            known.inner[-1] = InnerLine(at, Side.CLIENT, text)
            return
        if known.exchange.command.shape is Shape.MESSAGE and not self._mail:
            return
        lines = self._lines.setdefault(known.number, ShownLines(LINES))
        known.lines.extend(lines.add(frame))

    def _unread_ended(self, stretches: list[UnreadStretch]) -> None:
        for stretch in stretches:
            kind = AsideKind.UNREAD if stretch.harmless else AsideKind.PROBLEM
            self._aside(kind, stretch.began_at, str(stretch), stretch.side)

    def _intervened(self, event: Intervened) -> None:
        frame = event.frame
        deed = GateDeed(
            event.at,
            intervention_text(event),
            None if frame is None else frame.side,
            tuple((frame.side, text) for frame, text in substitutes(event)),
            stopped=event.sent is not None or event.did.deed in _STOPPING,
            about_body=isinstance(frame, BodyPart | BodyEnd),
        )
        known = None if event.exchange is None else self._known.get(event.exchange.number)
        if known is None and event.exchange is not None and event.exchange.injected:
            known = self._begin(event.exchange)
        if known is not None:
            known.add_deed(deed)
            self._held.pop(known.number, None)
            if event.did.deed is Deed.HELD:
                self._held[known.number] = deed
            return
        self._aside(AsideKind.OWN, event.at, "; ".join(deed.lines), deed.side)

    # -- exchanges ------------------------------------------------------------------------------

    def _over(self, exchange: Exchange, at: float) -> None:
        """Take in what is known of an exchange now that it is over."""
        known = self._known.get(exchange.number)
        if known is None:
            return
        known.over_at = at
        if exchange.command.verb == "CAPA" and exchange.ok and exchange.complete:
            self._listed(exchange)
        lines = self._lines.pop(known.number, None)
        known.problems = [] if known.due else [escape(text) for text in reply_problems(exchange)]
        if exchange.misplaced:
            known.problems.append(misplaced_text(exchange))
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
            self.collected.messages += 1
            if self._mail:
                headers = headers_of(body.head)
                known.subject = escape(headers.get("subject", ""))
                known.sender = escape(headers.get("from", ""))

    def _listed(self, exchange: Exchange) -> None:
        session = self.collected.session
        state = exchange.state_before.phase
        listed = session.capabilities.get(state, ())
        where = f"{state.value}{_inside(session)}"
        names = tuple(escape(str(capability)) for capability in listed)
        self.collected.capabilities.append(CapabilityList(exchange.number, where, names))


def _is_filler(frame: Frame) -> bool:
    """Return whether it stands for a piece of a body that was only counted: no secret was in it."""
    return isinstance(frame, BodyPart) and frame.masks == ((0, len(frame.raw)),)


def _inside(session: Session) -> str:
    """Return with whom there is TLS that can be read."""
    legs = set(session.legs)
    if legs == {"client", "server"} or (legs and session.typed):
        return " inside TLS"
    return "".join(f" in TLS with the {leg} alone" for leg in legs)


def _side(name: str) -> Side | None:
    """Return the side of that name; None for what a recording calls neither."""
    return {side.name.lower(): side for side in Side}.get(name)
