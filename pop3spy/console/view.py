"""A reader that makes rows of what client and server say, as somebody at a terminal reads it.

Rules: 1. what comes here has no secrets in it; 2. every text is escaped; 3. of a long reply only so
much is kept as anybody may want to page through.
"""

from typing import Final

from pop3spy.console.explain import explain, explain_junk
from pop3spy.console.finding_rows import finding_row, verdict_rows
from pop3spy.console.maildrop import MaildropSummary
from pop3spy.console.oauth_error import explain_oauth_error
from pop3spy.console.rows import Row, RowTone, hint, note
from pop3spy.export.unstuff import Unstuffer
from pop3spy.protocol import sasl
from pop3spy.protocol.commands import line_of
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
from pop3spy.protocol.states import State
from pop3spy.protocol.text import MASK, escape, show
from pop3spy.protocol.why import Why
from pop3spy.session.events import (
    Answered,
    Ended,
    Event,
    Heard,
    Moved,
    Opened,
    Raised,
    Secured,
    Unanswered,
)
from pop3spy.session.finding import Severity
from pop3spy.session.inferred import inferred_text
from pop3spy.session.lines import line_text
from pop3spy.session.maildrop import SeenMaildrop
from pop3spy.session.reply_problems import reply_problems

MOST_LINES: Final = 5000
"""Lines of one reply that are kept to be shown."""
_LONGEST: Final = 4096
"""Octets of one line that are shown."""


