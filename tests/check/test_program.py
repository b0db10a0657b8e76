"""``pop3spy check`` as people start it: exit statuses, what is told, and what is left alone."""

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from cli.program import run, run_here, running, serving
from pop3spy.check.forms import FORMS, schema
from pop3spy.cli.check_output import write_file

FAST = ("--patience", "0.1", "--pause", "0")
WITHOUT = ("--ignore", "limit", "--ignore", "net")
"""What takes seconds, and is tried elsewhere."""
MAIL = {
    "new/1.a": b"From: a@example.org\nSubject: one\n\n.hidden\nfirst\nsecond\nthird\n",
    "cur/2.b:2,S": b"From: b@example.org\nSubject: two\n\nshort\n",
}
PASSWORD = "tanstaaf-Hunter2"


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for name in ("cur", "new", "tmp"):
        (tmp_path / "mail" / name).mkdir(parents=True)
    for name, octets in MAIL.items():
        (tmp_path / "mail" / name).write_bytes(octets)
    return tmp_path / "mail"


def held(maildir: Path) -> dict[str, bytes]:
    """Return every message that is there, by the path of its file."""
    return {
        f"{path.parent.name}/{path.name}": path.read_bytes()
        for path in maildir.rglob("*")
        if path.is_file() and path.parent.name in ("cur", "new", "tmp")
    }


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"{PASSWORD}\n")
    path.chmod(0o600)
    return path


@contextmanager
def mailbox(maildir: Path, folder: Path, *more: str) -> Iterator[int]:
    """Serve *maildir* to bob, and give the port."""
    users = folder / "users.yaml"
    users.write_text(f"bob: {PASSWORD}\n")
    users.chmod(0o600)
    with serving(maildir, "--users", users, *more) as port:
        yield port


# -- how it ends --------------------------------------------------------------------------------


def test_a_clean_server_ends_with_0(upstream: str) -> None:
    ended = run("check", upstream, "--select", "greeting", *FAST)
    assert ended.status == 0
    assert ended.err.splitlines() == ["plan: nobody logs in, 18 connections; deletes nothing"]


def test_something_at_or_above_the_level_ends_with_1() -> None:
    rewrite = r"server s/^-ERR .*/+OK/ when verb = STAT"
    with serving("--rewrite", rewrite) as port:
        args = ("check", f":{port}", "--select", "state/1", *FAST)
        assert run(*args).status == 1
        assert run(*args, "--fail-on", "never").status == 0


def test_what_is_below_the_level_ends_with_0() -> None:
    with serving("--rewrite", r"server s/^-ERR .*/+OK/ when verb = NOOP") as port:
        args = ("check", f":{port}", "--select", "state/5", *FAST)
        assert run(*args).status == 0
        assert run(*args, "--strict").status == 0
        assert run(*args, "--fail-on", "non-strict").status == 1


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("check",), "name one server"),
        (("check", ":1", "--select", "lisst/7"), "there is no check lisst/7; did you mean list/7?"),
        (("check", "--matrix"), "a --matrix is made of files"),
        (("check", ":1", "--format", "markdown"), "--format markdown is for --matrix"),
        (("check", "--matrix", "no.json"), "no.json: no such file or directory"),
        (("check", ":1", "--baseline", "no.json"), "no.json: no such file or directory"),
        (("check", ":1", "--password-env", "HOME"), "a password without --user is nobody's"),
        (("check", ":1", "--user", "bob"), "a password is needed"),
    ],
)
def test_a_wrong_option_ends_with_2(args: tuple[str, ...], told: str) -> None:
    ended = run(*args)
    assert ended.status == 2
    assert told in ended.err


def test_no_greeting_at_any_port_ends_with_3() -> None:
    ended = run("check", ":9", *FAST)
    assert (ended.status, ended.out) == (3, "")
    assert ended.err == "pop3spy: 127.0.0.1: port 9: 127.0.0.1 connection refused\n"


def test_a_monitor_is_told_of_that_as_critical() -> None:
    ended = run("check", ":9", "--format", "nagios", *FAST)
    assert ended.status == 2
    assert ended.out.startswith("POP3 CRITICAL - no connection: ")


