"""What pop3spy has to say of itself, a line at a time.

Rule: a note has one row here; its sentence holds the facts that it is always told with, and others
follow as ``name=value``.
"""

import os
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pop3spy.errors import CaptureError
from pop3spy.protocol.text import escape
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted
from pop3spy.session.failure import describe
from pop3spy.spool import Stream
from pop3spy.wrapping import wrapped

_COLOURS: Final = {"info": "", "warning": "\x1b[33m", "error": "\x1b[31m"}
_FACTS: Final = string.Formatter()
_HEAD: Final = "pop3spy: "


@dataclass(frozen=True, slots=True)
class Note:
    """One row: how much it matters, and the sentence that tells it.

    ``longer`` is the sentence to tell it with when the facts for it are there.
    """

    level: str
    sentence: str
    longer: str = ""


# fmt: off
NOTES: Final = {
    "listening": Note("info", "listening on {url}", "listening on {url}, relaying to {upstream} ({tls})"),
    "running_as_root": Note("info", "running as root, for other machines to speak to; --run-as USER gives root up once it listens"),
    "tproxy_denied": Note("info", "what a firewall redirects is relayed, but nothing that TPROXY sends: that needs CAP_NET_RAW or root"),
    "demo_stays": Note("info", "still here for you (user demo, password demo; Ctrl-C ends it): {program} connect pop3://{host}:{port}"),
    "fault_set": Note("warning", "a fault is set: {fault}"),
    "fault_taken": Note("info", "a fault is taken away: {fault}"),
    "rewrite_set": Note("warning", "lines are rewritten: {rewrite}"),
    "dry_run": Note("warning", "a dry run: no server hears a DELE"),
    "recording_keep": Note("info", "recording to {path}, whole messages included (--bodies mask or drop leaves them out)"),
    "recording_mask": Note("info", "recording to {path}, messages without their content"),
    "recording_drop": Note("info", "recording to {path}, messages as sizes only"),
    "stopping": Note("info", "stopping; sessions still open, with {grace} s to end: {sessions}"),
    "noted": Note("info", "note: {text}"),
    "reader_loaded": Note("info", "{reader} reads along"),
    "rule_failed": Note("error", "the rule {rule} failed and is left out, the others go on: {error}"),
    "ledger_failed": Note("warning", "{text}"),
    "console_failed": Note("error", "the console failed, traffic goes on: {error}"),
    "inspector_failed": Note("error", "the inspector failed, traffic goes on: {error}"),
    "metrics_at": Note("info", "metrics at {where}"),
    "metrics_failed": Note("error", "the metrics failed, traffic goes on: {error}"),
    "otlp_failed": Note("warning", "{where} does not take what it is sent (--otlp), traffic goes on without; is a collector there that speaks OTLP over HTTP, and does it want OTEL_EXPORTER_OTLP_HEADERS?"),
    "worker_lost": Note("error", "worker {worker} (process {process}) {how}; sessions lost with it: {sessions}; workers left: {left}"),
    "reader_failed": Note("error", "{reader} failed, traffic goes on: {error}"),
    "rows_lost": Note("warning", "the run {run} did not end in order: rows that it had not written yet are missing in the log"),
    "entries_lost": Note("warning", "{count} entries are missing here: they came faster than they could be written"),
}
"""Every note that has a sentence; the others are told by their names."""
# fmt: on

_LEVELS: Final = {"session_blinded": "error", "stretch_unread": "info", "line_unpaired": "warning"}


def level_of(what: str) -> str:
    """Return ``info``, ``warning`` or ``error`` for a note or an event of the JSON log."""
    if note := NOTES.get(what):
        return note.level
    return _LEVELS.get(what) or ("error" if what.endswith("_failed") else "info")


def sentence(event: Noted) -> str:
    """Return a note in words: ``listening on pop3://127.0.0.1:110``."""
    facts = {name: escape(str(value)) for name, value in event.facts.items()}
    note = NOTES.get(event.what)
    for template in (note.longer, note.sentence) if note else ():
        needed = {name for _, name, _, _ in _FACTS.parse(template) if name}
        if template and needed <= facts.keys():
            words = template.format_map(facts)
            break
    else:
        words, needed = escape(event.what), set()
    return " ".join((words, *(f"{escape(k)}={v}" for k, v in facts.items() if k not in needed)))


def reader_failed(reader: Callable[..., object], error: Exception, at: float) -> Noted:
    """Return the note to publish when a reader of the bus fails with *error*.

    It holds nothing that came from the wire; of an operating system's error it holds the reason,
    and of one about a recording what a person is to read.
    """
    if isinstance(error, CaptureError):
        return Noted("reader_failed", at, {"reader": name_of(reader), "error": str(error)})
    reason = f"{os.strerror(error.errno)}; " if isinstance(error, OSError) and error.errno else ""
    facts = {"reader": name_of(reader), "error": f"{reason}{describe(error)}"}
    return Noted("reader_failed", at, facts)


def name_of(reader: Callable[..., object]) -> str:
    """Return what people call a reader of the bus: its class, or the function that it is."""
    owner = getattr(reader, "__self__", reader)
    return getattr(owner, "__qualname__", type(owner).__name__)


class Notes:
    """A reader of notes that writes them to *stream*.

    With *clock* each line begins with the date, as a log file needs it.  *width* tells how many
    columns the terminal has, None if there is none: a note that is too wide goes on under itself.
    """

    def __init__(
        self,
        stream: Stream,
        clock: Clock | None = None,
        *,
        colour: bool = False,
        width: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._width = width
        self._colour = colour
        self._stream = stream

    def __call__(self, event: Noted) -> None:
        """Write *event*."""
        self._stream.write(f"{self._line(event)}\n")
        self._stream.flush()

    def _line(self, event: Noted) -> str:
        level, text = level_of(event.what), sentence(event)
        if level != "info":
            text = f"{level}: {text}"
        if (width := self._width()) is not None:
            room = max(1, width - len(_HEAD))
            text = f"\n{' ' * len(_HEAD)}".join(wrapped(text, room, room))
        if self._colour and _COLOURS[level]:
            text = f"{_COLOURS[level]}{text}\x1b[0m"
        date = f"{self._clock.date(event.at):%Y-%m-%d %H:%M:%SZ} " if self._clock else ""
        return f"{date}{_HEAD}{text}"
