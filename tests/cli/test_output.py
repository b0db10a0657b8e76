"""What goes where: the transcript, notes and the log, with every option that has a say in it."""

import json
import os
import re
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.program import Ended, client, running, session

Relayed = Callable[..., Ended]


@pytest.fixture
def relayed(upstream: str) -> Relayed:
    """What the proxy, with the options given, had to say of one session."""

    def relay(*options: str | Path) -> Ended:
        with running("proxy", "--upstream", upstream, "--listen", ":0", *options) as proxy:
            session(proxy.port())
            return proxy.stopped()

    return relay


def is_transcript(text: str) -> bool:
    lines = text.splitlines()
    return "┌─" in lines[0] and "ended by QUIT" in lines[-1] and "PASS ████████" in text


def test_the_transcript_is_the_result_and_notes_are_not(relayed: Relayed) -> None:
    ended = relayed()
    assert is_transcript(ended.out)
    (note,) = ended.notes
    assert re.fullmatch(r"pop3spy: listening on \S+, relaying to \S+ \(.*\)", note)


def test_quiet_prints_no_transcript(relayed: Relayed) -> None:
    ended = relayed("--quiet")
    assert ended.out == ""
    assert ended.err.startswith("pop3spy: listening")


@pytest.mark.parametrize(("form", "quiet"), [("text", []), ("json", ["--quiet"])])
def test_a_log_is_written_beside_the_transcript(
    form: str, quiet: list[str], relayed: Relayed, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    ended = relayed("--log", log, "--log-format", form, *quiet)
    assert (ended.out == "") == bool(quiet)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    if form == "json":
        names = [json.loads(line)["event"] for line in log.read_text().splitlines()]
        assert names[:2] == ["listening", "session_opened"]
        assert names[-1] == "session_ended"
    else:
        note, rest = log.read_text().split("\n", 1)
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ pop3spy: listening on ", note)
        assert is_transcript(rest)


def test_a_log_grows_from_run_to_run(relayed: Relayed, tmp_path: Path) -> None:
    log = tmp_path / "log"
    for _ in range(2):
        relayed("--log", log, "--quiet")
    assert log.read_text().count("ended by QUIT") == 2


def test_a_log_on_stdout_takes_the_place_of_the_transcript(relayed: Relayed) -> None:
    text = relayed("--log", "-")
    assert text.out.count("┌─") == 1
    assert re.match(r"\d{4}-.* pop3spy: listening", text.out)
    objects = relayed("--log", "-", "--log-format", "json").out.splitlines()
    assert [json.loads(line)["event"] for line in objects][-1] == "session_ended"


@pytest.mark.parametrize("log", [[], ["--log", "-"]], ids=["transcript", "log"])
def test_notes_and_transcript_come_in_order_where_they_go_to_one_place(
    log: list[str], upstream: str
) -> None:
    """The last rows of the transcript came after notes that were written later."""
    reader, writer = os.pipe()
    with os.fdopen(reader, encoding="utf-8") as said:
        options = ("--upstream", upstream, "--listen", ":0", *log)
        with running("proxy", *options, stdout=writer, stderr=writer) as proxy:
            os.close(writer)
            found = re.search(r"listening on pop3://127.0.0.1:(\d+)", said.readline())
            assert found
            pop = client(int(found[1]))
            pop.user("demo")
            proxy.send(signal.SIGTERM)
            lines = said.read()
            pop.close()
    words = ("C: USER demo", "S: +OK now the password", "stopping", "└─")
    assert re.findall("|".join(map(re.escape, words)), lines) == list(words)
    assert "listening" not in lines


@pytest.mark.parametrize("form", ["text", "json"])
def test_strict_hides_names_and_addresses_in_all_that_is_sent_to_others(
    form: str, relayed: Relayed, tmp_path: Path
) -> None:
    """The note that the proxy listens, which is in the log too, had the addresses."""
    log = tmp_path / "log"
    ended = relayed("--redact", "strict", "--log", log, "--log-format", form)
    for text in (ended.out, log.read_text()):
        assert "demo" not in text
        assert "127.0.0.1" not in text
    assert "listening on pop3://127.0.0.1" in ended.err, "whoever started it has to know"


def test_a_configuration_file_is_all_that_is_needed(upstream: str, tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "spy.yaml").write_text(
        f"upstream: {upstream}\nlisten: [':0', ':0']\n"
        "log: spy.jsonl\nlog-format: json\nquiet: true\n"
    )
    with running("proxy", "--config", folder / "spy.yaml") as proxy:
        ports = {proxy.port(), proxy.port()}
        for port in ports:
            session(port)
        ended = proxy.stopped()
    assert len(ports) == 2
    assert (ended.status, ended.out) == (0, "")
    assert (folder / "spy.jsonl").read_text().count('"session_ended"') == 2


LOCALES = [
    pytest.param({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, id="C"),
    pytest.param({"PYTHONIOENCODING": "latin-1:strict"}, id="latin-1"),
]


@pytest.mark.parametrize("env", LOCALES)
def test_what_the_terminal_has_no_letters_for_is_escaped(env: dict[str, str]) -> None:
    with running("serve", "--listen", ":0", env=env) as server:
        session(server.port())
        ended = server.stopped()
    assert ended.status == 0
    assert "failed" not in ended.err
    assert "PASS " + 8 * "\\u2588" in ended.out
    assert "ended by QUIT" in ended.out


def test_log_of_serve_and_of_proxy_are_alike(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running("serve", "--listen", ":0", "--log", log, "--log-format", "json") as server:
        session(server.port())
        ended = server.stopped()
    assert is_transcript(ended.out)
    names = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert names[0] == "listening"
    assert names[-1] == "session_ended"
