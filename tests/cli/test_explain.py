"""``pop3spy explain``: any text that somebody met."""

import pytest

from cli.program import run_here
from pop3spy.cli.exit_status import ExitStatus

KNOWN = [
    pytest.param(["0x800CCC0F"], "The connection broke off", id="a code of Outlook's"),
    pytest.param(["SSL:", "WRONG_VERSION_NUMBER"], "port 995", id="several words"),
    pytest.param(["-ERR maildrop already locked, ha"], "the password was right", id="a dash first"),
    pytest.param(
        ["-ERR", "maildrop", "already", "locked"], "See the finding: in-use", id="unquoted"
    ),
    pytest.param(["--", "IN-USE"], "[IN-USE]: the password was right", id="behind two dashes"),
    pytest.param(["[SYS/TEMP]"], "it is not your fault", id="a response code"),
    pytest.param(["retr-truncated"], "Rests on: RFC 1939", id="a finding"),
]


@pytest.mark.parametrize(("words", "told"), KNOWN)
def test_what_is_known_is_told(words: list[str], told: str) -> None:
    status, out, err = run_here("explain", *words)
    assert (status, err) == (ExitStatus.DONE, "")
    assert told in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize(
    "words", [["PASS", "tanstaafl"], ["-ERR"], ["\x1b[31mred"], ["-ERR no help"]]
)
def test_of_what_is_not_known_that_is_said_and_nothing_repeated(words: list[str]) -> None:
    status, out, err = run_here("explain", *words)
    assert (status, out) == (ExitStatus.FOUND, "")
    assert err == "pop3spy: nothing is known of this; try what the server says behind -ERR\n"


def test_a_finding_that_is_misspelt_is_found_again() -> None:
    assert "did you mean retr-truncated?" in run_here("explain", "retr-truncted").err


def test_nothing_at_all_is_a_mistake() -> None:
    status, _, err = run_here("explain")
    assert status == ExitStatus.USAGE
    assert "missing argument 'TEXT...'" in err


@pytest.mark.parametrize("asked", ["-h", "--help"])
def test_help_comes_first(asked: str) -> None:
    assert "Usage: pop3spy explain" in run_here("explain", asked).out