def test_a_refused_login_ends_with_4_and_is_tried_once(maildir: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not-the-password\n")
    wrong.chmod(0o600)
    with mailbox(maildir, tmp_path) as port:
        who = ("--user", "bob", "--password-file", str(wrong))
        ended = run("check", f":{port}", *who, *FAST, *WITHOUT, "--format", "json")
    audit = json.loads(ended.out)
    assert ended.status == audit["exit"] == 4
    assert audit["used"]["logins"] == 1
    by_id = {result["id"]: result["outcome"] for result in audit["results"]}
    assert by_id["auth/4"] == "fail"
    assert by_id["stat/1"] == by_id["auth/14"] == "skipped"


def test_a_deadline_ends_with_4(upstream: str) -> None:
    ended = run("check", upstream, "--select", "net/3", "--deadline", "0.5", "--format", "json")
    audit = json.loads(ended.out)
    assert ended.status == audit["exit"] == 4
    assert audit["stopped"] == "it has not ended within 0.5 s (--deadline)"


# -- what is told -------------------------------------------------------------------------------


def test_the_plan_is_said_and_nobody_logs_in(upstream: str) -> None:
    ended = run("check", upstream, "--user", "demo", "--password-env", "P", "--plan", P="demo")
    assert ended.status == 0
    assert re.match(r"plan: at most \d+ logins as demo, \d+ connections; deletes no", ended.out)


def test_a_failure_is_told_with_its_conversation() -> None:
    with serving("--rewrite", r"server s/^-ERR .*/+OK/ when verb = STAT") as port:
        ended = run("check", f":{port}", "--select", "state/1", *FAST)
    lines = [line.strip() for line in ended.out.splitlines()]
    assert lines[2] == "FAIL  state/1     STAT before the login is refused"
    text = " ".join(lines)
    assert 'Expected -ERR to STAT, got "+OK". A client in the wrong state has to learn' in text
    assert lines[lines.index("C: STAT") + 1] == "S: +OK"


def test_the_summary_fits_a_screen(upstream: str) -> None:
    ended = run("check", upstream, *FAST, *WITHOUT, "--fail-on", "never")
    summary = ended.out.rpartition("\n\n")[2]
    assert len(summary.splitlines()) <= 24
    assert re.search(r"\d+ pass, .*; 0 logins, \d+ connections, \d+ s\n$", summary)


def test_every_form_can_be_read(upstream: str, tmp_path: Path) -> None:
    texts = {}
    for form in FORMS:
        file = tmp_path / form
        run("check", upstream, "--select", "state", *FAST, "--format", form, "--output", str(file))
        texts[form] = file.read_text(encoding="utf-8")
    jsonschema.validate(json.loads(texts["json"]), json.loads(schema()))
    assert json.loads(texts["sarif"])["version"] == "2.1.0"
    assert ET.fromstring(texts["junit"]).tag == "testsuites"
    assert re.fullmatch(r"POP3 OK - .* \| fails=0;;1 nonstrict=\d+ greeting=.*s\n", texts["nagios"])
    assert "pop3spy_check_exit" in texts["prometheus"]


def test_text_can_go_to_a_file(upstream: str, tmp_path: Path) -> None:
    file = tmp_path / "audit.txt"
    ended = run("check", upstream, "--select", "quit/1", *FAST, "--output", str(file))
    assert ended.out == ""
    assert "ok    quit/1" in file.read_text(encoding="utf-8")


def test_a_reader_that_has_gone_is_no_error(upstream: str) -> None:
    with running("check", upstream, "--select", "greeting", *FAST) as audit:
        assert audit.process.stdout is not None
        audit.process.stdout.close()
        audit.process.stdout = None
        ended = audit.ended()
    assert ended.notes == ["plan: nobody logs in, 18 connections; deletes nothing"]


def test_only_changes_are_told_against_a_baseline(tmp_path: Path) -> None:
    before = tmp_path / "before.json"
    select = ("--select", "state/1", "--select", "state/2", "--select", "state/9", *FAST)
    with serving() as port:
        run("check", f":{port}", *select, "--format", "json", "--output", str(before))
    with serving("--rewrite", r"server s/^-ERR .*/+OK/ when verb = STAT") as port:
        ended = run("check", f":{port}", *select, "--baseline", str(before))
        again = run("check", f":{port}", *select, "--format", "json")
        (tmp_path / "after.json").write_text(again.out, encoding="utf-8")
        same = run("check", f":{port}", *select, "--baseline", str(tmp_path / "after.json"))
    told = re.findall(
        r"^(?:ok|FAIL|~|i|s|-) +(\S+/\d+)", ended.out.rpartition("\n\n")[0], re.MULTILINE
    )
    assert (ended.status, told) == (1, ["state/1", "state/9"])
    assert same.status == 0
    assert "state/1" not in same.out


def test_a_matrix_has_a_column_for_each_audit(upstream: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        file = tmp_path / f"{name}.json"
        run("check", upstream, "--select", "quit", *FAST, "--format", "json", "--output", str(file))
    files = ("--matrix", str(tmp_path / "one.json"), str(tmp_path / "two.json"))
    lines = run("check", *files, "--format", "markdown").out.splitlines()
    assert lines[0] == "| check | level | one | two | title |"
    assert lines[2].startswith("| quit/1 | MUST | . | . | QUIT before the login is +OK")
    text = run("check", *files).out.splitlines()
    assert text[1].split()[:4] == ["quit/1", "MUST", ".", "."]


def test_each_conversation_is_a_recording(upstream: str, tmp_path: Path) -> None:
    recording = tmp_path / "audit.yaml"
    run("check", upstream, "--select", "quit/3", *FAST, "--record", str(recording))
    shown = run("show", str(recording))
    assert "QUIT" in shown.out
    assert "NOOP" in shown.out


IDS = ("auth/4", "auth/13", "auth/14", "auth/16", "state/1", "pipe/3")


def test_no_form_holds_the_password(maildir: Path, tmp_path: Path, secret: Path) -> None:
    echo = r"server s/^-ERR .*/+OK is it " + PASSWORD.upper() + "?/ when verb = STAT"
    with mailbox(maildir, tmp_path, "--rewrite", echo) as port:
        for form in ("text", *FORMS):
            who = ("--user", "bob", "--password-file", str(secret), "--auth", "all")
            select = [word for id_ in IDS for word in ("--select", id_)]
            ended = run("check", f":{port}", *who, *select, *FAST, "--format", form)
            assert PASSWORD.lower() not in f"{ended.out}{ended.err}".lower()


# -- what is left alone -------------------------------------------------------------------------

RUNS = {
    "without a user": (),
    "with a user": ("--user", "bob", "--password-env", "P"),
    "with every switch": (
        *("--user", "bob", "--password-env", "P", "--auth", "all", "--wrong-login"),
        *("--allow-dele", "drop", "--retr"),
    ),
}


@pytest.mark.parametrize("args", RUNS.values(), ids=RUNS)
def test_the_maildrop_is_as_it_was(args: tuple[str, ...], maildir: Path, tmp_path: Path) -> None:
    before = held(maildir)
    with mailbox(maildir, tmp_path) as port:
        ended = run("check", f":{port}", *args, *FAST, *WITHOUT, "--format", "json", P=PASSWORD)
    audit = json.loads(ended.out)
    assert held(maildir) == before
    assert audit["used"]["logins"] <= audit["plan"]["logins"]
    assert audit["used"]["connections"] <= audit["plan"]["connections"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=str)
@pytest.mark.parametrize("line", ["auth/4", "retr/4", "dele/1", "dele/4"])
def test_the_maildrop_is_as_it_was_when_killed(
    line: str, number: signal.Signals, maildir: Path, tmp_path: Path
) -> None:
    """It is killed as soon as it has told of the check *line*; the one behind the last is slow."""
    before = held(maildir)
    slow = ("--fault", "delay time=60s when verb = DELE and arg = 0")
    who = ("--user", "bob", "--password-env", "P", "--allow-dele=drop")
    select = [word for id_ in ("auth/4", "retr", "lock/2", "dele") for word in ("--select", id_)]
    with mailbox(maildir, tmp_path, *slow) as port:
        args = ("check", f":{port}", *who, *select, *FAST)
        with running(*args, env={"P": PASSWORD, "PYTHONUNBUFFERED": "1"}) as audit:
            assert audit.process.stdout is not None
            for told in iter(audit.process.stdout.readline, b""):
                if line.encode() in told:
                    break
            audit.send(number)
            ended = audit.ended()
    assert ended.status == (4 if number is signal.SIGINT else -9)
    assert held(maildir) == before


def test_as_many_logins_are_made_as_are_counted(maildir: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with mailbox(maildir, tmp_path, "--log", str(log), "--log-format", "json") as port:
        who = ("--user", "bob", "--password-env", "P", "--auth", "all", "--allow-dele=drop")
        ended = run("check", f":{port}", *who, *FAST, *WITHOUT, "--format", "json", P=PASSWORD)
    audit = json.loads(ended.out)
    told = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    logins = [one for one in told if one.get("verb") in ("PASS", "APOP", "AUTH") and one.get("ok")]
    assert audit["used"]["logins"] == len(logins)


# -- what there is ------------------------------------------------------------------------------


def test_every_check_is_listed_and_explained() -> None:
    listed = run_here("check", "--list").out.splitlines()
    ids = [line.split()[0] for line in listed]
    assert len(ids) == len(set(ids)) > 170
    for id_ in ("net/1", "list/7", "dele/4", "timing/3"):
        ended = run_here("check", "--explain", id_)
        assert ended.status == 0
        assert ended.out.startswith(f"{id_}: ")
        assert "Done: " in ended.out
        assert "Rests on: " in ended.out


def test_a_group_can_be_listed() -> None:
    listed = run_here("check", "--list", "--select", "rset", "--select", "lock").out.splitlines()
    assert [line.split()[0] for line in listed] == ["rset/1", "lock/1", "lock/2", "lock/3"]


def test_the_schema_is_printed() -> None:
    assert run_here("check", "--schema").out == schema()


def test_a_file_of_an_audit_goes_to_its_place_and_through_no_link(tmp_path: Path) -> None:
    file, others = tmp_path / "audit.json", tmp_path / "others"
    others.write_text("kept")
    (tmp_path / ".audit.json.new").symlink_to(others)
    write_file(file, None, "new")
    assert (file.read_text(), others.read_text()) == ("new", "kept")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["audit.json", "others"]


def test_what_is_no_file_is_written_to_and_stays(tmp_path: Path) -> None:
    """As /dev/null and /dev/stdout: a file in their place would harm everybody."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_file(pipe, None, "told")
        assert os.read(reading, 100) == b"told"
    finally:
        os.close(reading)
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]
