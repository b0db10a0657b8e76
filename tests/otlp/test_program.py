"""Sessions of a real proxy, sent to a collector; and collectors that are away, slow or odd."""

import socket
import threading
import time
from pathlib import Path

import pytest

from cli.crowd import ASKED, crowd
from cli.program import PATIENCE, run, run_here, running
from cli.without import without
from dialogue import said
from otlp.collected import collector, plain
from pop3spy.config.settings import SETTINGS
from pop3spy.otlp.sending import BATCH, LAST_WAIT, QUEUE, Sending
from pop3spy.session.bus import Bus
from pop3spy.session.chunk import Chunk, Clock
from pop3spy.session.how import Ending, How
from pop3spy.session.model import Peer
from pop3spy.session.reading import Reading

FEW = 12


@pytest.mark.parametrize("workers", [1, 2])
def test_a_collector_is_sent_every_session_and_finding(yes: str, workers: int) -> None:
    options = ("--upstream", yes, "--listen", ":0", "--quiet", "--workers", str(workers))
    with (
        collector() as taken,
        running(
            *("proxy", *options, "--otlp", taken.url),
            env={"OTEL_EXPORTER_OTLP_HEADERS": "x-key=k1", "OTEL_SERVICE_NAME": "mail"},
        ) as proxy,
    ):
        crowd(proxy.port(), FEW)
        ended = proxy.stopped()
    assert (ended.status, len(ended.notes)) == (0, 1)
    sessions = [plain(span.attributes) for span in taken.spans]
    assert len(sessions) == len({each["pop3.session"] for each in sessions}) == FEW
    for span in taken.spans:
        answered = [each for each in span.events if each.name == "command_answered"]
        assert len(answered) == len(ASKED)
    ids = {span.span_id for span in taken.spans}
    clear = [
        each for each in taken.records if plain(each.attributes)["pop3.id"] == "cleartext-password"
    ]
    assert len(clear) == FEW
    assert {each.span_id for each in clear} <= ids
    (resource,) = {
        str(plain(each.resource_spans[0].resource.attributes)["service.name"])
        for each in taken.traces
    }
    assert resource == "mail"
    assert {each["x-key"] for each in taken.headers} == {"k1"}


@pytest.mark.parametrize("kind", ["away", "silent", "refusing", "sending elsewhere"])
def test_a_collector_that_takes_nothing_is_told_once_and_holds_up_nobody(
    kind: str, yes: str
) -> None:
    statuses = {"refusing": 403, "sending elsewhere": 302}
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        collector(status=statuses.get(kind, 200)) as answering,
    ):
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        if kind == "away":
            silent.close()
        options = ("--upstream", yes, "--listen", ":0", "--quiet")
        where = answering.url if kind in statuses else url
        with running("proxy", *options, "--otlp", f"{where}/key-of-mine/") as proxy:
            port = proxy.port()
            crowd(port, 3 * FEW)
            begun = time.monotonic()
            ended = proxy.stopped()
            took = time.monotonic() - begun
    assert ended.status == 0
    assert took < LAST_WAIT + PATIENCE / 2
    told = [line for line in ended.notes if "--otlp" in line]
    assert len(told) == 1
    assert f"{where} does not take what it is sent" in told[0]
    assert "key-of-mine" not in ended.err
    assert "Traceback" not in ended.err


def test_what_a_slow_collector_does_not_take_is_bounded_and_the_oldest_goes() -> None:
    waits, clock = threading.Event(), Clock()
    with collector(waits) as taken:
        exporting = Sending(taken.url, clock, lambda: None)
        bus = Bus(lambda *_: None)
        bus.subscribe(exporting.spans)
        for number in range(1, 4 * QUEUE + 1):
            client, server = Peer("192.0.2.77", 50312), Peer("pop.example.org", 110)
            reading = Reading(number, client, server, 0.0, bus.publish)
            for side, data in said("S: +OK\nC: QUIT\nS: +OK"):
                assert data is not None
                reading.hear(Chunk(side, data, 1.0))
            reading.end(2.0, Ending(How.QUIT))
        waits.set()
        exporting.close()
    numbers = [plain(span.attributes)["pop3.session"] for span in taken.spans]
    assert 0 < len(numbers) <= QUEUE + 2 * BATCH
    assert 4 * QUEUE in numbers


URLS = ["http://127.0.0.1:4318", "https://collector.example.org", "http://[::1]:4318/otlp"]
SECRET = "Zq7vKx2"
NO_URLS = {
    f"http://bob:{SECRET}@collector:4318": "OTEL_EXPORTER_OTLP_HEADERS",
    f"http://collector:4318?key={SECRET}": "OTEL_EXPORTER_OTLP_HEADERS",
    f"http://collector:4318#{SECRET}": "OTEL_EXPORTER_OTLP_HEADERS",
    f"grpc://{SECRET}:4317": "no URL of a collector",
    f"{SECRET}": "no URL of a collector",
    f"http://[{SECRET}": "no URL of a collector",
    f"http://collector:99999/{SECRET}": "no URL of a collector",
    "http://collector:4318/v1/traces": "the URL ends before /v1",
}


@pytest.mark.parametrize("url", URLS)
def test_the_url_of_a_collector_is_taken(url: str) -> None:
    assert SETTINGS["otlp"].value(f"{url}/") == url


@pytest.mark.parametrize(("url", "why"), NO_URLS.items())
def test_what_is_none_or_has_a_secret_is_refused_without_being_shown(url: str, why: str) -> None:
    told = run_here("proxy", "--upstream", "127.0.0.1:1", "--otlp", url)
    assert told.status == 2
    assert why in told.err
    assert SECRET not in told.err


def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path) -> None:
    options = ("--upstream", "127.0.0.1:1", "--otlp", "http://127.0.0.1:4318")
    told = run("proxy", *options, **without(tmp_path, "opentelemetry"))
    assert told.status == 2
    assert told.err == (
        "pop3spy: --otlp needs opentelemetry.sdk and opentelemetry.exporter.otlp.proto.http;"
        " to install: pip install 'pop3spy[otlp]'\n"
    )
