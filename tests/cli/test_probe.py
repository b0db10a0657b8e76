"""``pop3spy connect`` as a probe: stages, messages, what is expected, what machines are told."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.program import run_here
from pop3spy.config.kinds import PROBED
from pop3spy.connect.probe_stages import STAGES
from security.program import Play

PASSWORD = "tanstaaf-Hunter2"
LOGIN = ("--user", "demo", "--password-command", "echo demo")
MAIL = b"+OK\r\nSubject: probe 4711\r\n\r\n..dots\r\n.\r\n"

READY, OK, NO = b"+OK ready\r\n", b"+OK\r\n", b"-ERR no\r\n"
TWO = b"+OK\r\n2 100\r\n7 200\r\n.\r\n"
INSIDE = [READY, NO, NO, OK, OK, b"+OK 2 300\r\n", TWO, NO]
"""A server without CAPA and UIDL, up to the stage uidl; two messages are listed, 2 and 7.

It is asked for CAPA twice, since whoever logs in does not know that it has none.
"""


def said(out: str) -> list[str]:
    return [row[3:] for row in out.splitlines() if row.startswith("C:")]


def probed(address: str, *args: str) -> tuple[int, Mapping[str, Any]]:
    ended = run_here("connect", address, *LOGIN, "--json", *args)
    return ended.status, json.loads(ended.out)


def test_every_stage_is_one_that_the_options_take() -> None:
    assert tuple(STAGES) == PROBED.words


@pytest.mark.parametrize(
    ("which", "number"), [(["--retr", "first"], 2), (["--retr", "last"], 7), (["--retr", "5"], 5)]
)
def test_the_message_that_was_asked_for_is_retrieved(which: list[str], number: int) -> None:
    play = Play([*INSIDE, NO, MAIL, OK])
    ended = run_here("connect", play.address, *LOGIN, *which)
    assert ended.status == 0
    assert said(ended.out)[-3:] == [f"TOP {number} 0", f"RETR {number}", "QUIT"]
    assert "probe 4711" not in ended.out, "a message is not written to a screen"


def test_what_was_retrieved_is_told_to_machines() -> None:
    play = Play([*INSIDE, NO, MAIL, OK])
    status, told = probed(play.address, "--retr", "last")
    assert status == 0
    content = b"Subject: probe 4711\r\n\r\n.dots\r\n"
    digest = hashlib.sha256(content).hexdigest()
    assert told["retrieved"] == {"number": 7, "octets": len(content), "sha256": digest}


@pytest.mark.parametrize("listing", [b"+OK\r\n.\r\n", b"+OK\r\nnonsense\r\n.\r\n"])
def test_an_empty_maildrop_has_no_message_to_retrieve(listing: bytes) -> None:
    replies = [listing if reply is TWO else reply for reply in INSIDE]
    ended = run_here("connect", Play([*replies, OK]).address, *LOGIN, "--retr", "last")
    assert ended.status == 14
    assert " ? there is no last message: nothing is listed" in ended.out.splitlines()
    assert said(ended.out)[-1] == "QUIT"


def test_retrieving_is_left_out_on_the_way_to_marking() -> None:
    play = Play([*INSIDE, NO, OK, OK, OK])
    ended = run_here("connect", play.address, *LOGIN, "--quit-after", "dele+rset")
    assert ended.status == 0
    assert said(ended.out)[-4:] == ["TOP 2 0", "DELE 2", "RSET", "QUIT"]


@pytest.mark.parametrize("rset", [NO, b""], ids=["refused", "not answered"])
def test_quit_is_never_said_while_a_message_may_be_marked(rset: bytes) -> None:
    play = Play([*INSIDE, NO, OK, rset])
    dele = ("--quit-after", "dele+rset", "--patience", "0.5s")
    ended = run_here("connect", play.address, *LOGIN, *dele)
    assert ended.status == 14
    assert said(ended.out)[-1] == "RSET"


def test_a_session_is_dropped_without_quit() -> None:
    ended = run_here("connect", Play(INSIDE[:6]).address, *LOGIN, "--drop-after", "stat")
    assert ended.status == 0
    assert said(ended.out)[-1] == "STAT"
    assert ended.out.splitlines()[-1] == " · closed without QUIT: marked messages stay"


def test_each_stage_tells_how_long_the_server_took(upstream: str) -> None:
    status, told = probed(upstream, "--retr", "first")
    assert status == 0
    took = {stage["stage"]: stage["seconds"] for stage in told["stages"]}
    assert [*took] == ["connect", "capa", "auth", "stat", "list", "uidl", "top", "retr"]
    assert all(seconds > 0 for seconds in took.values())
    assert told["seconds"] == pytest.approx(sum(took.values()), abs=1e-5)
    assert took["connect"] == told["connection"]["greeted"] > told["connection"]["connected"]
    rows = run_here("connect", upstream, "--quit-after", "capa").out.splitlines()
    assert [row for row in rows if re.fullmatch(r" · capa took [\d,]+\.\d ms", row)]


def test_what_a_password_command_takes_is_no_time_of_the_server(upstream: str) -> None:
    """It begins with as many seconds as the whole session may take at most."""
    login = ("--user", "demo", "--password-command", "sleep 2; echo demo")
    ended = run_here("connect", upstream, *login, "--quit-after", "auth", "--json")
    assert ended.status == 0
    assert json.loads(ended.out)["seconds"] < 2


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("post office", "greeting"),
        ("^S?ASL PLAIN$", "capability"),
        (r"^\+ok 5 2137$", "status"),
        ("^From: Hana", "header"),
    ],
)
def test_what_is_expected_is_found_in_any_line_of_the_server(
    upstream: str, pattern: str, line: str
) -> None:
    status, told = probed(upstream, "--retr", "last", "--expect", pattern)
    assert (status, told["expected"][0]["pattern"]) == (0, pattern), line
    assert told["expected"][0]["line"]


def test_a_line_that_comes_in_pieces_is_found() -> None:
    body = b"+OK\r\n" + b"x" * 5000 + b"needle" + b"y" * 3000 + b"\r\n.\r\n"
    status, told = probed(
        Play([*INSIDE, NO, body, OK]).address, "--retr", "1", "--expect", "needle"
    )
    assert status == 0
    assert told["expected"][0]["line"].startswith("xxx")


def test_what_is_expected_and_does_not_come_is_status_1(upstream: str) -> None:
    expected = ("--expect", "post office", "--expect", "^Subject: nowhere")
    ended = run_here("connect", upstream, "--quit-after", "capa", *expected)
    assert ended.status == 1
    assert ended.err == "pop3spy: nothing that the server said matches ^Subject: nowhere\n"
    status, told = probed(upstream, "--quit-after", "capa", *expected)
    assert (status, told["exit_status"]) == (1, 1)
    assert [each["line"] is None for each in told["expected"]] == [False, True]


def test_a_stage_that_fails_counts_more_than_what_was_expected(upstream: str) -> None:
    login = ("--user", "demo", "--password-command", "echo wrong", "--expect", "nowhere")
    ended = run_here("connect", upstream, "--quit-after", "stat", *login)
    assert (ended.status, ended.err) == (13, "")


def test_machines_are_told_what_failed_and_why(upstream: str) -> None:
    told = json.loads(run_here("connect", "127.0.0.1:1", "--retr", "1", "--json").out)
    assert (told["exit_status"], told["failed"]) == (3, "connect")
    assert "connection refused" in told["why"]
    ended = run_here("connect", f"pop3s://{upstream}", "--quit-after", "capa", "--json")
    told = json.loads(ended.out)
    assert (ended.status, told["exit_status"], told["failed"]) == (11, 11, "tls")
    ended = run_here("connect", upstream, "--quit-after", "auth", "--json")
    told = json.loads(ended.out)
    assert (ended.status, told["failed"]) == (13, "auth")
    assert told["why"] == "nobody is there to give what is needed: User"


def test_no_secret_is_in_what_a_probe_tells(upstream: str, tmp_path: Path) -> None:
    """Whether it is right or wrong, and wherever it comes from; not even if it is expected."""
    secret = tmp_path / "secret"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    for auth in ("USER", "APOP", "PLAIN"):
        login = ("--user", "demo", "--auth", auth, "--password-file", str(secret))
        ended = run_here("connect", upstream, *login, "--quit-after", "stat", "--json")
        assert ended.status == 13
        assert PASSWORD not in ended.out + ended.err


def test_a_server_that_repeats_the_password_tells_machines_nothing() -> None:
    play = Play([READY, NO, NO, OK, b"-ERR no such password: " + PASSWORD.encode() + b"\r\n", OK])
    login = ("--user", "demo", "--password-command", f"echo {PASSWORD}")
    expected = ("--expect", "no such password: (.*)")
    ended = run_here("connect", play.address, *login, "--quit-after", "stat", "--json", *expected)
    assert ended.status == 13
    assert "no such password: ████████" in json.loads(ended.out)["expected"][0]["line"]
    assert PASSWORD not in ended.out + ended.err


def test_a_password_command_runs_afresh_for_each_probe(upstream: str, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    login = ("--user", "demo", "--password-command", f"echo run >> {runs}; echo demo")
    for _ in range(3):
        assert run_here("connect", upstream, *login, "--quit-after", "auth").status == 0
    assert runs.read_text() == "run\n" * 3


WRONG = [
    (["--quit-after", "auth", "--drop-after", "auth"], "two ways to end; choose one"),
    (["--script", "x", "--retr", "1"], "--script and --retr are two ways to go"),
    (["--script", "x", "--drop-after", "stat"], "--script and --drop-after are two ways to go"),
    (["--json"], "--json tells of a probe"),
    (["--retr", "0"], "'0' is no message; write a number from 1 up, first or last"),
    (["--retr", "newest"], "'newest' is no message"),
    (["--expect", "(", "--retr", "1"], "--expect: this is no regular expression of RE2"),
]


@pytest.mark.parametrize(("args", "told"), WRONG, ids=lambda value: str(value)[:30])
def test_what_cannot_be_done_is_told_in_one_line(upstream: str, args: list[str], told: str) -> None:
    ended = run_here("connect", upstream, *args)
    assert (ended.status, ended.out) == (2, "")
    assert told in ended.err
    assert ended.err.count("\n") == 1
