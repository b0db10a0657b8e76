"""The inspector beside the live console, in a real terminal: both see what the other did."""

import json
from contextlib import closing
from urllib.request import Request, urlopen

import pytest

from cli.conftest import upstream
from cli.program import client
from live.test_terminal_ui import Opening, opening

__all__ = ["opening", "upstream"]

pytestmark = pytest.mark.lab
JSON = {"Content-Type": "application/json"}


class Asking:
    """Somebody who came by a link."""

    def __init__(self, link: str) -> None:
        self._base, _, token = link.partition("#")
        told = json.dumps({"token": token}).encode()
        with closing(urlopen(Request(f"{self._base}api/login", told, JSON))) as answer:
            self._cookie = answer.headers["Set-Cookie"].partition(";")[0]

    def act(self, name: str, **more: object) -> None:
        told = json.dumps({"act": name, **more}).encode()
        headers = {**JSON, "Cookie": self._cookie}
        with closing(urlopen(Request(f"{self._base}api/acts", told, headers))) as answer:
            assert answer.status == 200


@pytest.fixture(params=[[], ["--workers", "2"]], ids=["one process", "workers"])
def workers(request: pytest.FixtureRequest) -> list[str]:
    return list(request.param)


def test_a_page_and_a_terminal_steer_one_proxy(
    upstream: str, opening: Opening, workers: list[str]
) -> None:
    size = (140, 50)
    window, port = opening(upstream, "--web", "0", "--web-control", *workers, size=size)
    page = Asking(window.shows(r"inspector at (http://\S+)")[1])
    pop = client(port)
    page.act("hold", text="verb = NOOP")
    window.shows("inspector: :hold verb = NOOP")
    pop.sock.sendall(b"NOOP\r\n")
    window.shows(r"NOOP: held as \d")
    window.enter(":go")
    assert pop.sock.recv(100).startswith(b"-ERR")  # it is not logged in
    window.enter(":web")
    other = Asking(window.shows(r"(?m)^\s+(http://127\.0\.0\.1:\d+/#\S{43})")[1])
    other.act("note", text="from another browser")
    window.shows("note: from another browser")
    pop.close()
    page.act("quit")
    window.shows("exit status 0")
