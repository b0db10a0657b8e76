"""Sessions, and everything that is told of them."""

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from prometheus_client import generate_latest
from pyarrow import parquet

from check.made import report_with
from dialogue import Said
from otlp.collected import Kept
from pop3spy.capture.byhand import ByHand
from pop3spy.capture.header import Header
from pop3spy.capture.reader import CaptureReader
from pop3spy.capture.recorder import Recorder
from pop3spy.check.forms import FORMS as AUDIT_FORMS
from pop3spy.check.registry import CheckOutcome
from pop3spy.check.transcript import CheckTranscript
from pop3spy.cli.report import REPORT_FORMS
from pop3spy.console.finding_rows import listed_row
from pop3spy.console.view import View
from pop3spy.embedding.heard_sessions import HeardSessions
from pop3spy.embedding.recordings import Recording
from pop3spy.findings import Findings, Rule, Severity, own_rules
from pop3spy.findings.rule import RULES
from pop3spy.findings.verdict import verdict_of
from pop3spy.lint.forms import FORMS
from pop3spy.lint.linted import Linted, Linting
from pop3spy.lint.text import LintText
from pop3spy.live.histories import Histories
from pop3spy.logs import JsonLog, Notes, Transcript, reader_failed
from pop3spy.logs.stats import Statistics
from pop3spy.logs.wire import WireView
from pop3spy.mcp import answers as answers_of
from pop3spy.metrics.counting import Counting
from pop3spy.metrics.exposition import Exposition
from pop3spy.metrics.tally import Tallies
from pop3spy.protocol.frames import Frame, Side
from pop3spy.redaction.pseudonyms import Pseudonyms
from pop3spy.redaction.typist import Typist
from pop3spy.report.collecting import Collecting
from pop3spy.report.html import page
from pop3spy.report.past import LiveSource, past_of, report_of_past
from pop3spy.report.report import Report, ReportedRecording
from pop3spy.session.bus import Bus, NoteReader, Subscriber
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.events import Answered, Event, Heard, Opened, Unanswered
from pop3spy.session.failure import describe
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer, Session
from pop3spy.session.playback import play_back
from pop3spy.session.reading import Reading
from pop3spy.session.waiting import OwedReplies
from pop3spy.tables.parquet import parquet_of
from pop3spy.tables.row_lines import RowLog, table_of
from pop3spy.web import forms
from pop3spy.web.kept_sessions import KeptSessions
from pop3spy.web.remembered import report_of_remembered
from pop3spy.web.watched import WatchedSession
from pop3spy.workers.forwarding import Forwarding
from security.disguises import LEAST, any_trace, octets_of, traces, unpacked

CLIENT, SERVER = Peer("192.0.2.77", 50312), Peer("pop.upstream.example", 110)
STEP = 0.001
_ALWAYS = re.compile(r"<(style|script)>.*?</\1>", re.DOTALL)
"""Of a page, its style sheet and its script."""