class View:
    """Reads a session, or one after the other, and collects rows until ``take`` fetches them.

    ``masked`` counts the client's lines of which something was hidden; ``doubtful`` are the numbers
    of commands that nobody knows and no server took: they may be anything.  With ``timed`` each
    reply has its latency; while it is ``folded``, bodies are told as a size; with ``automatic``
    nobody has to answer challenges.  *Findings* that are at least so bad are shown; None: none.
    """

    def __init__(self, findings: Severity | None = None) -> None:
        self._findings = findings
        self.maildrop = MaildropSummary(SeenMaildrop())
        self.masked = 0
        self.doubtful: set[int] = set()
        self.timed = False
        self.folded = False
        self.automatic = False
        self._rows: list[Row] = []
        self._unstuffer = Unstuffer()
        self._rest = b""
        self._lines = 0
        self._inferred: State | None = None  # it is told behind the reply that proves it
        self._explained: Why | None = None  # of the last lines that were no reply
        self._opaque: tuple[Side, object] | None = None

    def take(self) -> list[Row]:
        """Return the rows that came since, and forget them."""
        rows, self._rows = self._rows, []
        return rows

    def add(self, row: Row) -> None:
        """Add a row of the console's own."""
        self._rows.append(row)

    def __call__(self, event: Event) -> None:
        """Take in what happened."""
        match event:
            case Heard():
                self._judge(event.frame)
                self._heard(event.frame)
            case Answered():
                self._answered(event)
            case Unanswered():
                self.add(hint(f"no reply to {line_text(event.exchange.line)}"))
            case Opened(session=session):
                self.maildrop, self._inferred = MaildropSummary(session.maildrop), None
                self.doubtful.clear()
                self.add(note(f"connected to {escape(str(session.server))}"))
            case Secured(tls=tls):
                self.add(note(escape(str(tls))))
            case Moved(inferred=True, after=state):
                self._inferred = state
            case Raised(finding=finding):
                if self._findings and finding.severity.value >= self._findings.value:
                    self.add(finding_row(finding))
            case Ended(session=session, ending=ending):
                self.add(note(ending.how.noted))
                self._rows += verdict_rows(session, self._findings)

    # -- frames ---------------------------------------------------------------------------------

    def _heard(self, frame: Frame) -> None:
        match frame:
            case CommandLine() | SaslLine():
                self.masked += bool(frame.masks)
                self.add(Row("C:", line_text(frame), RowTone.CLIENT))
            case StatusLine():
                tone = RowTone.SERVER if frame.ok else RowTone.REFUSAL
                self.add(Row("S:", line_text(frame), tone))
                self._unstuffer, self._rest, self._lines = Unstuffer(), b"", 0
            case Challenge():
                self._challenge(frame)
            case BodyPart() if frame.side is Side.SERVER:
                self._body(frame)
            case BodyEnd() if frame.side is Side.SERVER:
                self._body_end()
            case Junk():
                self._junk(frame)
            case Opaque():
                self._not_read(frame)
        if not isinstance(frame, Opaque):
            self._opaque = None
        if not isinstance(frame, Junk):
            self._explained = None

    def _judge(self, frame: Frame) -> None:
        """Doubt a command that nobody knows until it is taken."""
        if isinstance(frame, CommandLine) and frame.command.spec is None:
            self.doubtful.add(frame.number)
        elif isinstance(frame, StatusLine) and frame.ok:
            self.doubtful.discard(frame.number)

    def _junk(self, frame: Junk) -> None:
        self.add(Row("S:", line_text(frame), RowTone.HINT))
        if self._explained is not frame.why:
            self._explained = frame.why
            self.add(hint(explain_junk(frame)))

    def _challenge(self, frame: Challenge) -> None:
        self.add(Row("S:", line_text(frame), RowTone.SERVER))
        said = b"" if frame.masks else line_of(frame.raw)[1:].strip()
        if error := explain_oauth_error(said):
            self.add(hint(error))
        text = "" if error else _readable(said)
        if not self.automatic:
            words = f"it asks “{text}”: answer" if text else "answer"
            self.add(hint(f"{words} in base64, an empty line or * (RFC 5034, section 4)"))
        elif text:
            self.add(hint(f"it asks “{text}”"))

    def _not_read(self, frame: Opaque) -> None:
        if self._opaque != (frame.side, frame.why):
            self._opaque = (frame.side, frame.why)
            self.add(Row(f"{frame.side.value}…", f"not read: {frame.why.value}", RowTone.HINT))

    # -- bodies ---------------------------------------------------------------------------------

    def _body(self, frame: BodyPart) -> None:
        data = frame.raw
        for start, end in reversed(frame.masks):
            data = data[:start] + MASK.encode() + data[end:]
        if self.folded:
            return
        *lines, self._rest = (self._rest + self._unstuffer.feed(data)).split(b"\n")
        for line in lines:
            self._line(line)
        if len(self._rest) > _LONGEST:
            self._rest = self._rest[: _LONGEST + 1]  # the rest of it is not shown

    def _line(self, line: bytes) -> None:
        self._lines += 1
        if self._lines <= MOST_LINES:
            line = line.rstrip(b"\r")
            more = "…" if len(line) > _LONGEST else ""
            self.add(Row("S|", show(line[:_LONGEST]) + more, RowTone.BODY, None))

    def _body_end(self) -> None:
        if self._rest:
            self._line(self._rest)
        if self._lines > MOST_LINES:
            self.add(note(f"{self._lines - MOST_LINES:,} more lines; :save keeps a message whole"))

    # -- exchanges ------------------------------------------------------------------------------

    def _answered(self, event: Answered) -> None:
        exchange, body = event.exchange, event.exchange.body
        self.maildrop.learn(exchange)
        facts = []
        if body is not None:
            facts.append(f"{body.size:,} octets")
        if self.timed and exchange.latency is not None and exchange.duration is not None:
            facts.append(f"first octet after {exchange.latency * 1000:,.1f} ms")
            facts.append(f"last after {exchange.duration * 1000:,.1f} ms")
        if facts:
            self.add(note(", ".join(facts)))
        if self._inferred:
            self.add(hint(inferred_text(self._inferred)))
            self._inferred = None
        for problem in reply_problems(exchange):
            self.add(hint(problem))
        if text := explain(exchange, event.session):
            self.add(hint(text))


def _readable(word: bytes) -> str:
    """Return what a challenge says in base64 if that is text; whoever masks it, looks inside."""
    said = (sasl.decode(word) or b"").rstrip(b"\0\r\n")
    try:
        return show(said) if said.decode().isprintable() else ""
    except UnicodeDecodeError:
        return ""
