"""What is loaded for what: a start is mostly the loading of modules."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli.program import PATIENCE, environment, run
from pop3spy.cli.exit_status import ExitStatus
from pop3spy.cli.main import LazyVerb, program

CAPTURES = Path(__file__).parents[2] / "captures"
LAZY = {name: verb for name, verb in program.commands.items() if isinstance(verb, LazyVerb)}
VERB_MODULES = {f"pop3spy.cli.{name}" for name in LAZY}
HEAVY = {
    "pytest",
    "asyncio",
    "cryptography",
    "prompt_toolkit",
    "socket",
    "ssl",
    "structlog",
    "uvloop",
    "yaml",
}
"""What takes longer to load than the program itself."""


PROGRAM = """
import sys
from pop3spy.__main__ import start
start()
sys.stderr.write("loaded: " + " ".join(sys.modules))
"""


def loaded_for(*args: str, **changes: str) -> set[str]:
    """Return the modules that a run of the program has loaded."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *args],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        env=environment(**changes),
        check=True,
    )
    return set(done.stderr.decode().partition("loaded: ")[2].split())


WITHOUT_A_VERB = [
    pytest.param([], {}, id="nothing"),
    pytest.param(["--help"], {}, id="help"),
    pytest.param(["--version"], {}, id="version"),
    pytest.param(["prxy"], {}, id="a verb misspelt"),
    pytest.param(
        [],
        {"_POP3SPY_COMPLETE": "bash_complete", "COMP_WORDS": "pop3spy ", "COMP_CWORD": "1"},
        id="completion of a verb",
    ),
]


@pytest.mark.parametrize(("args", "changes"), WITHOUT_A_VERB)
def test_without_a_verb_no_verb_is_loaded_and_nothing_heavy(
    args: list[str], changes: dict[str, str]
) -> None:
    loaded = loaded_for(*args, **changes)
    assert "pop3spy.cli.main" in loaded
    assert loaded & (VERB_MODULES | HEAVY) == set()


NOT_FOR = [
    pytest.param("export", {"asyncio", "structlog"}, id="export"),
    pytest.param("scrub", {"asyncio", "structlog"}, id="scrub"),
    pytest.param("compare", {"asyncio", "structlog"}, id="compare"),
    pytest.param("show", {"structlog"}, id="show"),
    pytest.param("proxy", {"structlog"}, id="proxy"),
]


@pytest.mark.parametrize(("verb", "spared"), NOT_FOR)
def test_a_verb_loads_itself_and_not_what_only_others_need(verb: str, spared: set[str]) -> None:
    loaded = loaded_for(verb, "--help")
    assert loaded & VERB_MODULES == {f"pop3spy.cli.{verb}"}
    assert "yaml" in loaded
    assert loaded & {"cryptography", "prompt_toolkit", "starlette", "uvicorn", *spared} == set()


def test_an_extra_is_loaded_by_whoever_asks_for_it_alone() -> None:
    loaded = loaded_for("show", str(CAPTURES / "dovecot-user.yaml"))
    assert loaded & {"starlette", "uvicorn", "h11", "anyio"} == set()
    assert not [name for name in loaded if name.startswith("pop3spy.web")]


@pytest.mark.parametrize("name", LAZY)
def test_the_list_of_verbs_says_what_the_help_of_the_verb_says(name: str) -> None:
    verb = LAZY[name].load()
    assert verb.name == name
    assert LAZY[name].short_help == verb.get_short_help_str(limit=200)


COMPLETED = [
    pytest.param("pop3spy ", "proxy", id="a verb"),
    pytest.param("pop3spy sh", "show", id="the beginning of a verb"),
    pytest.param("pop3spy replay ", "server", id="a verb of a verb"),
    pytest.param("pop3spy proxy --upst", "--upstream", id="an option"),
    pytest.param("pop3spy proxy --stls ", "inspect", id="a value of an option"),
    pytest.param("pop3spy serve --fault st", "stall", id="the name of a fault"),
]


@pytest.mark.parametrize(("typed", "offered"), COMPLETED)
def test_a_shell_completes_verbs_and_their_options(typed: str, offered: str) -> None:
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    status, out, _ = run(_POP3SPY_COMPLETE="bash_complete", **words)
    assert status == 0
    assert f"plain,{offered}" in out.splitlines()


FILES = [
    "pop3spy show cap",
    "pop3spy compare a.yaml cap",
    "pop3spy export cap",
    "pop3spy scrub cap",
    "pop3spy replay server cap",
    "pop3spy serve cap",
    "pop3spy proxy --log cap",
    "pop3spy export a.yaml -o cap",
]


@pytest.mark.parametrize("typed", FILES)
def test_a_shell_completes_names_of_files(typed: str) -> None:
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    status, out, _ = run(_POP3SPY_COMPLETE="bash_complete", **words)
    assert (status, out) == (0, "file,cap\n")


def test_bash_takes_what_completion_prints_for_it() -> None:
    script = run("completion", "bash").out
    told = subprocess.run(
        ["bash", "-c", "source /dev/stdin && complete -p pop3spy"],
        input=script,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "pop3spy" in told.stdout


@pytest.mark.parametrize(("shell", "begins"), [("zsh", "#compdef pop3spy"), ("fish", "function ")])
def test_other_shells_have_a_script_as_well(shell: str, begins: str) -> None:
    assert run("completion", shell).out.startswith(begins)


def test_a_shell_that_is_not_known_is_told_which_are() -> None:
    ended = run("completion", "tcsh")
    assert ended.status == ExitStatus.USAGE
    assert "'bash', 'zsh', 'fish'" in ended.err
