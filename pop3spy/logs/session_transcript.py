"""One session in the log for people.

Messages are told in one line, long listings are cut short, and what nobody reads is counted.
"""

from collections.abc import Callable

from pop3spy.findings.verdict import verdict_of
from pop3spy.logs.finding_lines import TONES
from pop3spy.logs.layout import LineLayout, LineTone
from pop3spy.logs.shown_lines import ALL, SHOWN, ShownLines
from pop3spy.logs.words import amounts, ended, message, seconds, short
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
from pop3spy.protocol.text import count, escape
from pop3spy.session.body import Body
from pop3spy.session.closings import Closings, closing_text
from pop3spy.session.events import (
    Answered,
    Blinded,
    Ended,
    Event,
    Glimpsed,
    Heard,
    Intervened,
    Moved,
    Opened,
    Raised,
    Secured,
    SideClosed,
    Unanswered,
)
from pop3spy.session.finding import Severity, worth_telling
from pop3spy.session.finding_text import finding_mark, finding_text
from pop3spy.session.inferred import inferred_text
from pop3spy.session.intervention_text import intervention_text, substitutes
from pop3spy.session.lines import line_text
from pop3spy.session.misplaced import misplaced_text
from pop3spy.session.model import Exchange
from pop3spy.session.reply_problems import reply_problems
from pop3spy.session.silence import silence_text
from pop3spy.session.unread import Stretches, UnreadStretch

_AT_THE_EDGE = (LineTone.FRAME, LineTone.VERDICT)
_UNANSWERED = 5
"""How many commands in a row without a reply are told one by one."""
_ANSWERED = 16
"""How many characters of a pipelined command stand beside its reply."""