class Readers:
    """Every reader of events that there is, on one *bus*."""

    def __init__(self, bus: Bus, clock: Clock, *, strict: bool = False) -> None:
        self.clock = clock
        self.frames: list[Frame] = []
        self._events: list[str] = []
        self._streams = {
            name: io.StringIO()
            for name in (
                *("transcript", "judged", "colour", "narrow", "bodies", "json", "notes"),
                *("raw", "hex", "narrow raw", "narrow hex", "workers", "rows"),
            )
        }
        self._capture = io.BytesIO()
        self._inspected = KeptSessions(_Awake())
        self._histories = Histories(ended=100)
        self._stats = Statistics()
        self._notes = Notes(self._streams["notes"], self.clock)
        self._view = View(Severity.INFO)
        self._rows: list[str] = []
        log = JsonLog(self._streams["json"], self.clock)
        self._owed = OwedReplies()
        self._embedded = HeardSessions()
        self._judged: list[Session] = []
        self._linted = Linted()
        self._report = Report(mail=True, rules=own_rules())
        self._report.recordings.append(ReportedRecording("", clock.started, strict))
        self._collecting = Collecting(self._report)
        self._checked = CheckTranscript()
        self._tallies = Tallies()
        self._exported = Kept(clock)
        for subscriber in (
            Findings(bus.publish, own_rules(), _fails),
            Linting(self._linted, "recording", lambda _: True),
            self._owed,
            lambda _: self._keep,
            Transcript(self._streams["transcript"], self.clock, findings=None),
            Transcript(self._streams["judged"], self.clock, findings=Severity.INFO),
            Transcript(self._streams["colour"], colour=True, width=100),
            Transcript(self._streams["narrow"], width=40, findings=Severity.INFO),
            log,
            RowLog(self._streams["rows"], self.clock),
            Transcript(self._streams["bodies"], bodies=True, findings=None),
            partial(Recorder, bodies="keep", write=self._capture.write),
            WireView(self._streams["raw"]),
            WireView(self._streams["hex"], hexadecimal=True),
            WireView(self._streams["narrow raw"], width=60),
            WireView(self._streams["narrow hex"], hexadecimal=True, width=60),
            self._stats,
            self._inspected,
            self._histories,
            lambda _: self._view,
            self._embedded,
            Forwarding(self._forward, lambda: 0),
            self._checked,
            Counting(self._tallies),
            self._exported.subscriber,
        ):
            bus.subscribe(subscriber)
        for reader in (log.note, self._notes):
            bus.subscribe_to_notes(reader)
        bus.subscribe(self._collecting)
        bus.subscribe_to_notes(self._collecting.note)

    @property
    def transcript(self) -> str:
        """The transcript alone: to make all else that ``texts`` has takes long."""
        return self._streams["transcript"].getvalue()

    @property
    def capture(self) -> str:
        """The records of the recording alone."""
        return self._capture.getvalue().decode()

    def texts(self) -> dict[str, str]:
        """Return all that was told, by where it was told."""
        found = {name: stream.getvalue() for name, stream in self._streams.items()}
        self._rows += [row.painted(colour=True) for row in self._view.take()]
        for name in ("hex", "narrow hex"):  # so that octets stand beside one another
            found[name] += found[name].replace(" ", "")
        found |= {"capture": self.capture, "by hand": self._by_hand()}
        found["stats"] = self._stats.table()
        found["mcp"] = "\n".join(self._asked())
        found["parquet"] = "\n".join(_in_parquet(found["rows"].split("\n")[:-1]))
        found["inspector"] = "\n".join(self._pages())
        found |= {f"lint {name}": form(self._linted, RULES) for name, form in FORMS.items()}
        found["lint"] = "\n".join(LintText().lines(self._linted))
        self._collecting.close()
        self._report.stats = self._stats.ordered()
        for name, form in REPORT_FORMS.items():  # what is in every report is nobody's secret
            found[f"{name} report"] = _ALWAYS.sub("", form.write(self._report))
        found |= self._live_reports()
        found["check"] = "\n".join(map(str, self._checked.lines))
        found |= self._audited()
        found["otlp"] = self._exported.texts()
        found["metrics"] = generate_latest(Exposition(lambda: self._tallies, list)).decode()
        found["in a program"] = f"{self._embedded.sessions} {self._embedded.findings}"
        found["findings"] = "\n".join(self._findings())
        return {**found, "console": "\n".join(self._rows), "events": "\n".join(self._events)}

    def _live_reports(self) -> dict[str, str]:
        """Return the reports that a browser can have while a proxy runs."""
        source = LiveSource(self.clock.started, own_rules(), self._report.strict)
        made = {"past": "", "remembered": ""}
        for watched in self._inspected.newest_first():
            session = watched.session
            events = self._histories.past(session.id)
            assert events is not None
            past = report_of_past(past_of(session, events, 0.0), source)
            made["past"] += _ALWAYS.sub("", page(past))
            made["remembered"] += _ALWAYS.sub("", page(report_of_remembered(watched, source, 0.0)))
        return {f"{name} report": text for name, text in made.items()}

    def _audited(self) -> dict[str, str]:
        """Return an audit in which all was said in one check, in every form that there is."""
        report = report_with(CheckOutcome.FAIL, note="")
        report.options = {"user": ""}  # the one there is of its own
        report.results = [replace(report.results[0], transcript=tuple(self._checked.lines))]
        forms = {name: form(report) for name, form in AUDIT_FORMS.items()}
        return {f"check {name}": _ALWAYS.sub("", text) for name, text in forms.items()}

    def holding(self, *secrets: bytes) -> list[str]:
        """Return where a trace of *secrets* is, and which."""
        return [
            f"{name}: {trace!r}"
            for name, text in self.texts().items()
            for lower in [unpacked(text).lower()]
            if any_trace(secrets).search(octets_of(lower)) is not None
            for secret in secrets
            for trace in traces(secret)
            # Octets as hex are in a dump by chance sooner than in a text.
            if trace in lower and (len(trace) > LEAST or "hex" not in name)
        ]

    def shown(self, side: Side) -> list[bytes]:
        """Return the octets of *side* as they may be shown, frame by frame."""
        return [frame.raw for frame in self.frames if frame.side is side]

    def _forward(self, *message: object) -> None:
        """Keep what a worker tells the process that has the console, as it goes there and plain."""
        for ascii_alone in (True, False):
            text = json.dumps(message, ensure_ascii=ascii_alone)
            self._streams["workers"].write(f"{text}\n")

    def _keep(self, event: Event) -> None:
        match event:
            case Opened(session=session):
                self._judged.append(session)
                self._events.append(repr(event))
            case Heard():
                self.frames.append(event.frame)
                self._events.append(repr(event.frame))
            case Answered() | Unanswered():
                self._events.append(repr(event.exchange))
            case Event():
                self._events.append(repr(event))
        if owed := self._owed.of(event.session):
            self._events.append(owed.text(event.at))
        # The session's own repr has all of its exchanges.
        self._events.append(f"{event.session.user!r} {event.session.parting!r}")

    def _findings(self) -> Iterator[str]:
        """Yield what the consoles list, and what machines are told."""
        for session in self._judged:
            yield verdict_of(session)
            for finding in session.findings:
                yield listed_row(finding, session).painted(colour=True)
                yield f"{finding!r} {finding.facts()}"

    def _asked(self) -> Iterator[str]:
        """Yield what a program is told that asks in the Model Context Protocol."""
        recording = Recording("", self.clock.started, (), (), ())
        for session in self._judged:
            answers = [answers_of.session_answer(recording, session)]
            answers += map(answers_of.exchange_answer, session.exchanges)
            answers += [answers_of.finding_answer(session, one) for one in session.findings]
            for answer in (*answers, answers_of.verdict_answer(session)):
                yield f"{answer} {json.dumps(answer)}"

    def _pages(self) -> Iterator[str]:
        """Yield what a page is told of every session, as it goes there and plain."""
        for watched in self._inspected.newest_first():
            session, kept = watched.session, self._inspected
            yield str(forms.verdict(session))
            yield from (str(forms.mark(watched, one)) for one in watched.marks)
            yield from (str(forms.finding(session, one)) for one in session.findings)
            yield f"{forms.summary(watched)} {watched.deeds!r}"
            for exchange in session.exchanges:
                body = kept.body(session.id, exchange.number)
                text = forms.exchange_text(watched, exchange, body=body is not None)
                yield f"{text} {json.loads(text)}"
                if body is not None:
                    yield f"{json.dumps(forms.body(body, 0))} {forms.body(body, 0)['text']}"

    def _by_hand(self) -> str:
        """Return the capture, read again and written in the short form."""
        header = Header(self.clock.started)
        capture = io.StringIO(header.lines() + self.capture)
        out = io.BytesIO()
        exporter = ByHand(out, header)
        play_back(CaptureReader(capture, "capture"), exporter)
        exporter.close()
        return out.getvalue().decode()


