"""The lines of ``docs/api.md`` do what the page says, on a real proxy."""

import re
import subprocess
from pathlib import Path

import pytest

from cli.conftest import upstream
from cli.program import running, session
from lab.processes import need
from pop3spy.web.acts import ACTS

__all__ = ["upstream"]

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()


@pytest.mark.lab
def test_every_line_of_curl_is_answered(upstream: str, tmp_path: Path) -> None:
    need("curl")
    shown = PAGE.partition("<!-- curl:start -->")[2].partition("<!-- curl:end -->")[0]
    blocks = re.findall(r"```sh\n(.*?)```", shown, re.DOTALL)
    lines = "".join(blocks).splitlines()
    assert len(lines) > 12
    options = ("--upstream", upstream, "--listen", ":0", "--quiet", "--web", "0", "--web-control")
    with running("proxy", *options) as proxy:
        link = proxy.says(r"inspector at (http://\S+)")[1]
        session(proxy.port())
        script = "\n".join(["set -eu", *(f"echo; {line}" for line in lines)])
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "LINK": link, "API": f"{link.partition('#')[0]}api"},
            capture_output=True,
            timeout=30,
            check=False,
        )
    told = done.stdout.decode()
    assert done.returncode == 0, (told, done.stderr)
    for wanted in (
        *('"done": true', "-ERR no", '"verb": "LIST"', '"column": 16'),
        *("event: reset", '"head": ["command"', "[IN-USE]"),
    ):
        assert wanted in told, wanted


def test_every_act_is_told_of() -> None:
    told = PAGE.partition("## Acts")[2].partition("##")[0]
    assert set(re.findall(r"^\| `([a-z ]+)` \|", told, re.MULTILINE)) == set(ACTS)