class SessionTranscript:
    """A reader of events that gives rows, each with its end, to *write*.

    *date* is that of the session's beginning, or empty.  With *bodies* messages are shown line by
    line, and listings whole.  *closings* are those of all sessions that may yet be told; *later*
    has them told although nothing else happens.  Those *findings* are told that are at least so
    bad; with None, none are.
    """

    def __init__(  # noqa: PLR0913 - what all sessions share, and how this one is to look
        self,
        layout: LineLayout,
        write: Callable[[str], None],
        closings: Closings,
        later: Callable[[], None],
        *,
        date: str,
        bodies: bool,
        findings: Severity | None,
    ) -> None:
        self._layout = layout
        self._write = write
        self._later = later
        self._date = date
        self._closings = closings
        self._bodies = bodies
        self._findings = findings
        self._rows: list[str] = []
        self._listing: ShownLines | None = None  # of the reply that is coming
        self._stretches = Stretches()
        self._unanswered_in_a_row = 0
        self._sent = 0  # octets of the message that the client is sending
        self._continued_at = 0.0  # when the client last answered a challenge

    def __call__(self, event: Event) -> None:
        """Write what is to be told of *event*."""
        closes = isinstance(event, SideClosed)
        try:
            if closes or self._closings.waiting:
                for closing in self._closings.before(event):
                    self._rows.append(closing_row(self._layout, closing))
            if self._unanswered_in_a_row and not isinstance(event, Unanswered):
                self._unanswered_rest(event)
            self._tell(event)
        finally:
            rows, self._rows = self._rows, []
        if rows:
            self._write("".join(rows))
        if closes:
            self._later()

    def _tell(self, event: Event) -> None:  # noqa: C901, PLR0912 - one branch an event
        match event:
            case Heard():
                self._heard(event, event.frame)
            case Answered():
                self._answered(event, event.exchange)
            case Unanswered():
                self._unanswered(event)
            case Moved():
                if event.inferred:
                    self._add(event, " ·", inferred_text(event.after), tone=LineTone.NOTE)
            case Intervened():
                self._intervened(event)
            case Opened():
                self._opened(event)
            case Secured():
                self._add(event, " ·", escape(str(event.tls)), tone=LineTone.NOTE)
            case Glimpsed(glimpse=glimpse):
                tone = LineTone.PROBLEM if glimpse.matters else LineTone.NOTE
                self._add(event, " ·", escape(str(glimpse)), tone=tone)
            case Blinded():
                self._end_stretches(event)
                text = f"nothing is read from here on: {escape(event.why)}"
                self._add(event, " !", text, tone=LineTone.FAILURE)
            case Raised(finding=finding):
                if self._findings and finding.severity.value >= self._findings.value:
                    mark, tone = finding_mark(finding), TONES[finding.severity]
                    self._add(event, mark, finding_text(finding), tone=tone, at=finding.at)
            case Ended():
                self._end_stretches(event)
                self._ended(event)

    def _add(  # noqa: PLR0913 - the columns, and what becomes of a wide one
        self,
        event: Event,
        mark: str,
        text: str,
        right: str = "",
        *,
        tone: LineTone,
        cut: bool = False,
        at: float | None = None,
    ) -> None:
        session = event.session
        state = event.state if isinstance(event, Heard) else session.state
        row = self._layout.row(
            mark,
            text,
            right,
            tone=tone,
            elapsed=(event.at if at is None else at) - session.opened_at,
            session=session.id,
            state=None if tone in _AT_THE_EDGE else state,
            cut=cut,
        )
        self._rows.append(row)

    def _opened(self, event: Opened) -> None:
        client, server = escape(str(event.session.client)), escape(str(event.session.server))
        self._add(event, "┌─", f"{client} → {server}", self._date, tone=LineTone.FRAME)

    def _ended(self, event: Ended) -> None:
        if silent := silence_text(event.session, event.at):
            self._add(event, " !", silent, tone=LineTone.PROBLEM)
        how = ended(event.session, event.at, event.ending)
        totals = amounts(event.session, event.ending)
        text = f"{how}: {totals}" if totals else how
        if totals and not self._layout.fits(text):
            self._add(event, "├─", totals, tone=LineTone.FRAME)
            text = how
        if self._findings and worth_telling(event.session.findings, self._findings):
            verdict = verdict_of(event.session, self._findings)
            self._add(event, "├─", verdict, tone=LineTone.VERDICT)
        self._add(event, "└─", text, tone=LineTone.FRAME)

    def _intervened(self, event: Intervened) -> None:
        """Tell what a gate did, and what the peers heard because of it."""
        self._add(event, " ◆", intervention_text(event), tone=LineTone.PROBLEM)
        for frame, text in substitutes(event):
            tone = LineTone.CLIENT if frame.side is Side.CLIENT else LineTone.SERVER
            tone = LineTone.NOTE if isinstance(frame, BodyPart) else tone
            self._add(event, f"{frame.side.value}»", text, tone=tone)

    # -- frames ---------------------------------------------------------------------------------

    def _heard(self, event: Heard, frame: Frame) -> None:
        if self._stretches:
            for stretch in self._stretches.end_before(frame):
                self._end_stretch(event, stretch)
        match frame:
            case CommandLine(pipelined=pipelined):
                self._line(event, frame, "pipelined" if pipelined else "", tone=LineTone.CLIENT)
            case StatusLine() | Challenge():
                self._reply(event, frame)
            case BodyPart() | BodyEnd():
                self._body(event, frame)
            case SaslLine():
                self._continued_at = event.at
                self._line(event, frame, "", tone=LineTone.CLIENT)
            case Junk():
                self._line(event, frame, frame.why.word, tone=LineTone.PROBLEM)
            case Opaque():
                self._opaque(event, frame)

    def _line(self, event: Heard, frame: Frame, right: str, *, tone: LineTone) -> None:
        if frame.truncated:
            right = "overlong"
        mark = "C:" if frame.side is Side.CLIENT else "S:"
        self._add(event, mark, line_text(frame), right, tone=tone)

    def _reply(self, event: Heard, frame: StatusLine | Challenge) -> None:
        right = ""
        self._listing = None
        if exchange := event.exchange:
            waited = event.at - max(exchange.asked_at, self._continued_at)
            right = seconds(max(0.0, waited)).rjust(9)
            if exchange.line.pipelined or len(event.session.outstanding) > 1:
                right = f"← {short(line_text(exchange.said), _ANSWERED)} {right}"
        refused = isinstance(frame, StatusLine) and not frame.ok
        self._line(event, frame, right, tone=LineTone.REFUSAL if refused else LineTone.SERVER)

    def _body(self, event: Heard, frame: BodyPart | BodyEnd) -> None:
        if frame.side is Side.SERVER:
            exchange = event.exchange
            if exchange and isinstance(frame, BodyPart) and self._is_shown(exchange):
                self._listing = self._listing or ShownLines(ALL if self._bodies else SHOWN)
                for text in self._listing.add(frame):
                    self._add(event, "S:", text, tone=LineTone.SERVER, cut=True)
        elif isinstance(frame, BodyPart):
            self._sent += len(frame.raw)
        else:
            text = f"message, {count(self._sent, 'octet')} on the wire"
            self._add(event, "C…", text, tone=LineTone.NOTE)
            self._sent = 0

    def _is_shown(self, exchange: Exchange) -> bool:
        """Return whether the lines of a body are shown."""
        return self._bodies or exchange.command.shape is not Shape.MESSAGE

    def _opaque(self, event: Heard, frame: Opaque) -> None:
        stretch = self._stretches.add(frame, event.first, event.at)
        if stretch and stretch.lasting:
            self._stretch(event, stretch, stretch.beginning, stretch.began_at)

    def _end_stretches(self, event: Event) -> None:
        for stretch in self._stretches.end():
            self._end_stretch(event, stretch)

    def _end_stretch(self, event: Event, stretch: UnreadStretch) -> None:
        """Tell of a stretch: of a lasting one, whose beginning was told, when it is over."""
        at = event.at if stretch.lasting else stretch.began_at
        self._stretch(event, stretch, stretch.total, at)

    def _stretch(self, event: Event, stretch: UnreadStretch, text: str, at: float) -> None:
        tone = LineTone.NOTE if stretch.harmless else LineTone.PROBLEM
        self._add(event, f"{stretch.side.value}…", text, tone=tone, at=at)

    # -- exchanges ------------------------------------------------------------------------------

    def _answered(self, event: Answered, exchange: Exchange) -> None:
        if exchange.body is not None:
            self._end_body(event, exchange)
        if exchange.ok and exchange.command.verb == "AUTH" and exchange.user is not None:
            text = f"logged in as {exchange.user}"
            self._add(event, " ·", text, tone=LineTone.NOTE)
        for problem in reply_problems(exchange):
            mark = " ·" if exchange.complete else " !"
            self._add(event, mark, problem, tone=LineTone.PROBLEM)
        if exchange.misplaced:
            self._add(event, " ·", misplaced_text(exchange), tone=LineTone.NOTE)

    def _end_body(self, event: Answered, exchange: Exchange) -> None:
        body, listing = exchange.body, self._listing or ShownLines()
        assert body is not None
        right = f"{seconds(exchange.duration or 0.0):>9}"
        if self._is_shown(exchange):
            for text in listing.rest():
                self._add(event, "S:", text, tone=LineTone.SERVER, cut=True)
        if exchange.command.shape is Shape.MESSAGE:
            tone = LineTone.NOTE if body.complete else LineTone.PROBLEM
            self._add(event, "S…", message(exchange), right, tone=tone, cut=body.complete)
        else:
            self._end_listing(event, body, listing.shown, right)

    def _end_listing(self, event: Answered, body: Body, shown: int, right: str) -> None:
        lines = body.lines or 0
        if lines > shown:
            text = count(lines - shown, "more line")
            self._add(event, "S…", text, tone=LineTone.NOTE)
        if body.complete:
            self._add(event, "S:", ".", right, tone=LineTone.SERVER)
        else:
            text = f"listing without an end, {count(lines, 'line')}"
            self._add(event, " !", text, right, tone=LineTone.PROBLEM)

    def _unanswered(self, event: Unanswered) -> None:
        self._unanswered_in_a_row += 1
        if self._unanswered_in_a_row <= _UNANSWERED:
            text = f"no reply to {line_text(event.exchange.said)}"
            self._add(event, " !", text, tone=LineTone.PROBLEM)

    def _unanswered_rest(self, event: Event) -> None:
        more, self._unanswered_in_a_row = self._unanswered_in_a_row - _UNANSWERED, 0
        if more > 0:
            text = f"no reply to {count(more, 'more command')}"
            self._add(event, " !", text, tone=LineTone.PROBLEM)


def closing_row(layout: LineLayout, event: SideClosed) -> str:
    """Return the row that tells of a side's closing."""
    session = event.session
    return layout.row(
        "──",
        closing_text(event),
        "",
        tone=LineTone.FRAME,
        elapsed=event.at - session.opened_at,
        session=session.id,
        state=None,
    )
