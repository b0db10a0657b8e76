"""Several servers behind one proxy: each address leads to its own."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from poplib import error_proto

import pytest

from cli.program import client, run, run_here, running, serving

GREEN, BLUE = "demo", "blue"


@pytest.fixture(scope="module")
def blue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a second server, which lets in another user."""
    users = tmp_path_factory.mktemp("blue") / "users.yaml"
    users.write_text("blue: secret-of-blue\n")
    users.chmod(0o600)
    with serving("--users", users) as port:
        yield f"127.0.0.1:{port}"


def lets_in(port: int, user: str) -> bool:
    """Return whether the server behind *port* is the one of *user*."""
    pop = client(port)
    pop.user(user)
    try:
        pop.pass_("secret-of-blue" if user == BLUE else "demo")
    except error_proto:
        return False
    finally:
        pop.quit()
    return True


def ways(upstream: str, blue: str, folder: Path) -> dict[str, Sequence[str]]:
    """Return the same two routes, said in every way."""
    file = folder / "proxy.yaml"
    file.write_text(f"route:\n  - :0={upstream}\n  - :0={blue}\n")
    return {
        "two routes": ["--route", f":0={upstream}", "--route", f":0={blue}"],
        "a route beside an upstream": [
            *("--upstream", upstream, "--listen", ":0"),
            *("--route", f":0={blue}"),
        ],
        "a file": ["--config", str(file)],
        "workers": ["--route", f":0={upstream}", "--route", f":0={blue}", "--workers", "2"],
    }


@pytest.mark.parametrize("way", ["two routes", "a route beside an upstream", "a file", "workers"])
def test_clients_of_each_address_come_to_its_server(
    way: str, upstream: str, blue: str, tmp_path: Path
) -> None:
    if way == "workers" and not hasattr(os, "fork"):
        pytest.skip("there are no workers without fork")
    with running("proxy", *ways(upstream, blue, tmp_path)[way]) as program:
        ports = [program.port(), program.port()]
        for port, users in zip(ports, ((GREEN, BLUE), (BLUE, GREEN)), strict=True):
            assert [lets_in(port, user) for user in users] == [True, False]
        ended = program.stopped()
    assert ended.status == 0
    told = [line for line in ended.notes if "listening" in line]
    assert len(told) == 2
    assert upstream in told[0]
    assert blue in told[1]


def test_a_route_has_schemes_of_its_own(upstream: str, tmp_path: Path) -> None:
    options = ["--ca-dir", str(tmp_path), "--route", f"pop3s://:0={upstream}"]
    with running("proxy", *options, "--route", f":0={upstream}") as program:
        program.says("listening on pop3s://.*TLS at once")
        program.says("listening on pop3://.*STLS is taken apart")
        assert program.stopped().status == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--route", "1110"], "'1110' is no route; write LISTEN=UPSTREAM, as in :1110=mail:110"),
        (["--route", "=mail"], "'=mail' is no route"),
        (["--route", ":0=110"], "'110' names no host"),
        (["--route", ":0=imap://mail"], "imap:// is not known"),
        (
            ["--route", ":0=mail", "--listen", ":1119"],
            "have no server; name it: --route pop3://127.0.0.1:1119=mail.example.org",
        ),
        (["--route", ":0=mail", "--transparent"], "leave out --route"),
    ],
)
def test_what_leads_nowhere_is_refused(options: list[str], told: str) -> None:
    ended = run_here("proxy", *options)
    assert ended.status == 2
    assert told in ended.err


def test_the_same_address_cannot_lead_to_two_servers(blue: str) -> None:
    with running("proxy", "--route", f":0={blue}") as program:
        port = program.port()
        ended = run("proxy", "--route", f":{port}=mail", "--route", f":{port}=other")
        assert ended.status != 0
        assert f":{port} has two servers" in ended.err
