"""The endpoint of a real proxy, and what is told where it cannot be had."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cli.crowd import ASKED, crowd
from cli.processes import processes_of
from cli.program import PATIENCE, client, run, run_here, running
from cli.without import without
from lab.loopback import until
from metrics.scraping import asked, place, scrape
from pop3spy.config.settings import SETTINGS
from pop3spy.metrics.families import FAMILIES

FEW = 40
HEAD = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
PASSWORDS = 'pop3spy_logins_total{method="PASS",status="ok",tls="no"}'


@pytest.fixture(scope="module")
def measured(yes: str) -> Iterator[tuple[str, int]]:
    """Where a proxy has its metrics, and its port; tests share it."""
    options = ("--upstream", yes, "--listen", ":0", "--quiet", "--metrics", "0")
    with running("proxy", *options) as proxy:
        yield place(proxy), proxy.port()


@pytest.mark.parametrize("workers", [1, 2])
def test_one_place_tells_of_all_sessions(yes: str, workers: int) -> None:
    options = ("--upstream", yes, "--listen", ":0", "--quiet", "--metrics", "0")
    with running("proxy", *options, "--workers", str(workers)) as proxy:
        url, port = place(proxy), proxy.port()
        crowd(port, FEW)
        found = scrape(url)
        assert proxy.stopped().status == 0
    assert found["pop3spy_sessions_total"] == FEW
    assert found['pop3spy_exchanges_total{status="ok",verb="STAT"}'] == FEW
    assert found['pop3spy_exchange_latency_seconds_count{verb="QUIT"}'] == FEW
    assert found['pop3spy_exchange_latency_seconds_bucket{le="+Inf",verb="QUIT"}'] == FEW
    assert found[PASSWORDS] == FEW
    assert found['pop3spy_findings_total{id="cleartext-password",severity="info"}'] == FEW
    assert found['pop3spy_notes_total{note="listening"}'] == 1
    assert found["pop3spy_workers"] == found["pop3spy_workers_answering"] == workers
    shown = sum(len(line) for line in ASKED) - len("sesame123") + len("********")
    assert found['pop3spy_said_bytes_total{side="client"}'] == FEW * shown
    if Path("/proc/self/stat").exists():
        assert found["process_resident_memory_bytes"] > 10e6 * workers
    names = {series.partition("{")[0] for series in found}
    ends = ("", "_bucket", "_count", "_sum")
    known = {f"{name}{end}" for name in FAMILIES for end in ends}
    assert {name for name in names if not name.startswith("process_")} <= known


def test_a_worker_that_stands_still_or_is_gone_is_counted_as_it_was(yes: str) -> None:
    options = ("--upstream", yes, "--listen", ":0", "--quiet", "--metrics", "0")
    with running("proxy", *options, "--workers", "2") as proxy:
        url, port = place(proxy), proxy.port()
        crowd(port, FEW)
        before = scrape(url)
        one = processes_of(proxy)[0]
        os.kill(one, signal.SIGSTOP)
        still = scrape(url)
        os.kill(one, signal.SIGKILL)
        proxy.says("was killed by SIGKILL")
        gone = scrape(url)
    answering = "pop3spy_workers", "pop3spy_workers_answering"
    assert [found[name] for found in (before, still, gone) for name in answering] == [
        2,
        2,
        2,
        1,
        1,
        1,
    ]
    assert gone['pop3spy_notes_total{note="worker_lost"}'] == 1
    for series in ("pop3spy_sessions_total", PASSWORDS):
        assert before[series] == still[series] == gone[series] == FEW


def test_open_sessions_go_up_and_down(measured: tuple[str, int]) -> None:
    url, port = measured
    closed = 'pop3spy_sessions_ended_total{how="client_closed"}'
    before = scrape(url)
    pop = client(port)
    assert scrape(url)["pop3spy_sessions_open"] == before["pop3spy_sessions_open"] + 1
    pop.close()
    until(lambda: scrape(url)[closed] == before[closed] + 1 or None, "its end", PATIENCE)


def test_what_cannot_be_written_is_counted(yes: str) -> None:
    options = ("--upstream", yes, "--listen", ":0", "--quiet", "--metrics", "0")
    with running("proxy", *options, "--log", "/dev/full") as proxy:
        url, port = place(proxy), proxy.port()
        crowd(port, 2)
        series = 'pop3spy_reader_failures_total{reader="Transcript"}'
        crowd(port, 2)  # whoever writes next learns that it could not be written
        assert scrape(url)[series] > 0


def test_who_is_sent_away_is_counted(yes: str) -> None:
    options = ("--upstream", yes, "--listen", ":0", "--metrics", "0", "--max-sessions", "1")
    with running("proxy", *options) as proxy:
        url, port = place(proxy), proxy.port()
        pop = client(port)
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as other:
            assert other.recv(100) == b""
        pop.close()
        series = 'pop3spy_sessions_ended_total{how="refused"}'
        until(lambda: scrape(url)[series] == 1 or None, "the end of the other", PATIENCE)


def test_another_path_and_another_method_are_told_so(measured: tuple[str, int]) -> None:
    url, _ = measured
    root, post = (
        asked(url, b"GET /" + HEAD + b"\r\n"),
        asked(url, b"POST /metrics" + HEAD + b"\r\n"),
    )
    assert root.startswith(b"HTTP/1.1 404 ")
    assert b"the metrics are at /metrics" in root
    assert post.startswith(b"HTTP/1.1 405 ")
    assert asked(url, b"no HTTP at all\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_openmetrics_is_told_to_who_asks_for_it(measured: tuple[str, int]) -> None:
    accept = b"Accept: application/openmetrics-text; version=1.0.0\r\n\r\n"
    answer = asked(measured[0], b"GET /metrics" + HEAD + accept)
    assert b"application/openmetrics-text" in answer
    assert b"# EOF\n" in answer


def test_a_scrape_may_ask_for_some(measured: tuple[str, int]) -> None:
    found = scrape(f"{measured[0]}?name[]=pop3spy_sessions_total")
    assert list(found) == ["pop3spy_sessions_total"]


def test_who_asks_often_and_does_not_read_costs_the_sessions_little(
    measured: tuple[str, int],
) -> None:
    url, port = measured
    there = int(url.rpartition(":")[2].partition("/")[0])
    before = scrape(url)["pop3spy_sessions_total"]
    with ExitStack() as closing:
        for number in range(80):
            stuck = socket.create_connection(("127.0.0.1", there), PATIENCE)
            closing.enter_context(stuck)
            if number % 2:
                stuck.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        crowd(port, FEW)
    found = scrape(url)
    assert found["pop3spy_sessions_total"] == before + FEW
    longest = found['pop3spy_loop_lag_seconds_bucket{le="+Inf"}']
    assert found['pop3spy_loop_lag_seconds_bucket{le="2.5"}'] == longest


def test_a_file_may_ask_for_it(yes: str, tmp_path: Path) -> None:
    config = tmp_path / "pop3spy.yaml"
    config.write_text(f'upstream: "{yes}"\nlisten: ":0"\nmetrics: 127.0.0.1:0\n')
    with running("proxy", "--config", config) as proxy:
        assert place(proxy).startswith("http://127.0.0.1:")


PLACES = {
    "9110": ("127.0.0.1", 9110),
    ":9110": ("127.0.0.1", 9110),
    "0": ("127.0.0.1", 0),
    "localhost:9110": ("localhost", 9110),
    "0.0.0.0:9110": ("0.0.0.0", 9110),
    "[::]:9110": ("::", 9110),
    "192.0.2.7:1": ("192.0.2.7", 1),
}
NOWHERE = [
    "65536",
    "x",
    ":",
    "::1:80",
    "[::1",
    "http://x:9110",
    "a@b:1",
    "-1",
    "1.5",
    "0000099999",
    "9" * 400,
]


@pytest.mark.parametrize(("text", "address"), PLACES.items())
def test_a_place_is_this_machines_unless_another_is_named(
    text: str, address: tuple[str, int]
) -> None:
    assert SETTINGS["metrics"].value(text) == address


@pytest.mark.parametrize("text", NOWHERE)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write 9110, or 0\.0\.0\.0:9110|there is no value"):
        SETTINGS["metrics"].value(text)


@pytest.mark.parametrize("workers", [[], ["--workers", "2"]], ids=["alone", "workers"])
def test_a_port_that_somebody_else_has_is_told(workers: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        told = run(
            *("proxy", "--upstream", "127.0.0.1:1", "--listen", ":0", "--metrics", port), *workers
        )
    assert told.status == 3
    assert f"pop3spy: the metrics cannot have 127.0.0.1:{port}: address already in use" in told.err
    assert "Traceback" not in told.err


def test_an_address_that_is_not_here_is_told() -> None:
    options = ("--upstream", "127.0.0.1:1", "--listen", ":0")
    told = run_here("proxy", *options, "--metrics", "192.0.2.7:9110")
    assert (told.status, "cannot assign requested address" in told.err) == (3, True)


def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path) -> None:
    options = ("--upstream", "127.0.0.1:1", "--metrics")
    told = run("proxy", *options, **without(tmp_path, "prometheus_client", "uvicorn"))
    assert told.status == 2
    assert told.err == (
        "pop3spy: --metrics needs prometheus_client and uvicorn;"
        " to install: pip install 'pop3spy[metrics]'\n"
    )
