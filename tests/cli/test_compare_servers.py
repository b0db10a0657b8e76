"""``pop3spy compare`` with two servers: many accounts, what goes wrong, going on, what is said."""

import csv
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from cli.crooked import Crooked, crooked
from cli.program import (
    COMMAND,
    PATIENCE,
    Ended,
    Terminal,
    environment,
    run_here,
    running,
    serving,
)

PASSWORD = "tanstaaf-Hunter2"
MAKES = ("--password-command", f"echo {PASSWORD}")
SAME = "unique-ids kept: clients that leave mail on the server fetch none again"


def users_file(folder: Path, users: Sequence[str]) -> Path:
    path = folder / "accounts.csv"
    path.write_text("user\n" + "".join(f"{user}\n" for user in users))
    return path


def results(path: Path) -> dict[str, dict[str, object]]:
    _, *lines = path.read_text().splitlines()
    return {facts["account"]: facts for facts in map(json.loads, lines)}


def compare(old: Crooked, new: Crooked, *args: str) -> Ended:
    return run_here("compare", old.url, new.url, *MAKES, "--patience", "3s", *args)


WAYS = {
    "hangs": ("TOP 2", b""),
    "locked": ("PASS", b"-ERR [IN-USE] another session has it\r\n"),
    "breaks": ("TOP 2", b"+OK\r\nSubject: half!"),
    "gone": ("LIST", b"!"),
    "refused": ("TOP 2", b"-ERR [SYS/TEMP] cannot read it\r\n"),
    "nonsense": ("LIST", b"+OK\r\none two\r\n.\r\n"),
    "loud": ("PASS", b"-ERR no such password: " + PASSWORD.encode() + b"\r\n"),
}
TOLD = {
    "hangs": r"nothing happened for 3 s",
    "locked": r"PASS was refused: \[IN-USE\] another session has it",
    "breaks": r"the server hung up within a message",
    "gone": r"the server hung up instead of answering",
    "nonsense": r"the listing is broken off, too long, or makes no sense",
    "loud": r"PASS was refused: no such password: ████████",
}


def test_a_list_without_accounts_or_passwords_is_told(tmp_path: Path) -> None:
    urls = ("pop3://127.0.0.1:1", "pop3://127.0.0.1:1")
    ended = run_here("compare", *urls, "--users", str(users_file(tmp_path, [])), *MAKES)
    assert (ended.status, ended.out) == (2, "")
    assert "there is no account in it" in ended.err
    ended = run_here("compare", *urls, "--users", str(users_file(tmp_path, ["bob"])))
    assert (ended.status, ended.out) == (2, "")
    assert "bob has no password: name a command with --password-command" in ended.err


def test_whoever_reads_may_go(tmp_path: Path) -> None:
    users = users_file(tmp_path, [f"user{number}" for number in range(30)])
    with crooked() as old, crooked() as new:
        args = ("--users", users, "--json", "--jobs", "1")
        with running("compare", old.url, new.url, *MAKES, *args) as program:
            assert program.process.stdout
            program.process.stdout.close()
            assert program.process.stderr
            assert program.process.stderr.read() == b""
            program.process.wait(PATIENCE)


def test_what_goes_wrong_in_an_account_harms_no_other(tmp_path: Path) -> None:
    users = users_file(tmp_path, ["first", *WAYS, "last"])
    kept = tmp_path / "results.jsonl"
    with crooked() as old, crooked(ways=WAYS) as new:
        ended = compare(old, new, "--users", str(users), "--results", str(kept))
        said = new.said + old.said
    assert ended.status == 3
    found = results(kept)
    assert {user: facts["outcome"] for user, facts in found.items()} == {
        **dict.fromkeys(WAYS, "failed"),
        "first": "same",
        "last": "same",
    }
    for user, told in TOLD.items():
        assert re.search(rf"{user}: could not be compared: new server: .*{told}", ended.out), user
    assert "1 not read: 2 (at the old server)" in ended.out
    assert f"{len(WAYS) + 2} accounts: 2 the same, 0 differ, 7 could not" in ended.out
    assert "the same with --resume tries what could not be compared again" in ended.err
    assert PASSWORD not in ended.out + ended.err + kept.read_text()
    assert not [line for line in said if re.search("DELE|RETR", line)]


