"""Sessions sent to an OpenTelemetry collector while they go on.

Only who asks for it loads this: it needs the extra ``otlp``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from pop3spy.cli.thread_notes import ThreadNotes
from pop3spy.otlp.sending import Sending
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Clock
from pop3spy.session.events import Noted


@contextmanager
def telemetry(url: str, bus: Bus, clock: Clock) -> Iterator[None]:
    """Send what is on *bus* to the collector at *url* while the block lasts."""
    notes, told = ThreadNotes(bus), False
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    where = f"{parts.scheme}://{host}{port}"  # a path may have a key in it

    def failed() -> None:
        nonlocal told
        if not told:
            told = True
            notes.publish(Noted("otlp_failed", clock.now(), {"where": where}))

    sending = Sending(url, clock, failed)
    bus.subscribe(sending.spans)
    try:
        yield
    finally:
        sending.close()
