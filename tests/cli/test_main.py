"""How the program ends, and the one line that it gives people whose command was wrong."""

import importlib.metadata
import re
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from builds import COMPILED
from cli.program import COMMAND, PATIENCE, VERBS, environment, run
from pop3spy.cli.main import main

HELPED = [[], ["replay"], ["ca"], *(verb.split() for verb in VERBS)]

WRONG = [
    pytest.param(
        ["prxy"],
        "no such command 'prxy'; did you mean 'proxy'? (pop3spy --help tells more)",
        id="a verb misspelt",
    ),
    pytest.param(["--foo"], "no such option '--foo' (pop3spy --help tells more)", id="no verb"),
    pytest.param(
        ["proxy", "--max-session", "3"],
        "no such option '--max-session'; did you mean '--max-sessions'?"
        " (pop3spy proxy --help tells more)",
        id="an option misspelt",
    ),
    pytest.param(
        ["proxy", "--upstream"],
        "option '--upstream' requires an argument (pop3spy proxy --help tells more)",
        id="an option without its value",
    ),
    pytest.param(
        ["proxy"],
        "no server to relay to; name it: --upstream mail.example.org",
        id="nothing to relay to",
    ),
    pytest.param(
        ["serve", "a", "b"],
        "got unexpected extra argument (b) (pop3spy serve --help tells more)",
        id="one argument too many",
    ),
    pytest.param(
        ["proxy", "--upstream", "imap://mail"],
        "--upstream: imap:// is not known; write pop3://, pop3s://, pop3+stls:// or host:port",
        id="another protocol",
    ),
    pytest.param(
        ["proxy", "--upstream", "mail", "--key", "key.pem"],
        "--key needs --cert, the certificate that it belongs to",
        id="a key without its certificate",
    ),
    pytest.param(
        ["serve", "--cert", "/nowhere/cert.pem"],
        "/nowhere/cert.pem: no such file or directory",
        id="no certificate",
    ),
    pytest.param(
        ["proxy", "--upstream", "110"],
        "--upstream: '110' names no host; write host:port",
        id="port",
    ),
    pytest.param(
        ["proxy", "--upstream", "h", "--listen", ":99999"],
        "--listen: port 99999 is too large; the last one is 65535",
        id="a port that does not exist",
    ),
    pytest.param(
        ["proxy", "--upstream", "h", "--log-format", "jsn"],
        "--log-format: 'jsn' is not one of text, json, rows, parquet; did you mean 'json'?",
        id="a word misspelt",
    ),
    pytest.param(
        ["proxy", "--upstream", "h", "--idle-timeout", "soon"],
        "--idle-timeout: 'soon' is no time; write seconds, or 500ms, 30s, 10m, 1h",
        id="no time",
    ),
    pytest.param(
        ["proxy", "--upstream", "h", "--max-sessions", "-1"],
        "--max-sessions: '-1' is no count; write a number from 0 up",
        id="no count",
    ),
    pytest.param(
        ["proxy", "--upstream", "h", "--log", "~nobody-of-this-name/log"],
        "--log: '~nobody-of-this-name/log' begins with a home folder that is not known",
        id="an unknown home",
    ),
    pytest.param(
        ["proxy", "mail.example.org"],
        "'mail.example.org' is no option; did you mean --upstream mail.example.org?",
        id="a server without its option",
    ),
    pytest.param(["serve", ""], "MAILBOX: there is no value", id="an empty argument"),
    pytest.param(["serve", "--config", ""], "--config: there is no value", id="an empty option"),
    pytest.param(
        ["serve", "--config", "/nowhere/x.yaml"],
        "/nowhere/x.yaml: no such file or directory",
        id="no such configuration",
    ),
    pytest.param(
        ["serve", "--users", "/nowhere/x.yaml"],
        "/nowhere/x.yaml: no such file or directory",
        id="no such file of users",
    ),
    pytest.param(
        ["serve", "--listen", ":0", "--log", "/nowhere/log"],
        "cannot write the log /nowhere/log: no such file or directory",
        id="no place for the log",
    ),
    pytest.param(
        ["serve", "--listen", ":0", "--log", "."],
        "cannot write the log .: is a directory",
        id="a folder for a log",
    ),
]