def test_a_comparison_goes_on_with_what_is_not_done(tmp_path: Path) -> None:
    users = users_file(tmp_path, ["first", "locked", "last"])
    kept, map_file = tmp_path / "results.jsonl", tmp_path / "map.csv"
    args = ("--users", str(users), "--results", str(kept))
    with crooked() as old, crooked(ways=WAYS) as new:
        assert compare(old, new, *args).status == 3
        kept.write_bytes(kept.read_bytes() + b'{"account": "last", "outc')  # killed while writing
        old.said.clear()
        new.ways = {}
        ended = compare(old, new, *args, "--resume", "--map", str(map_file))
        asked = {line.partition(": USER ")[2] for line in old.said} - {""}
    assert (ended.status, asked) == (0, {"locked"})
    assert "3 accounts: 3 the same, 0 differ, 0 could not be compared" in ended.out
    assert {facts["outcome"] for facts in results(kept).values()} == {"same"}
    rows = list(csv.reader(map_file.read_text().splitlines()))
    assert rows[0] == ["account", "old", "new"]
    assert sorted(rows[1:]) == sorted(
        [user, f"id-{number}", f"id-{number}"]
        for user in ("first", "locked", "last")
        for number in (1, 2, 3)
    )
    assert kept.stat().st_mode & 0o077 == map_file.stat().st_mode & 0o077 == 0


def test_results_of_something_else_are_not_gone_on_with(tmp_path: Path) -> None:
    kept = tmp_path / "results.jsonl"
    args = ("--user", "first", "--results", str(kept))
    with crooked() as old, crooked() as new:
        assert compare(old, new, *args).status == 0
        before = kept.read_text()
        for other in (compare(new, old, *args, "--resume"), compare(old, new, *args)):
            assert other.status == 2
        ended = compare(old, new, *args, "--resume", "--content", "full")
    assert (ended.status, kept.read_text()) == (2, before)
    assert "this is about other servers, or other content" in ended.err


LOSSY = [
    pytest.param(b"USER\r\nTOP\r\nEXPIRE 0\r\n", "EXPIRE 0", id="EXPIRE"),
    pytest.param(b"USER\r\nEXPIRE 0 USER\r\n", "EXPIRE 0", id="without TOP"),
]


@pytest.mark.parametrize(("capabilities", "why"), LOSSY)
def test_nothing_is_retrieved_where_that_may_lose_it(capabilities: bytes, why: str) -> None:
    with crooked(capabilities=capabilities) as old, crooked() as new:
        ended = compare(old, new, "--user", "bob", "--content", "full")
        said = old.said + new.said
    assert ended.status == 0
    assert f"looked at by top only: old: the server says {why}" in ended.out
    assert [line for line in said if " TOP 1 0" in f" {line}"]
    assert not [line for line in said if "RETR" in line or "DELE" in line]


def test_whole_messages_are_taken_without_retrieving_them() -> None:
    with crooked() as old, crooked() as new:
        ended = compare(old, new, "--user", "bob", "--content", "full")
        assert [line for line in old.said if "TOP" in line] == [
            f"bob: TOP {number} 99999999" for number in (1, 2, 3)
        ]
        assert not [line for line in old.said + new.said if "RETR" in line]
    assert ended.status == 0
    assert SAME in ended.out


def test_where_there_is_no_top_messages_are_retrieved_and_that_is_told() -> None:
    ways = {"bob": ("TOP", b"-ERR unknown\r\n")}
    with crooked(ways=ways, capabilities=b"USER\r\nUIDL\r\n") as old, crooked() as new:
        ended = compare(old, new, "--user", "bob", "--content", "full")
        assert [line for line in old.said if "RETR" in line] == [
            f"bob: RETR {number}" for number in (1, 2, 3)
        ]
        assert "bob: QUIT" not in old.said, "behind RETR, servers mark what was retrieved"
        assert "bob: QUIT" in new.said
    assert ended.status == 0
    assert "for want of TOP, which may mark mail as read: old server" in ended.out


