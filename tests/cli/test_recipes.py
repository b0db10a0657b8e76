"""The commands of two pages do what they say, against servers of this machine.

They are ``docs/recipes.md`` and ``docs/migration.md``; both servers of the latter have the same
mail.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cli.program import PATIENCE, environment, run_here, running

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [(DOCS / name).read_text(encoding="utf-8") for name in ("recipes.md", "migration.md")]
SECTION = re.compile(r"(?ms)^##?#? ([^\n]+)\n(.*?)(?=^##?#? |\Z)")
SECTIONS = [section for page in PAGES for section in SECTION.findall(page)]
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
    """A folder with what the pages take for granted, and where two servers of the same mail are."""
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
    options = ("--listen", "pop3s://localhost:0", "--quiet", "--ca-dir", folder / "ca")
    with ExitStack() as running_servers:
        for name in ("old", "new"):
            mail = folder / f"{name}-mail"
            for part in ("cur", "new", "tmp"):
                (mail / part).mkdir(parents=True)
            (mail / "new" / "1").write_bytes(b"Subject: probe 4711\r\n\r\nhello\r\n")
            serve = running("serve", mail, *options, "--users", users)
            server = running_servers.enter_context(serve)
            found = server.says(r"listening on pop3s://[^:]+:(\d+)")
            (folder / name).write_text(f"localhost:{found[1]}")
        yield folder


@pytest.mark.parametrize(("head", "block"), BLOCKS, ids=[head for head, _ in BLOCKS])
def test_a_recipe_does_what_it_says(head: str, block: str, place: Path, tmp_path: Path) -> None:
    old, new = ((place / name).read_text() for name in ("old", "new"))
    block = re.sub(r"\b(mail|old)\.example\.org", old, block).replace("new.example.org", new)
    (tmp_path / "accounts.csv").write_text("user,password_command\nalice,pass show mail/alice\n")
    done = subprocess.run(
        ["sh", "-ec", block],
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
