"""What pop3spy withstands: each sentence is held by the tests that have its mark.

A test is marked with ``@pytest.mark.promise("name")``; the table in ``docs/security.md`` is made
of both.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

TESTS: Final = Path(__file__).parents[1]

WITHSTOOD: Final = {
    "soak": "For as long as it runs, whatever goes wrong beside it, every octet is right, and memory, descriptors and tasks stay as they were.",
    "many": "Thousands of sessions at once are each with their own server.",
    "slow": "A peer that reads slowly, or not at all, slows its own session alone, and no octet is lost.",
    "files": "Where no more files may be open, sessions go on, new clients wait, and it is told once.",
    "memory": "A session that is over leaves memory at once, in TLS too, and however it ended; what a crowd has freed goes back to the system.",
    "disk": "A full disk ends no session; it is told once, and what is missing is counted.",
    "log": "A log that is moved away is begun anew without a signal, and no line is lost.",
    "clock": "A clock that is set, by hours and in the middle of a session, ends none, bends no time in a log, and takes nothing from logs, rows and ledgers.",
    "signals": "SIGHUP, SIGTERM and Ctrl-C end it in order, with replies on their way; under nohup it goes on.",
    "tickets": "A client may take an earlier session of TLS up again, by its ticket.",
    "keys": "Nobody negotiates TLS twice in a session, and either side may change its keys.",
    "alpn": "A client may offer any protocol by ALPN; nothing is chosen in a server's name, and the server is asked nothing.",
    "stls": "STLS may be cut anywhere, in clear and inside TLS, and what is said in clear behind it gets nowhere.",
}
"""The promises by the names of their marks, in the order of the page."""


class Held(NamedTuple):
    """A test, and the name of the promise that it holds pop3spy to."""

    promise: str
    file: Path
    test: str

    @property
    def sentence(self) -> str:
        """What the test says by its name."""
        return self.test.removeprefix("test_").replace("_", " ")


def held() -> Iterator[Held]:
    """Yield every mark, in the order of files and of the tests in them."""
    for file in sorted(TESTS.rglob("test_*.py")):
        text = file.read_text(encoding="utf-8")
        if "mark.promise(" not in text:
            continue
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for mark in node.decorator_list:
                    if (
                        isinstance(mark, ast.Call)
                        and ast.unparse(mark.func) == "pytest.mark.promise"
                    ):
                        for name in mark.args:
                            yield Held(ast.literal_eval(name), file, node.name)


def table() -> str:
    """Return the table of the page."""
    rows = ["| promise | what is tried |", "|---|---|"]
    marks = list(held())
    for name, sentence in WITHSTOOD.items():
        tried = [
            f"[{each.sentence}](../tests/{each.file.relative_to(TESTS).as_posix()})"
            for each in marks
            if each.promise == name
        ]
        rows.append(f"| {sentence} | {'; '.join(tried)} |")
    return "\n".join(rows)
