"""Makes a span of each session, an event of whatever happens in it, a log record of each finding.

Rule: what is told is what the JSON log tells, under the names of ``attributes``.
"""

import json
from typing import Final

from opentelemetry._logs import Logger, LogRecord, SeverityNumber
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, set_span_in_context

from pop3spy.logs import SessionLog
from pop3spy.otlp.attributes import AT_THE_END, ERRORS, attributes_of, conventional
from pop3spy.session.bus import Reader
from pop3spy.session.chunk import Clock
from pop3spy.session.model import Session

SPAN: Final = "pop3 session"
_OF_THE_SPAN: Final = ("session", "client", "server")
"""Fields of every line of the log; the span has them once."""
_SEVERITIES: Final = {
    "info": SeverityNumber.INFO,
    "warning": SeverityNumber.WARN,
    "error": SeverityNumber.ERROR,
}


class Spans:
    """A subscriber that tells *tracer* of sessions, and *logger* of findings."""

    def __init__(self, tracer: Tracer, logger: Logger, clock: Clock) -> None:
        self._tracer = tracer
        self._logger = logger
        self._started = int(clock.started.timestamp() * 1e9)

    def __call__(self, session: Session) -> Reader:
        """Return what tells of *session*."""
        span = self._tracer.start_span(
            SPAN,
            kind=SpanKind.SERVER,
            start_time=self._nanoseconds(session.opened_at),
            attributes=conventional(session),
        )
        context = set_span_in_context(span)

        def write(what: str, at: float, told: str, level: str | None = None) -> None:
            facts = json.loads(f"{{{told}}}")
            when = self._nanoseconds(at)
            for name in _OF_THE_SPAN:
                del facts[name]
            attributes = attributes_of(facts)
            if what == "finding_raised":
                record = LogRecord(
                    timestamp=when,
                    observed_timestamp=when,
                    context=context,
                    severity_text=level,
                    severity_number=_SEVERITIES[str(level)],
                    body=facts["text"],
                    attributes=attributes,
                    event_name=what,
                )
                self._logger.emit(record)
            elif what == "session_ended":
                span.set_attributes(attributes)
                if facts["how"] in ERRORS:
                    span.set_status(Status(StatusCode.ERROR, facts["why"] or facts["how"]))
                for name, (_, field) in AT_THE_END.items():
                    if (value := facts[field]) and (field != "how" or value in ERRORS):
                        span.set_attribute(name, value)
                span.end(when)
            elif what != "session_opened":
                span.add_event(what, attributes, when)

        return SessionLog(session, write)

    def _nanoseconds(self, at: float) -> int:
        """Return a time of the clock in nanoseconds since 1970."""
        return self._started + int(at * 1e9)
