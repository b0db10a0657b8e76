"""What an installation can do, and what to do for more."""

import json
import os
import re
import socket
from pathlib import Path

import pytest

from cli.program import Ended, run, run_here
from cli.window import Window
from pop3spy.authority import Authority
from pop3spy.cli.installation import Condition, InstalledPart, extras_of
from pop3spy.ledger import Ledger


def rows(ended: Ended) -> dict[str, dict[str, str]]:
    return {row["name"]: row for row in json.loads(ended.out)}


def doctor(folder: Path) -> Ended:
    places = {"XDG_CONFIG_HOME": str(folder / "config"), "XDG_STATE_HOME": str(folder / "state")}
    return run_here("doctor", "--json", **places)


def test_there_is_a_line_for_each_part_with_what_to_do(tmp_path: Path) -> None:
    places = {"XDG_CONFIG_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    ended = run("doctor", **places)
    lines = ended.out.splitlines()
    assert ended.status == 0
    assert lines[0].startswith("ok      pop3spy ")
    assert (
        "no authority there is no authority, so what is said inside TLS cannot be read;"
        " pop3spy ca trust"
    ) in [" ".join(line.split()) for line in lines]
    parts = [re.match(r"\w+ +(port 110|extra \w+|\w+) +", line) for line in lines]
    assert len({part.end() for part in parts if part}) == 1
    assert all(parts)


@pytest.mark.parametrize("columns", [80, 140])
def test_on_a_terminal_nothing_is_cut_off(columns: int, tmp_path: Path) -> None:
    home = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_STATE_HOME": str(tmp_path / "state")}
    window = Window(tmp_path / "tmux", "doctor", size=(columns, 60), **home)
    try:
        window.shows("exit status 0")
        lines = window.rows()
    finally:
        window.close()
    assert max(map(len, lines)) <= columns
    said = " ".join(line[19:].strip() for line in lines)  # behind the names, which stand in columns
    assert "so what is said inside TLS cannot be read; pop3spy ca trust" in said


def test_json_tells_the_same(tmp_path: Path) -> None:
    told = rows(doctor(tmp_path))
    assert told["authority"] == {
        "name": "authority",
        "condition": "no",
        "text": "there is no authority, so what is said inside TLS cannot be read",
        "remedy": "pop3spy ca trust",
    }
    assert {"pop3spy", "uvloop", "compiled", "workers", "port 110", "ledger", "rules"} < told.keys()


def test_an_authority_is_told_with_its_last_day(tmp_path: Path) -> None:
    authority = Authority.open(tmp_path / "config" / "pop3spy")
    row = rows(doctor(tmp_path))["authority"]
    assert row["condition"] == "ok"
    assert f"{authority.until:%Y-%m-%d}" in row["text"]


def test_an_authority_that_cannot_be_used_is_broken(tmp_path: Path) -> None:
    authority = Authority.open(tmp_path / "config" / "pop3spy")
    authority.key.chmod(0o644)
    ended = doctor(tmp_path)
    assert ended.status == 1
    assert rows(ended)["authority"]["condition"] == "broken"


def test_it_makes_nothing(tmp_path: Path) -> None:
    doctor(tmp_path)
    assert list(tmp_path.rglob("*")) == []


def test_a_ledger_is_told_with_what_it_knows(tmp_path: Path) -> None:
    file = tmp_path / "state" / "pop3spy" / "ledger.sqlite3"
    Ledger(file, pytest.fail).close()
    row = rows(doctor(tmp_path))["ledger"]
    assert row["condition"] == "ok"
    assert row["text"] == f"{file} remembers 0 accounts and 0 messages"


def test_a_ledger_that_is_none_is_broken_and_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "state" / "pop3spy" / "ledger.sqlite3"
    file.parent.mkdir(parents=True)
    file.write_text("Dear all\n" * 100)
    ended = doctor(tmp_path)
    row = rows(ended)["ledger"]
    assert ended.status == 1
    assert row["condition"] == "broken"
    assert "sets it aside" in row["remedy"]
    assert file.read_text() == "Dear all\n" * 100


@pytest.mark.skipif(os.geteuid() != 0, reason="port 110 needs root")
def test_a_port_that_another_program_has_is_told_with_what_to_do(tmp_path: Path) -> None:
    try:
        taken = socket.create_server(("127.0.0.1", 110))
    except OSError:
        pytest.skip("port 110 is in use")
    with taken:
        row = rows(doctor(tmp_path))["port 110"]
    assert row["condition"] == "no"
    assert "another program does" in row["remedy"]


NEEDS = ['web-thing>=1; extra == "web"', "click>=8; extra == 'cli'", "click", "x; extra == 'dev'"]


def test_an_extra_that_lacks_something_is_told_with_how_to_have_it() -> None:
    assert list(extras_of(["web", "cli", "dev"], NEEDS)) == [
        InstalledPart("extra cli", Condition.THERE, "all that it needs is there"),
        InstalledPart(
            "extra web", Condition.MISSING, "it needs web-thing", "pip install 'pop3spy[web]'"
        ),
    ]
