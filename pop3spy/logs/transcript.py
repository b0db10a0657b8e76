"""The log for people: what client and server said, one line of the wire on one line.

Messages are told in one line, long listings are cut short, and what nobody reads is counted.
"""

from pop3spy.logs.layout import LineLayout, LineTone
from pop3spy.logs.listing import ALL, SHOWN, Listing
from pop3spy.logs.notes import sentence
from pop3spy.logs.shown import ShownCommand, ShownSession
from pop3spy.logs.stretches import UnreadStretch
from pop3spy.logs.words import amounts, count, ended, message, seconds, short
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
    Why,
)
from pop3spy.protocol.text import escape
from pop3spy.session.chunk import Clock
from pop3spy.session.events import (
    Answered,
    Blinded,
    Ended,
    Event,
    Glimpsed,
    Heard,
    Intervened,
    Noted,
    Opened,
    Secured,
    Told,
    Unanswered,
)
from pop3spy.session.intervention_text import intervention_text, substitutes
from pop3spy.session.lines import line_text
from pop3spy.spool import Stream

_UNANSWERED = 5
"""How many commands in a row without a reply are told one by one."""
_ANSWERED = 16
"""How many characters of a pipelined command stand beside its reply."""
_WORDS = {Why.BANNER: "banner", Why.UNASKED: "unasked", Why.OUT_OF_STEP: "unpaired"}


