"""``pop3spy lint``: what people, code hosts and build servers read of what is wrong."""

import json
import os
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest

from cli.program import run_here as run
from pop3spy.findings import own_rules

HEAD = "pop3spy: 2\nstarted: 2026-11-29T12:00:00Z\nrecords:\n"
LOGIN = "- S: +OK ready\n- C: USER bob\n- S: +OK\n- C: PASS ████████\n- S: +OK\n"
CUT_OFF = """
- [0.0, 1, "open", {"client": "192.0.2.1:5000", "server": "192.0.2.2:110"}]
- [0.1, 1, "S", "+OK ready\\r\\n"]
- [0.2, 1, "C", "USER bob\\r\\n"]
- [0.2, 1, "S", "+OK\\r\\n"]
- [0.3, 1, "C", "PASS ████████\\r\\n"]
- [0.3, 1, "S", "+OK\\r\\n"]
- [0.4, 1, "C", "RETR 1\\r\\n"]
- [0.5, 1, "S", "+OK\\r\\nA: b\\r\\n\\r\\nx\\r\\n"]
- [0.6, 1, "fin", {"side": "S"}]
- [0.7, 1, "close", {"how": "server_closed", "why": ""}]
""".lstrip()
GOOD = LOGIN + "- C: QUIT\n- S: +OK\n"


@pytest.fixture(name="folder")
def made(tmp_path: Path) -> Path:
    """A folder with two recordings, and something that is none."""
    (tmp_path / "b.yaml").write_text(HEAD + CUT_OFF)
    (tmp_path / "a.yaml").write_text(HEAD + GOOD)
    (tmp_path / "notes.txt").write_text("call Bob\n")
    return tmp_path


def test_people_read_what_is_wrong_and_what_to_do(folder: Path) -> None:
    status, out, err = run("lint", str(folder))
    assert (status, err) == (1, "pop3spy: the capture ends before session 1 does\n")
    assert "error    retr-truncated  (exchange 3)" in out
    assert "What went wrong: " in " ".join(out.split())
    assert "looked at 2 sessions of 2 files" in out
    assert str(folder / "notes.txt") not in out


def test_a_build_fails_from_the_severity_on_that_it_asks_for(folder: Path) -> None:
    file = str(folder / "b.yaml")
    assert run("lint", file, "--fail-on", "never")[0] == 0
    ignored = [word for name in ("sizes", "security", "framing") for word in ("--ignore", name)]
    assert run("lint", file, *ignored)[0] == 0
    assert run("lint", file, "--select", "cleartext-mail", "--fail-on", "info")[0] == 1
    assert run("lint", str(folder / "a.yaml"), "--select", "sizes", "--fail-on", "info")[0] == 0


def test_a_pipe_is_read_once() -> None:
    reading, writing = os.pipe()
    os.write(writing, (HEAD + CUT_OFF).encode())
    os.close(writing)
    status, out, _ = run("lint", f"/dev/fd/{reading}", "--select", "retr-truncated")
    os.close(reading)
    assert status == 1
    assert "1 error in 1 session; looked at 1 session of 1 file." in out


def test_nothing_found_is_said() -> None:
    status, out, _ = run("lint", "captures/dovecot-user.yaml", "--select", "retr-truncated")
    assert (status, out) == (0, "Nothing was found in 1 session of 1 file.\n")


def test_json_has_each_finding_with_its_places_and_the_verdict(folder: Path) -> None:
    _, out, _ = run("lint", str(folder), "--format", "json", "--select", "retr-truncated")
    told = json.loads(out)
    assert (told["files"], told["sessions_seen"]) == (2, 2)
    (session,) = told["sessions"]
    assert session["file"] == str(folder / "b.yaml")
    assert session["verdict"].startswith("The client logged in as bob")
    (finding,) = session["findings"]
    assert finding["id"] == "retr-truncated"
    assert finding["places"] == [{"exchange": 3, "at": finding["at"]}]


def test_sarif_names_every_rule_that_it_uses(folder: Path) -> None:
    _, out, _ = run("lint", str(folder), "--format", "sarif")
    log = json.loads(out)
    (tool_run,) = log["runs"]
    rules = {rule["id"] for rule in tool_run["tool"]["driver"]["rules"]}
    assert log["version"] == "2.1.0"
    assert {result["ruleId"] for result in tool_run["results"]} == rules
    assert "retr-truncated" in rules
    for result in tool_run["results"]:
        (place,) = result["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"].endswith(".yaml")
        assert result["level"] in ("error", "warning", "note")


