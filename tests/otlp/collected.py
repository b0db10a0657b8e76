"""What OpenTelemetry is told: kept here, or taken by a collector that speaks OTLP over HTTP."""

import json
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator

from pop3spy.otlp.spans import Spans
from pop3spy.session.chunk import Clock


class _Counted(IdGenerator):
    """Ids that are the same in each run, so that what is told can be compared."""

    def __init__(self) -> None:
        self._ids = count(1)

    def generate_span_id(self) -> int:
        return next(self._ids)

    def generate_trace_id(self) -> int:
        return next(self._ids)


class Kept:
    """Spans and log records, by the exporters of the SDK that keep them in memory."""

    def __init__(self, clock: Clock) -> None:
        self._spans = InMemorySpanExporter()
        untyped: Any = InMemoryLogRecordExporter
        self._records = untyped()
        tracers = TracerProvider(shutdown_on_exit=False, id_generator=_Counted())
        tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        loggers = LoggerProvider(shutdown_on_exit=False)
        loggers.add_log_record_processor(SimpleLogRecordProcessor(self._records))
        self.subscriber = Spans(tracers.get_tracer("test"), loggers.get_logger("test"), clock)

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        """The spans that have ended."""
        return self._spans.get_finished_spans()

    @property
    def records(self) -> Sequence[Any]:
        """The log records."""
        return [each.log_record for each in self._records.get_finished_logs()]

    def texts(self) -> str:
        """Return all that was told, as JSON escapes it and plain."""
        told = [each.to_json() for each in self.spans]
        told += [each.to_json() for each in self._records.get_finished_logs()]
        return "\n".join(f"{each} {json.loads(each)}" for each in told)


@dataclass
class Collector:
    """A collector on a free port: ``url`` is its base, and what it has taken is parsed."""

    url: str
    traces: list[Any] = field(default_factory=list)
    logs: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def spans(self) -> list[Any]:
        """The spans that it was sent."""
        scopes = [scope for each in self.traces for scope in each.resource_spans]
        return [span for each in scopes for scope in each.scope_spans for span in scope.spans]

    @property
    def records(self) -> list[Any]:
        """The log records that it was sent."""
        scopes = [scope for each in self.logs for scope in each.resource_logs]
        return [record for each in scopes for one in each.scope_logs for record in one.log_records]

    def texts(self) -> str:
        """Return all that it was sent, in words."""
        told = [*self.spans, *(event for span in self.spans for event in span.events)]
        named = [f"{each.name} {plain(each.attributes)}" for each in told]
        found = [f"{each.body} {plain(each.attributes)}" for each in self.records]
        return "\n".join([*named, *found, *(str(span.status) for span in self.spans)])


@contextmanager
def collector(
    waits: threading.Event | None = None, status: int = 200, tls: ssl.SSLContext | None = None
) -> Iterator[Collector]:
    """Run a collector while the block lasts; it *waits* before it answers with *status*.

    With *tls* it is one of HTTPS.
    """
    taken = Collector("")

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["content-length"]))
            if waits is not None:
                waits.wait()
            taken.headers.append(dict(self.headers))
            if self.path == "/v1/traces":
                taken.traces.append(ExportTraceServiceRequest.FromString(data))
            else:
                assert self.path == "/v1/logs"
                taken.logs.append(ExportLogsServiceRequest.FromString(data))
            self.send_response(status)
            self.send_header("location", "/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    scheme = "http" if tls is None else "https"
    taken.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    try:
        yield taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def plain(attributes: Sequence[Any]) -> dict[str, object]:
    """Return attributes of a protobuf message as a dictionary."""

    def value(of: Any) -> object:
        kind = of.WhichOneof("value")
        if kind == "array_value":
            return [value(each) for each in of.array_value.values]
        return getattr(of, kind)

    return {each.key: value(each.value) for each in attributes}