class Transcript:
    """A subscriber that writes the transcript to *stream*.

    With *colour* it is coloured.  ``width`` is the number of columns of the terminal, which may be
    set anew at any time; None is a file, in which no line is cut.  With *clock* each session's
    first line has the date.  With *bodies* messages are shown line by line, and listings whole.
    """

    def __init__(
        self,
        stream: Stream,
        clock: Clock | None = None,
        *,
        colour: bool = False,
        width: int | None = None,
        bodies: bool = False,
    ) -> None:
        self._bodies = bodies
        self._stream = stream
        self._clock = clock
        self._layout = LineLayout(colour=colour, width=width)
        self._sessions: dict[int, ShownSession] = {}
        self._rows: list[str] = []

    @property
    def width(self) -> int | None:
        """The columns that a line may take."""
        return self._layout.width

    @width.setter
    def width(self, columns: int | None) -> None:
        self._layout.width = columns

    def __call__(self, event: Told) -> None:
        """Write what is to be told of *event*."""
        if isinstance(event, Noted):
            return
        shown = self._sessions.get(event.session.id)
        if shown is None:
            shown = self._sessions[event.session.id] = ShownSession()
        try:
            if shown.unanswered and not isinstance(event, Unanswered):
                self._unanswered_rest(event, shown)
            self._tell(event, shown)
        finally:
            rows, self._rows = self._rows, []
            if isinstance(event, Ended):
                del self._sessions[event.session.id]
        if rows:
            self._stream.write("".join(rows))
            self._stream.flush()

    def _tell(self, event: Event, shown: ShownSession) -> None:  # noqa: C901 - one branch an event
        if isinstance(event, Blinded | Ended):
            for stretch in shown.stretches.end():
                self._stretch(event, stretch, stretch.total)
        match event:
            case Heard():
                self._heard(event, event.frame, shown)
            case Answered():
                self._answered(event, shown)
            case Unanswered():
                self._unanswered(event, shown)
            case Intervened():
                self._intervened(event, shown)
            case Opened():
                self._opened(event)
            case Secured():
                self._add(event, " ·", escape(str(event.tls)), tone=LineTone.NOTE)
            case Glimpsed(glimpse=glimpse):
                tone = LineTone.PROBLEM if glimpse.matters else LineTone.NOTE
                self._add(event, " ·", escape(str(glimpse)), tone=tone)
            case Blinded():
                text = f"nothing is read from here on: {escape(event.why)}"
                self._add(event, " !", text, tone=LineTone.FAILURE)
            case Ended():
                self._ended(event)

    def _add(self, event: Event, mark: str, text: str, right: str = "", *, tone: LineTone) -> None:
        session = event.session
        state = event.state if isinstance(event, Heard) else session.state
        row = self._layout.row(
            mark,
            text,
            right,
            tone=tone,
            elapsed=event.at - session.opened_at,
            session=session.id,
            state="" if tone is LineTone.FRAME else state.value,
        )
        self._rows.append(row)

    def _opened(self, event: Opened) -> None:
        client, server = escape(str(event.session.client)), escape(str(event.session.server))
        date = f"{self._clock.date(event.at):%Y-%m-%d %H:%M:%SZ}" if self._clock else ""
        self._add(event, "┌─", f"{client} → {server}", date, tone=LineTone.FRAME)

    def _ended(self, event: Ended) -> None:
        how = ended(event.session, event.at, event.ending)
        totals = amounts(event.session, event.ending)
        text = f"{how}: {totals}" if totals else how
        if totals and not self._layout.fits(text):
            self._add(event, "├─", totals, tone=LineTone.FRAME)
            text = how
        self._add(event, "└─", text, tone=LineTone.FRAME)

    def _intervened(self, event: Intervened, shown: ShownSession) -> None:
        """Tell what a gate did, and what the peers heard because of it."""
        self._add(event, " ◆", intervention_text(event), tone=LineTone.PROBLEM)
        for frame, text in substitutes(event):
            tone = LineTone.CLIENT if frame.side is Side.CLIENT else LineTone.SERVER
            tone = LineTone.NOTE if isinstance(frame, BodyPart) else tone
            self._add(event, f"{frame.side.value}»", text, tone=tone)
            if isinstance(frame, CommandLine):
                self._ask(event, frame, shown)

    # -- frames ---------------------------------------------------------------------------------

    def _heard(self, event: Heard, frame: Frame, shown: ShownSession) -> None:
        if shown.stretches:
            for stretch in shown.stretches.end_before(frame):
                self._stretch(event, stretch, stretch.total)
        match frame:
            case BodyPart() | BodyEnd():
                self._body(event, frame, shown)
            case CommandLine() | SaslLine():
                self._asking(event, frame, shown)
            case StatusLine() | Challenge():
                self._reply(event, frame, shown)
            case Junk():
                self._line(event, frame, _WORDS.get(frame.why, ""), tone=LineTone.PROBLEM)
            case Opaque():
                self._opaque(event, frame, shown)

    def _line(self, event: Heard, frame: Frame, right: str, *, tone: LineTone) -> None:
        if frame.truncated:
            right = "overlong"
        mark = "C:" if frame.side is Side.CLIENT else "S:"
        self._add(event, mark, line_text(frame), right, tone=tone)

    def _asking(self, event: Heard, frame: CommandLine | SaslLine, shown: ShownSession) -> None:
        right = ""
        if isinstance(frame, CommandLine):
            self._ask(event, frame, shown)
            right = "pipelined" if frame.pipelined else ""
        elif asked := shown.asked.get(frame.number):
            asked.at = event.at
        self._line(event, frame, right, tone=LineTone.CLIENT)

    def _ask(self, event: Event, frame: CommandLine, shown: ShownSession) -> None:
        """Expect the reply to *frame*; who heard another command than was said answers that."""
        if asked := shown.asked.get(frame.number):
            asked.shape = frame.command.shape
            return
        shown.asked[frame.number] = ShownCommand(
            line_text(frame)[: _ANSWERED + 1],
            event.at,
            frame.command.shape,
            frame.pipelined,
            Listing(ALL if self._bodies else SHOWN),
        )

    def _reply(self, event: Heard, frame: StatusLine | Challenge, shown: ShownSession) -> None:
        right = ""
        if asked := shown.asked.get(frame.number):
            right = f"{seconds(max(0.0, event.at - asked.at)):>9}"
            if asked.pipelined or len(shown.asked) > 1:
                right = f"← {short(asked.text, _ANSWERED)} {right}"
        refused = isinstance(frame, StatusLine) and not frame.ok
        self._line(event, frame, right, tone=LineTone.REFUSAL if refused else LineTone.SERVER)

    def _body(self, event: Heard, frame: BodyPart | BodyEnd, shown: ShownSession) -> None:
        if frame.side is Side.SERVER:
            asked = shown.asked.get(frame.number)
            if (
                asked
                and (self._bodies or asked.shape is not Shape.MESSAGE)
                and isinstance(frame, BodyPart)
            ):
                for text in asked.listing.add(frame):
                    self._add(event, "S:", text, tone=LineTone.SERVER)
        elif isinstance(frame, BodyPart):
            shown.sent += len(frame.raw)
        else:
            text = f"message, {count(shown.sent, 'octet')} on the wire"
            self._add(event, "C…", text, tone=LineTone.NOTE)
            shown.sent = 0

    def _opaque(self, event: Heard, frame: Opaque, shown: ShownSession) -> None:
        stretch = shown.stretches.add(frame, event.at)
        if stretch and stretch.lasting:
            self._stretch(event, stretch, stretch.beginning)

    def _stretch(self, event: Event, stretch: UnreadStretch, text: str) -> None:
        tone = LineTone.NOTE if stretch.harmless else LineTone.PROBLEM
        self._add(event, f"{stretch.side.value}…", text, tone=tone)

    # -- exchanges ------------------------------------------------------------------------------

    def _answered(self, event: Answered, shown: ShownSession) -> None:
        exchange = event.exchange
        asked = shown.asked.pop(exchange.number, None)
        if (body := exchange.body) is not None:
            right = f"{seconds(exchange.duration or 0.0):>9}"
            if exchange.command.shape is Shape.MESSAGE:
                if self._bodies and asked:
                    for text in asked.listing.rest():
                        self._add(event, "S:", text, tone=LineTone.SERVER)
                tone = LineTone.NOTE if body.complete else LineTone.PROBLEM
                self._add(event, "S…", message(exchange), right, tone=tone)
            else:
                self._end_listing(event, asked.listing if asked else Listing(), right)
        if exchange.misplaced:
            text = f"{exchange.said.command.verb} is not allowed in {exchange.state_before.value}"
            self._add(event, " ·", text, tone=LineTone.NOTE)

    def _end_listing(self, event: Answered, listing: Listing, right: str) -> None:
        body = event.exchange.body
        assert body is not None
        for text in listing.rest():
            self._add(event, "S:", text, tone=LineTone.SERVER)
        lines = body.lines or 0
        if lines > listing.shown:
            self._add(event, "S…", count(lines - listing.shown, "more line"), tone=LineTone.NOTE)
        if body.complete:
            self._add(event, "S:", ".", right, tone=LineTone.SERVER)
        else:
            text = f"listing without an end, {count(lines, 'line')}"
            self._add(event, " !", text, right, tone=LineTone.PROBLEM)

    def _unanswered(self, event: Unanswered, shown: ShownSession) -> None:
        shown.asked.pop(event.exchange.number, None)
        shown.unanswered += 1
        if shown.unanswered <= _UNANSWERED:
            text = f"no reply to {line_text(event.exchange.said)}"
            self._add(event, " !", text, tone=LineTone.PROBLEM)

    def _unanswered_rest(self, event: Event, shown: ShownSession) -> None:
        more, shown.unanswered = shown.unanswered - _UNANSWERED, 0
        if more > 0:
            text = f"no reply to {count(more, 'more command')}"
            self._add(event, " !", text, tone=LineTone.PROBLEM)


def lines_lost(count: int) -> str:
    """Return the line that stands where *count* entries could not be written in time."""
    return f"{sentence(Noted('entries_lost', 0.0, {'count': count}))}\n"