@pytest.mark.parametrize(("args", "said"), WRONG)
def test_a_wrong_command_line_is_told_in_one_line(
    args: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(args) == 2
    assert capfd.readouterr() == ("", f"pop3spy: {said}\n")


FREE = ["--listen", ":0"]
FAILING = [
    pytest.param(["serve", *FREE, "/nowhere/mail"], "/nowhere/mail", id="no such mailbox"),
    pytest.param(
        ["proxy", "--upstream", "h", "--listen", "nohost.invalid:0"], "nohost.invalid", id="no host"
    ),
    pytest.param(
        ["proxy", "--upstream", "h", "--listen", "192.0.2.1:0"], "no such address", id="no address"
    ),
]


@pytest.mark.parametrize(("args", "said"), FAILING)
def test_what_cannot_be_done_is_told_in_one_line(
    args: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(args) == 3
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("pop3spy: ")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("piece", ["a", "a:", ":", "//", "/a:b", "a:@"])
def test_a_long_mistake_is_told_at_once(piece: str, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.process_time()
    assert main(["show", piece * (100_000 // len(piece))]) == 3
    assert time.process_time() - began < 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_port_in_use_is_told_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"pop3://127.0.0.1:{taken.getsockname()[1]}"
        status, out, err = run("serve", "--listen", url)
    assert (status, out) == (3, "")
    assert err == (
        f"pop3spy: cannot listen on {url}: another program does; stop it, or choose another port"
        " with --listen\n"
    )


def test_control_characters_of_a_path_do_not_reach_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a\x1b[31m\nb"
    file.write_text("lsten: x")
    assert main(["serve", "--config", str(file)]) == 2
    assert main(["serve", "--users", str(file) + "c"]) == 2
    err = capfd.readouterr().err
    assert "\x1b" not in err
    assert err.count("\n") == 2


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("verb", HELPED, ids=lambda verb: " ".join(verb) or "-")
def test_help_shows_examples_that_fit_a_terminal_of_80_columns(
    verb: list[str], option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*verb, option]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"Usage: {' '.join(['pop3spy', *verb])}")
    examples = lines[lines.index("  Examples:") :]
    assert any(line.startswith(f"    {' '.join(['pop3spy', *verb])}") for line in examples)
    assert [line for line in lines if len(line) > 79 or line != line.rstrip()] == []


def test_no_summary_of_a_verb_is_cut_short(capsys: pytest.CaptureFixture[str]) -> None:
    for group in [], ["replay"], ["ca"]:
        assert main([*group, "-h"]) == 0
        assert "..." not in capsys.readouterr().out.partition("Commands:")[2]


def test_the_version_is_that_of_the_package_and_of_the_build_under_test() -> None:
    build = "compiled" if COMPILED else "pure Python"
    version = importlib.metadata.version("pop3spy")
    assert run("--version") == (0, f"pop3spy {version} ({build})\n", "")


READINGS = [
    pytest.param([*verb, "{long}"], id=verb[0])
    for verb in [("show", "--raw"), ("export", "--to", "jsonl"), ("export", "--to", "pcapng")]
]
"""Ways to read a recording of which more is written than is written at once."""


@pytest.fixture
def args(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """Give the arguments of the test, with a long recording where ``{long}`` stands."""
    long = tmp_path / "long.yaml"
    row = f'- S: "{"x" * 98}"\n'
    long.write_text("pop3spy: 1\nrecords:\n- S: +OK\n- C: RETR 1\n- S: +OK\n" + row * 4_000)
    return [arg.replace("{long}", str(long)) for arg in request.param]


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["--help"], id="help"),
        pytest.param(["proxy", "--help"], id="help of a verb"),
        pytest.param(["demo"], id="demo"),
        *READINGS,
    ],
    indirect=True,
)
def test_whoever_reads_the_output_may_go(args: Sequence[str]) -> None:
    head = subprocess.Popen(["true"], stdin=subprocess.PIPE)
    with head:
        head.wait()
        assert head.stdin
        done = subprocess.run(
            [*COMMAND, *args],
            stdin=subprocess.DEVNULL,
            stdout=head.stdin,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
            env=environment(),
            check=False,
        )
    said = [line for line in done.stderr.splitlines() if b"listening" not in line]
    assert (done.returncode, said) == (0, [])


@pytest.mark.parametrize(
    "args",
    [pytest.param(["--help"], id="help"), pytest.param(["demo"], id="demo"), *READINGS],
    indirect=True,
)
def test_a_result_that_cannot_be_written_is_told(args: Sequence[str]) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - as a shell would
        done = subprocess.run(
            [*COMMAND, *args],
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
            env=environment(),
            check=False,
        )
    said = [line for line in done.stderr.decode().splitlines() if "listening" not in line]
    assert done.returncode == 3
    assert len(said) == 1
    assert re.fullmatch(r"pop3spy: cannot .*write.*: no space left on device", said[0])


CLOSED = [
    pytest.param("<&-", id="stdin"),
    pytest.param(">&-", id="stdout"),
    pytest.param("2>&-", id="stderr"),
    pytest.param("<&- >&- 2>&-", id="all"),
]


@pytest.mark.parametrize("closed", CLOSED)
@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_closed_streams_end_nothing(closed: str, loop: str) -> None:
    """Sockets took the numbers of closed streams, and uvloop ended the process for that."""
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *COMMAND, "demo", "--loop", loop],
        capture_output=True,
        timeout=PATIENCE,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert (b"ended by QUIT" in done.stdout) == (">&-" not in closed.replace("2>&-", ""))


def test_a_module_is_the_program_too() -> None:
    assert (sys.executable, "-m", "pop3spy") == COMMAND
    assert run()[:2] == run("--help")[:2]


@pytest.mark.parametrize("module", ["pop3spy.cli.main", "pop3spy.cli.proxy", "pop3spy.net.half"])
def test_ctrl_c_while_the_program_is_loaded_ends_it_quietly(module: str) -> None:
    interrupted = (
        "import sys\n"
        "class Impatient:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}:\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Impatient())\n"
        "from pop3spy.__main__ import start\n"
        "sys.exit(start())\n"
    )
    command = [sys.executable, "-c", interrupted, "proxy", "--help"]
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")
