"""Sends what was told to a collector, by OTLP over HTTP, from threads of its own.

Rules: 1. whoever relays never waits: what is more than can be sent is dropped, the oldest first;
2. what goes wrong is told once, in our words: a collector may answer with anything.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import requests
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from pop3spy import __version__
from pop3spy.otlp.authorities import Adapter
from pop3spy.otlp.spans import Spans
from pop3spy.session.chunk import Clock

QUEUE: Final = 512
"""Spans, and log records, that may wait to be sent."""
BATCH: Final = 64
DELAY: Final = 1000.0
"""Milliseconds in which they are gathered."""
TIMEOUT: Final = 5.0
"""Seconds that a collector has to take a batch."""
_LARGEST: Final = 1 << 16
"""Octets of an answer that is read; nothing is done with it."""
LAST_WAIT: Final = 2.0
"""Seconds that the end of the program waits for the rest to be sent."""

Failed = Callable[[], None]


class Sending:
    """Sends sessions and findings to the collector at *url*; ``spans`` subscribes to the bus.

    *failed* is called, by any thread, when a batch was not taken.
    """

    def __init__(self, url: str, clock: Clock, failed: Failed) -> None:
        library = logging.getLogger("opentelemetry")
        library.addHandler(logging.NullHandler())
        library.propagate = False
        base = url.rstrip("/")
        self._failed = failed
        # They are what an exporter has to be, and of no class of theirs.
        spans: Any = _Watched(
            OTLPSpanExporter(f"{base}/v1/traces", timeout=TIMEOUT, session=_session()), failed
        )
        records: Any = _Watched(
            OTLPLogExporter(f"{base}/v1/logs", timeout=TIMEOUT, session=_session()), failed
        )
        own = Resource.create({"service.name": "pop3spy", "service.version": __version__})
        resource = own.merge(OTELResourceDetector().detect())  # what the environment says wins
        self._tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._tracers.add_span_processor(BatchSpanProcessor(spans, QUEUE, DELAY, BATCH))
        self._loggers = LoggerProvider(resource, shutdown_on_exit=False)
        self._loggers.add_log_record_processor(
            BatchLogRecordProcessor(
                records,
                schedule_delay_millis=DELAY,
                max_export_batch_size=BATCH,
                max_queue_size=QUEUE,
            )
        )
        tracer = self._tracers.get_tracer("pop3spy", __version__)
        logger = self._loggers.get_logger("pop3spy", __version__)
        self.spans = Spans(tracer, logger, clock)

    def close(self) -> None:
        """Send what is waiting, if the collector takes it in a moment."""
        both = (self._tracers.shutdown, self._loggers.shutdown)
        threads = [threading.Thread(target=end, daemon=True) for end in both]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + LAST_WAIT
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in threads):
            self._failed()


def _session() -> requests.Session:
    """Return what sends; the library takes a redirect for success, and any answer into memory."""
    session = requests.Session()
    session.mount("https://", Adapter())
    session.stream = True  # an answer is read where somebody asks for it
    session.hooks["response"].append(_look_at)
    return session


def _look_at(answer: requests.Response, *_: object, **__: object) -> None:
    """Raise RequestException for an answer that sends elsewhere; let no long one be read."""
    size = answer.headers.get("Content-Length", "")
    if size.isdecimal() and int(size) <= _LARGEST:
        answer.content  # noqa: B018 - it is read, so that the connection can be used again
    else:
        answer.close()
    if answer.is_redirect:
        raise requests.RequestException("it sends elsewhere, and nothing is sent there")


class _Watched:
    """An *exporter* of spans or of log records; *failed* is called where it fails."""

    def __init__(self, exporter: Any, failed: Failed) -> None:
        self._exporter = exporter
        self._failed = failed

    def export(self, batch: Sequence[Any]) -> Any:
        """Send *batch*."""
        result = self._exporter.export(batch)
        if result.name != "SUCCESS":
            self._failed()
        return result

    def force_flush(self, timeout_millis: int = 0) -> bool:
        """Do nothing: nothing is kept back."""
        del timeout_millis
        return True

    def shutdown(self) -> None:
        """Send nothing more."""
        self._exporter.shutdown()