def test_what_one_server_has_not_is_asked_of_neither() -> None:
    ways = {"bob": ("TOP", b"-ERR unknown\r\n")}
    with (
        crooked(ways=ways, capabilities=b"USER\r\nUIDL\r\n") as old,
        crooked(capabilities=b"USER\r\nTOP\r\nUIDL\r\nEXPIRE 0\r\n") as new,
    ):
        ended = compare(old, new, "--user", "bob", "--content", "full")
        assert not [line for line in old.said + new.said if "RETR" in line]
    assert ended.status == 0
    assert "looked at by none only: new: the server says EXPIRE 0" in ended.out


def test_without_content_messages_are_found_by_their_ids() -> None:
    with crooked() as old, crooked() as new:
        ended = compare(old, new, "--user", "bob", "--content", "none")
        assert not [line for line in old.said if re.search("TOP|RETR", line)]
    assert ended.out.startswith("bob: all there: 3 messages of 3 in both, found by unique-id")


def test_so_many_accounts_are_compared_at_a_time_and_no_more(tmp_path: Path) -> None:
    users = users_file(tmp_path, [f"user{number}" for number in range(40)])
    with crooked() as old, crooked() as new:
        ended = compare(old, new, "--users", str(users), "--jobs", "5", "--summary")
        assert 1 < old.most_at_once <= 6, "one may still be on its way out"
    assert ended.out.splitlines()[0].startswith("40 accounts: 40 the same")


def test_names_and_commands_of_the_list_are_taken(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    users = tmp_path / "accounts.csv"
    command = f"printf '%s\\n' \"$POP3SPY_USER\" >> {ran}; echo {PASSWORD}"
    with users.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["user", "new_user", "password_command", "new_password_command"])
        writer.writerow(["bob", "bob@example.org", command, ""])
        writer.writerow(["eve; touch x", "", "", command])
    with crooked() as old, crooked() as new:
        ended = compare(old, new, "--users", str(users), "--jobs", "1")
        logins = [[line for line in each.said if " USER " in line] for each in (old, new)]
    assert ended.status == 0, ended.out
    assert logins == [
        [": USER bob", ": USER eve; touch x"],
        [": USER bob@example.org", ": USER eve; touch x"],
    ]
    assert sorted(ran.read_text().splitlines()) == ["bob", "bob", "eve; touch x"]
    assert not (tmp_path / "x").exists()
    assert PASSWORD not in ended.out + ended.err


def test_interrupting_keeps_what_is_done_and_leaves_the_maildrops(tmp_path: Path) -> None:
    users = users_file(tmp_path, ["first", "hangs", "last"])
    kept = tmp_path / "results.jsonl"
    with crooked() as old, crooked(ways={"hangs": ("TOP 2", b"")}) as new:
        args = ("--users", users, "--jobs", "1", "--results", kept)
        with running("compare", old.url, new.url, *MAKES, *args) as program:
            new.wait_for("hangs: TOP 2 0")
            ended = program.stopped(signal.SIGINT)
        said = old.said + new.said
    assert ended.status == 130
    assert list(results(kept)) == ["first"]
    assert "2 accounts left; the same with --resume goes on there" in ended.err
    assert "Traceback" not in ended.err
    assert "hangs: QUIT" not in said


