"""What ``docs/troubleshooting.md`` tells people to look for is what they see.

Each row is a problem of that page: its number, the conversation, the times of its lines (seconds),
how it ends, what is typed, and what then stands on the screen.
"""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.program import run

PAGE = (Path(__file__).parent.parent / "docs" / "troubleshooting.md").read_text(encoding="utf-8")

LOGIN = "S: +OK ready\nC: USER bob\nS: +OK\nC: PASS ████████\n"
INSIDE = LOGIN + "S: +OK\n"
QUIT = "C: QUIT\nS: +OK bye\n"


class Problem(NamedTuple):
    number: int
    said: str
    typed: str
    seen: str
    how: str = "quit"


PROBLEMS = [
    Problem(
        1,
        LOGIN + "S: -ERR [AUTH] Application-specific password required\n" + QUIT,
        "show --filter 'state = AUTHORIZATION and err' trouble.yaml",
        r"-ERR \[AUTH\] Application-specific password required",
    ),
    Problem(
        2,
        INSIDE + "C: STAT\nS: -ERR [SYS/PERM] Your account is not enabled.\n" + QUIT,
        "show --filter 'code = SYS/PERM' trouble.yaml",
        r"C: STAT\n.*-ERR \[SYS/PERM\]",
    ),
    Problem(
        3,
        "S: +OK ready\nC: AUTH XOAUTH2 ████████\nS: -ERR Protocol error. 10\n",
        "show --filter 'verb = AUTH' trouble.yaml",
        r"C: AUTH XOAUTH2 ████████\n.*S: -ERR Protocol error. 10(.|\n)*closed by the server",
        "server_closed",
    ),
    Problem(
        10,
        LOGIN + "S: -ERR [IN-USE] Mailbox is locked\n" + QUIT,
        "show --filter 'code = IN-USE' trouble.yaml",
        r"-ERR \[IN-USE\]",
    ),
    Problem(
        11,
        INSIDE + "C: DELE 1\nS: +OK\n",
        "show --filter 'verb = DELE,QUIT' trouble.yaml",
        r"C: DELE 1(.|\n)*marked as deleted without QUIT",
        "client_closed",
    ),
    Problem(
        13,
        INSIDE + "C: DELE 1\nS: +OK\nC: QUIT\n",
        "show --filter 'verb = DELE,QUIT' trouble.yaml",
        r"C: QUIT\n(.|\n)*reset by the server",
        "server_reset",
    ),
    Problem(
        14,
        INSIDE + "C: STAT\nS: +OK 0 0\n" + QUIT,
        "show --filter 'verb = USER,STAT' trouble.yaml",
        r"C: USER bob\n(.|\n)*S: \+OK 0 0",
    ),
    Problem(
        16,
        INSIDE + "C: RETR 1\nS: +OK\nS: A: b\nS: \nS: .\nS: tail\nS: .\n" + QUIT,
        "show --bodies trouble.yaml",
        r"S: tail +unasked",
    ),
    Problem(
        17,
        INSIDE + "C: RETR 1\nS: +OK\nS: A: b\nS: \nS: .profile\nS: .\n" + QUIT,
        "show --raw --filter 'verb = RETR' trouble.yaml",
        r"S: .*\.profile",
    ),
    Problem(
        18,
        INSIDE + "C: RETR 1\nS: +OK\nS: A: b\n",
        "show trouble.yaml",
        r"broken off(.|\n)*closed by the server",
        "server_closed",
    ),
    Problem(
        22,
        "S: 220 mail.example.org ESMTP\nC: CAPA\nS: 502 not known\n",
        "show trouble.yaml",
        r"S: 220 mail.example.org ESMTP +banner",
        "client_closed",
    ),
]


def recording(problem: Problem) -> str:
    """Return the conversation as a recording, a line each tenth of a second."""
    lines = ["pop3spy: 1", "records:"]
    lines.append('- [0.0, 1, "open", {"client": "192.0.2.1:5000", "server": "192.0.2.2:110"}]')
    said = problem.said.splitlines()
    for number, line in enumerate(said, start=1):
        lines.append(f'- [{number / 10}, 1, "{line[0]}", "{line[3:]}\\r\\n"]')
    lines.append(f'- [{len(said)}.0, 1, "close", {{"how": "{problem.how}", "why": ""}}]')
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: str(problem.number))
def test_what_the_page_says_is_what_is_seen(problem: Problem, tmp_path: Path) -> None:
    file = tmp_path / "trouble.yaml"
    file.write_text(recording(problem), encoding="utf-8")
    words = [str(file) if word == "trouble.yaml" else word for word in shlex.split(problem.typed)]
    ended = run(*words)
    assert (ended.status, ended.err) == (0, "")
    assert re.search(problem.seen, ended.out), ended.out


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: str(problem.number))
def test_what_is_typed_here_stands_on_the_page(problem: Problem) -> None:
    section = PAGE.split(f"### {problem.number}. ")[1].split("\n### ")[0]
    assert f"pop3spy {problem.typed}" in section or problem.number in (18, 22)


def test_the_page_has_all_of_the_problems() -> None:
    numbers = [int(number) for number in re.findall(r"^### (\d+)\. ", PAGE, re.MULTILINE)]
    assert sorted(numbers) == list(range(1, 26))
