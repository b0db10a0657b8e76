"""Each rule by the conversations that need a certain port, a named server, or far hosts, live."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Final

import pytest

from findings.conversations import FAR_APART, conversations, expected, is_anywhere
from findings.network_door import HOSTS, MADE
from lab.processes import SYSTEM_FOLDERS, missing, need, need_root
from pop3spy.findings import Rule

HERE: Final = Path(__file__).parent
PATH: Final = os.pathsep.join((os.environ.get("PATH", os.defpath), SYSTEM_FOLDERS))
Play = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    """Return what plays a conversation in a network of its own, and tells what is raised."""
    need_root("make a network")
    own = [need("unshare"), "--net", "--mount", "--propagation", "private"]
    if subprocess.run([*own, "true"], capture_output=True, check=False).returncode:
        missing("this machine allows no network namespaces, not even to root")
    folder = tmp_path_factory.mktemp("network")
    (folder / "hosts").write_text(HOSTS)
    door = [sys.executable, "-m", "findings.network_door", str(folder)]
    command = [*own, "sh", "-euc", MADE, "network", str(folder / "hosts"), *door]
    with subprocess.Popen(
        ["env", f"PYTHONPATH={HERE.parent}", f"PATH={PATH}", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE.parent.parent,
    ) as program:
        questions, answers = program.stdin, program.stdout
        assert questions
        assert answers
        yield partial(_asked, questions, answers)
        questions.close()
        assert program.wait(20) == 0


def _asked(questions: IO[str], answers: IO[str], text: str) -> list[str]:
    questions.write(json.dumps(text) + "\n")
    questions.flush()
    return list(json.loads(answers.readline()))


@pytest.mark.parametrize(
    ("rule", "text"),
    conversations(lambda rule, text: rule.id in FAR_APART or not is_anywhere(text)),
)
def test_what_is_said_between_two_hosts_is_judged_as_it_passes(
    rule: Rule, text: str, play: Play
) -> None:
    assert play(text) == expected(rule, text)