def test_sarif_names_a_file_as_a_uri_does(tmp_path: Path) -> None:
    odd = tmp_path / "50% of [two] words.yaml"
    odd.write_text(HEAD + CUT_OFF)
    _, out, _ = run("lint", str(odd), "--format", "sarif", "--select", "retr-truncated")
    (result,) = json.loads(out)["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == f"{quote(str(tmp_path))}/50%25%20of%20%5Btwo%5D%20words.yaml"


def test_junit_counts_sessions_with_errors_as_failures(folder: Path) -> None:
    _, out, _ = run("lint", str(folder), "--format", "junit", "--select", "retr-truncated")
    suite = ET.fromstring(out)
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.text is not None
    assert failure.text.startswith("error retr-truncated (exchange 3): ")


def test_github_annotations_are_a_line_each(folder: Path) -> None:
    _, out, _ = run("lint", str(folder), "--format", "github", "--select", "retr-truncated")
    (line,) = out.splitlines()
    assert line.startswith(f"::error file={folder}/b.yaml,title=retr-truncated (session 1%2C ")


def test_statistics_count_sessions_and_times(folder: Path) -> None:
    _, out, _ = run("lint", str(folder), "--statistics", "--select", "retr-truncated")
    assert [line.split() for line in out.splitlines()] == [
        ["finding", "severity", "sessions", "times"],
        ["retr-truncated", "error", "1", "1"],
    ]


def test_recordings_that_are_given_together_are_history_to_each_other(tmp_path: Path) -> None:
    session = LOGIN + '- C: UIDL\n- S: "+OK"\n{ids}- S: "."\n- C: QUIT\n- S: +OK\n'
    for day, letters in ((1, "abcde"), (2, "pqrst")):
        ids = "".join(f'- S: "{number} {letter}"\n' for number, letter in enumerate(letters, 1))
        sizes = "".join(f'- S: "{number} {number * 10}"\n' for number in range(1, 6))
        listed = session.replace("{ids}", ids).replace(
            "- C: UIDL", f'- C: LIST\n- S: "+OK"\n{sizes}- S: "."\n- C: UIDL'
        )
        head = HEAD.replace("2026-11-29", f"2026-11-{day:02}")
        (tmp_path / f"{9 - day}.yaml").write_text(head + listed)  # not by name, but by date
    _, out, _ = run("lint", str(tmp_path), "--select", "uidl-mass-change", "--format", "json")
    (told,) = json.loads(out)["sessions"]
    assert told["file"].endswith("7.yaml")


STRICT = """
pop3spy: 1
started: 2026-11-29T{hour}:00:00Z
redaction: strict
records:
- [0.0, 1, "open", {{"client": "host-1.invalid:5000", "server": "host-2.invalid:110"}}]
- [0.1, 1, "S", "+OK\\r\\n"]
- [0.2, 1, "C", "CAPA\\r\\n"]
- [0.3, 1, "S", "+OK\\r\\n{offer}\\r\\n.\\r\\n"]
- [0.4, 1, "close", {{"how": "quit"}}]
""".lstrip()


def test_names_that_stand_for_others_are_no_history_to_another_recording(tmp_path: Path) -> None:
    for hour, offer in ((12, "STLS"), (13, "TOP")):  # of two servers, each the first there
        (tmp_path / f"{hour}.yaml").write_text(STRICT.format(hour=hour, offer=offer))
    _, out, _ = run("lint", str(tmp_path), "--select", "stls-vanished")
    assert out == "Nothing was found in 2 sessions of 2 files.\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["lint"], "name a recording, or a folder of them"),
        (["lint", "--explain", "retr-trunc"], "did you mean retr-truncated?"),
        (["lint", "--select", "framin", "x"], "did you mean framing?"),
        (["lint", "nowhere.yaml"], "nowhere.yaml: no such file or directory"),
        (["lint", "--threshold", "reply-slow=-1", "x"], "reply-slow takes seconds"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(args: list[str], said: str) -> None:
    status, out, err = run(*args)
    assert (status in (2, 3), out) == (True, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_folder_without_recordings_is_told(tmp_path: Path) -> None:
    status, _, err = run("lint", str(tmp_path))
    assert status == 3
    assert "there is no recording in this folder" in err


@pytest.mark.parametrize("name", own_rules())
def test_every_finding_can_be_explained(name: str) -> None:
    status, out, err = run("lint", "--explain", name)
    assert (status, err) == (0, "")
    assert out.startswith(f"{name}: ")
    assert "\nTo do: " in out
    assert [line for line in out.splitlines() if len(line) > 80 and "    " not in line[:4]] == []


def test_what_a_server_says_is_escaped_once_wherever_a_finding_quotes_it(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    login = "- S: +OK ready\n- C: USER bob\n- S: +OK\n- C: PASS ████████\n"
    file.write_text(HEAD + login + '- S: "-ERR [AUTH] no\\x1b \\\\x"\n' + "- C: QUIT\n- S: +OK\n")
    for words in (("lint",), ("show", "--findings", "all"), ("show", "--verdict")):
        assert "-ERR [AUTH] no\\x1b \\\\x'" in run(*words, str(file)).out, words
