"""Where the inspector can be, and what is said where it cannot."""

import socket
from pathlib import Path

import pytest

from cli.program import run, run_here
from cli.without import without
from pop3spy.config.settings import SETTINGS

CAPTURES = Path(__file__).parents[2] / "captures"
PLACES = [
    ("8110", 8110),
    (":8111", 8111),
    ("127.0.0.1:8111", 8111),
    ("localhost:8111", 8111),
    ("[::1]:8111", 8111),
    ("0", 0),
]
ELSEWHERE = ["0.0.0.0:8110", "192.0.2.1:8110", "[::]:8110", "mail.example.org:8110", "127.0.0.2:1"]
NOWHERE = ["65536", "x", ":", "", "-1", "1.5", "0000099999", "9" * 400]


@pytest.mark.parametrize(("text", "port"), PLACES)
def test_a_place_is_a_port_of_this_machine(text: str, port: int) -> None:
    assert SETTINGS["web"].value(text) == port


@pytest.mark.parametrize("text", ELSEWHERE)
def test_there_is_no_way_to_another_address(text: str) -> None:
    told = run_here("proxy", "--upstream", "127.0.0.1:1", "--web", text)
    assert told.status == 2
    assert "ssh -L" in told.err


@pytest.mark.parametrize("text", NOWHERE)
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write 8110, or 0 for a free one|there is no value"):
        SETTINGS["web"].value(text)


def test_control_alone_is_refused() -> None:
    told = run_here("proxy", "--upstream", "127.0.0.1:1", "--web-control")
    assert (told.status, "add --web" in told.err) == (2, True)


def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path) -> None:
    hidden = without(tmp_path, "starlette", "uvicorn")
    told = run("proxy", "--upstream", "127.0.0.1:1", "--web", **hidden)
    assert told.status == 2
    assert told.err == (
        "pop3spy: --web needs starlette and uvicorn; to install: pip install 'pop3spy[web]'\n"
    )


@pytest.mark.parametrize("workers", [[], ["--workers", "2"]], ids=["alone", "workers"])
def test_a_port_that_somebody_else_has_is_told(workers: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        told = run("proxy", "--upstream", "127.0.0.1:1", "--listen", ":0", "--web", port, *workers)
    assert told.status == 3
    wanted = f"pop3spy: the inspector cannot have port {port}: address already in use; --web 0"
    assert wanted in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize("other", ["--stats", "--raw", "--follow", "--verdict"])
def test_a_recording_is_shown_whole(other: str) -> None:
    told = run_here("show", "--web", other, str(CAPTURES / "dovecot-user.yaml"))
    assert (told.status, f"leave out {other}" in told.err) == (2, True)


def test_a_session_that_is_not_there_is_told_before_anything_is_shown() -> None:
    told = run_here("show", "--web", "--session", "9", str(CAPTURES / "dovecot-user.yaml"))
    assert (told.status, "9" in told.err, "http" in told.err) == (3, True, False)
