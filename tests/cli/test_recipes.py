"""The commands of ``docs/recipes.md`` do what the page says, against a server of this machine."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.program import PATIENCE, environment, run_here, running

PAGE = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"(?ms)^##+ ([^\n]+)\n(.*?)(?=^##|\Z)", PAGE)
BLOCKS = [
    (head, block)
    for head, text in SECTIONS
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    if "pop3spy proxy" not in block  # it goes on until somebody stops it
]
STATUS = {"Testing OAuth": 13}
"""How a recipe ends whose server is not as wanted here: ours takes no token."""

PASSWORD = "tanstaaf-Hunter2"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the programs that the page takes for granted, and a server in ``port``."""
    folder = tmp_path_factory.mktemp("recipes")
    programs = {
        "pop3spy": f'exec {sys.executable} -m pop3spy "$@"',
        "pass": f"echo {PASSWORD}",
        "my-oauth-tool": f"echo {PASSWORD}",
        "jq": "cat",
    }
    for name, text in programs.items():
        program = folder / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    users = folder / "users.yaml"
    users.write_text(f"alice: {PASSWORD}\n")
    users.chmod(0o600)
    mail = folder / "mail" / "new" / "1"
    for name in ("cur", "new", "tmp"):
        (folder / "mail" / name).mkdir(parents=True)
    mail.write_bytes(b"Subject: probe 4711\r\n\r\nhello\r\n")
    options = ("--listen", "pop3s://localhost:0", "--quiet", "--ca-dir", folder / "ca")
    with running("serve", folder / "mail", *options, "--users", users) as server:
        found = server.says(r"listening on pop3s://[^:]+:(\d+)")
        (folder / "port").write_text(found[1])
        yield folder


@pytest.mark.parametrize(("head", "block"), BLOCKS, ids=[head for head, _ in BLOCKS])
def test_a_recipe_does_what_it_says(head: str, block: str, place: Path, tmp_path: Path) -> None:
    port = (place / "port").read_text()
    done = subprocess.run(
        ["sh", "-ec", block.replace("mail.example.org", f"localhost:{port}")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=2 * PATIENCE,
        cwd=tmp_path,
        env=environment(
            PATH=f"{place / 'bin'}:{os.environ['PATH']}",
            SSL_CERT_FILE=str(place / "ca" / "ca.pem"),
        ),
        check=False,
    )
    assert done.returncode == STATUS.get(head, 0), done.stdout.decode() + done.stderr.decode()
    assert PASSWORD.encode() not in done.stdout + done.stderr
    for path in tmp_path.iterdir():
        assert PASSWORD not in path.read_text()


def test_the_page_has_every_field_that_a_probe_tells(upstream: str) -> None:
    _, fields = next(each for each in SECTIONS if each[0] == "What a probe tells machines")
    login = ("--user", "demo", "--password-command", "echo demo")
    probe = (*login, "--retr", "first", "--expect", "x", "--json")
    told = json.loads(run_here("connect", upstream, *probe).out)
    names = [*told, *told["connection"], *told["stages"][0], *told["retrieved"]]
    names += told["expected"][0]
    assert [name for name in names if f"`{name}`" not in fields] == []
