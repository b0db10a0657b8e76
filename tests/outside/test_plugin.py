"""The plugin, as the tests of others have it: from the wheel, by nothing but its entry point."""

import shutil
from pathlib import Path

import pytest

from outside.conftest import ROOT, Outside
from pop3spy.pytest_plugin import MARKS


def test_nothing_of_the_checkout_is_on_the_path(outside: Outside, tmp_path: Path) -> None:
    said = outside.run(
        "-c", "import pop3spy, sys; print(pop3spy.__file__, *sys.path)", cwd=tmp_path
    )
    file, *path = said.stdout.split()
    assert file.startswith(str(outside.packages))
    assert str(ROOT) not in path


def test_the_tests_of_the_example_pass(outside: Outside, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(ROOT / "examples" / "mail_fetcher", project)
    done = outside.tests(project)
    assert "10 passed" in done.stdout, done.stdout
    assert "warning" not in done.stdout


def test_the_example_is_typed(outside: Outside, tmp_path: Path) -> None:
    project = ROOT / "examples" / "mail_fetcher"
    cache = tmp_path / "cache"
    done = outside.run(
        *("-m", "mypy", "--strict", "--cache-dir", cache, "mail_fetcher.py", "tests"), cwd=project
    )
    assert "Success" in done.stdout


def test_the_marks_are_registered(outside: Outside, tmp_path: Path) -> None:
    told = outside.tests(tmp_path, "--markers").stdout
    assert [name for name in MARKS if f"@pytest.mark.{name}(" not in told] == []
    assert "pop3_server" in outside.tests(tmp_path, "--fixtures").stdout


def told(outside: Outside, folder: Path, marks: str, fixture: str = "pop3_server") -> str:
    """Return the one line that a test with *marks* fails with."""
    (folder / "test_it.py").write_text(
        f"import pytest\n\n{marks}\ndef test_it({fixture}): pass\n", encoding="utf-8"
    )
    said = outside.tests(folder, "--strict-markers" if "falt" not in marks else "-Wignore").stdout
    assert "Traceback" not in said
    lines = [line for line in said.splitlines() if line.startswith("ERROR ")]
    assert len(lines) == 1, said
    return lines[0]


WRONG = [
    ('@pytest.mark.pop3_fault("ct after=1K")', "no such fault; did you mean cut?"),
    ('@pytest.mark.pop3_falt("cut")', "no mark pop3_falt; did you mean pop3_fault?"),
    ('@pytest.mark.pop3_fault(fault="cut")', "pop3_fault has no fault"),
    ('@pytest.mark.pop3_personality("gmial")', "did you mean gmail?"),
    ("@pytest.mark.pop3_personality()", "pop3_personality takes 1, not 0"),
    ('@pytest.mark.pop3_tls("tls")', "'tls' is not one of stls, pop3s"),
    ('@pytest.mark.pop3_users(bob="")', "there must be a password"),
    ("@pytest.mark.pop3_messages(5)", "int is none"),
]


@pytest.mark.parametrize(("marks", "said"), WRONG)
def test_what_means_nothing_is_told_in_one_line(
    marks: str, said: str, outside: Outside, tmp_path: Path
) -> None:
    assert said in told(outside, tmp_path, marks)


def test_a_stand_in_without_a_recording_says_what_to_do(outside: Outside, tmp_path: Path) -> None:
    assert "mark the test with pop3_recording" in told(outside, tmp_path, "", "pop3_stand_in")
    marks = '@pytest.mark.pop3_recording("none.yaml")'
    assert "no such file" in told(outside, tmp_path, marks, "pop3_stand_in")


FAILS = """
import poplib

def test_it(pop3_proxy):
    client = poplib.POP3(pop3_proxy.host, pop3_proxy.port)
    client.user("demo")
    client.pass_("demo-5150")
"""


def test_a_test_that_fails_shows_what_was_said_and_no_password(
    outside: Outside, tmp_path: Path
) -> None:
    (tmp_path / "test_it.py").write_text(FAILS.replace('"demo-5150"', 'open("p").read()'))
    (tmp_path / "p").write_text("demo-5150")
    said = outside.tests(tmp_path).stdout
    assert "what pop3_proxy heard" in said
    assert "C: PASS ████████" in said
    assert "demo-5150" not in said


def test_every_test_has_a_server_of_its_own(outside: Outside, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('number', range(3))\n"
        "def test_it(pop3_server, number):\n"
        "    assert pop3_server.sessions == []\n"
    )
    assert "3 passed" in outside.tests(tmp_path).stdout