def _in_parquet(lines: list[str]) -> Iterator[str]:
    """Yield what is read from Parquet files of the rows in *lines*."""
    for table in ("exchanges", "findings", "sessions"):
        data, _ = parquet_of(table, [line for line in lines if table_of(line) == table])
        yield str(parquet.read_table(io.BytesIO(data)).to_pylist())


class _Awake:
    """Somebody who is told of changes, and drops that."""

    awake = True

    def changed(self, watched: WatchedSession) -> None:
        """Do nothing."""


def _nobody() -> None:
    """Return nobody who types: a client says what is said."""


def _fails(rule: Rule, error: Exception) -> None:
    raise AssertionError(f"the rule {rule.id} failed") from error


class Sinks(Readers):
    """A bus of its own, and sessions to be read, one behind the other.

    *typist* gives whoever types a session: ``Typist`` somebody else each time.  Nothing is shown of
    a session whose reading fails, so that is an error, unless it is *failing* on purpose.
    """

    def __init__(
        self,
        *,
        strict: bool = False,
        typist: Callable[[], Typist | None] = _nobody,
        clock: Clock | None = None,
        failing: bool = False,
    ) -> None:
        self._failing = failing
        self._at = 0.0
        self._names = Pseudonyms() if strict else None
        self._typist = typist
        self.bus = Bus(self._complain)
        super().__init__(self.bus, clock or Clock(), strict=strict)
        self.reading = self._begun(1)

    def _begun(self, number: int) -> Reading:
        said = (number, CLIENT, SERVER, self._at, self.bus.publish)
        return Reading(*said, names=self._names, typist=self._typist())

    def heard(self, *lines: bytes) -> "Sinks":
        """Let *lines* be said behind a greeting, in a session of their own."""
        if self.reading.session.ending is not None:
            self.reading = self._begun(self.reading.session.id + 1)
        return self.play(talk(b"S: +OK ready", *lines)).end()

    def play(self, talk: Iterable[Said], *, step: float = STEP) -> "Sinks":
        """Let both sides say *talk*, each chunk *step* seconds behind the one before."""
        for side, data in talk:
            self._at += step
            if data is None:
                self.reading.close(side)
            elif not self.reading.session.blind:
                self._feed(Chunk(side, data, self._at))
        return self

    def end(self, how: How = How.CLIENT_CLOSED, why: str = "") -> "Sinks":
        """End the session."""
        self.reading.end(self._at + STEP, Ending(how, why))
        return self

    def _feed(self, chunk: Chunk) -> None:
        try:
            self.reading.hear(chunk)
        except Exception as error:
            if not self._failing:
                raise
            self.reading.blind(self._at, describe(error))

    def _complain(self, subscriber: Subscriber | NoteReader, error: Exception) -> None:
        if not self._failing:
            raise error
        self._notes(reader_failed(subscriber, error, self._at))


def talk(*lines: bytes) -> list[Said]:
    r"""Return the chunks that *lines* are: ``C: NOOP`` with CRLF, ``C< NO`` without."""
    return [
        (Side(line[:1].decode()), line[3:] + (b"" if line[1:2] == b"<" else b"\r\n"))
        for line in lines
    ]


def heard(
    *lines: bytes, strict: bool = False, typist: Callable[[], Typist | None] = _nobody
) -> Sinks:
    """Return what is told of a session in which *lines* are said behind a greeting."""
    return Sinks(strict=strict, typist=typist).heard(*lines)