MEASURED = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)
"""


def test_five_hundred_accounts_take_no_more_memory_than_fifty(tmp_path: Path) -> None:
    users, secret = tmp_path / "users.yaml", tmp_path / "secret"
    users.write_text("".join(f"user{number}: {PASSWORD}\n" for number in range(500)))
    secret.write_text(PASSWORD)
    users.chmod(0o600)
    secret.chmod(0o600)
    took = []
    with serving("--users", users) as old, serving("--users", users) as new:
        urls = [f"pop3://127.0.0.1:{port}" for port in (old, new)]
        for many in (50, 500):
            names = [f"user{number}" for number in range(many)]
            args = ("--users", users_file(tmp_path, names), "--password-file", secret, "--json")
            done = subprocess.run(
                [sys.executable, "-c", MEASURED, *COMMAND, "compare", *urls, *map(str, args)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=8 * PATIENCE,
                env=environment(),
                check=True,
            )
            *told, last = json.loads(done.stdout)
            assert {facts["account"] for facts in told} == set(names)
            assert (last["summary"]["same"], last["summary"]["messages"]) == (many, 5 * many)
            assert PASSWORD.encode() not in done.stdout + done.stderr
            took.append(int(done.stderr))
    assert took[1] < 1.2 * took[0], "kilobytes"


def test_progress_and_a_forecast_stand_on_a_terminal_and_vanish(tmp_path: Path) -> None:
    users = users_file(tmp_path, [f"user{number}" for number in range(20)])
    makes = ("--password-command", f"sleep 0.3; echo {PASSWORD}")
    ours, theirs = pty.openpty()
    with crooked() as old, crooked() as new:
        args = ("--users", users, "--jobs", "2", "--summary")
        with running("compare", old.url, new.url, *makes, *args, stderr=theirs) as program:
            os.close(theirs)
            Terminal(ours).shows(r"\d+ of 20 accounts; about \d+ s left; \d+ messages read")
            out, _ = program.process.communicate(timeout=60)
    os.close(ours)
    assert out.decode().startswith("20 accounts: 20 the same")
    assert "left" not in out.decode()


WRONG = [
    (["--session", "1", "--user", "x"], "are about recordings, not about servers"),
    ([], "whose accounts?  Name one with --user, or a list with --users"),
    (["--user", "x", "--users", "y"], "whose accounts?"),
    (["--user", "x", "--resume"], "--resume goes on with a file; name it with --results"),
    (["--users", "/nowhere"], "/nowhere: no such file or directory"),
    (["--user", "x", "--map", "ids.txt"], "--map: the name of the file ends in .json or .csv"),
    (["--user", "x"], "a password is needed"),
    (["--users", "/dev/null"], "/dev/null: a list is read twice, so it is a file"),
    (["--user", "x", *MAKES, "--map", "/nowhere/x.csv"], "its folder cannot be written into"),
]


@pytest.mark.parametrize(("args", "told"), WRONG, ids=lambda value: str(value)[:30])
def test_what_cannot_be_done_is_told_in_one_line(args: list[str], told: str) -> None:
    ended = run_here("compare", "pop3s://old.example.org", "pop3s://new.example.org", *args)
    assert (ended.status, ended.out) == (2, "")
    assert told in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("places", "told"),
    [
        (["a.yaml", "pop3://x"], "a recording and a server cannot be compared"),
        (["a.yaml", "b.yaml", "--user", "x"], "--user is about servers; write two URLs"),
        (["pop3://u:secret@x", "pop3://y"], "a URL holds no user or password here"),
    ],
)
def test_recordings_and_servers_are_not_mixed(places: list[str], told: str) -> None:
    ended = run_here("compare", *places)
    assert ended.status == 2
    assert told in ended.err
    assert "secret" not in ended.err


def test_the_page_has_every_field_that_an_account_has(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "migration.md").read_text(encoding="utf-8")
    kept = tmp_path / "results.jsonl"
    with crooked() as old, crooked() as new:
        compare(old, new, "--user", "bob", "--results", str(kept))
    assert [name for name in results(kept)["bob"] if f"`{name}`" not in page] == []


def test_a_file_that_holds_no_results_is_told_with_its_line(tmp_path: Path) -> None:
    kept = tmp_path / "results.jsonl"
    with crooked() as old, crooked() as new:
        args = ("--user", "bob", "--results", str(kept))
        assert compare(old, new, *args).status == 0
        kept.write_text(kept.read_text().replace('"same"', '"fine"'))
        ended = compare(old, new, *args, "--resume")
    assert ended.status == 2
    assert ended.err == f"pop3spy: {kept}:2: this is no result of a comparison\n"
