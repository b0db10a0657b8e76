"""Lines that were typed before."""

import os
from pathlib import Path

from prompt_toolkit.buffer import Buffer

from pop3spy.console.history import MOST, KeptLines


def loaded(path: Path) -> list[str]:
    return list(KeptLines(path).load_history_strings())


def test_only_what_is_remembered_is_kept_and_the_newest_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history"
    lines = KeptLines(path)
    Buffer(history=lines).append_to_history()
    lines.append_string("PASS hunter2")
    lines.load_history_strings()
    lines.remember("STAT")
    lines.remember("LIST")
    lines.remember("LIST")
    lines.remember("  ")
    assert loaded(path) == ["LIST", "STAT"]
    assert "hunter2" not in path.read_text()


def test_the_file_is_its_owners_alone_whatever_the_umask_says(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history"
    before = os.umask(0)
    try:
        loaded(path)
        KeptLines(path).remember("STAT")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target, path = tmp_path / "target", tmp_path / "history"
    target.write_text("")
    path.symlink_to(target)
    lines = KeptLines(path)
    assert list(lines.load_history_strings()) == []
    lines.remember("STAT")
    assert target.read_text() == ""
    assert lines.get_strings() == ["STAT"], "it is in memory"


def test_it_does_not_grow_without_end(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text("".join(f"RETR {n}\n" for n in range(3 * MOST)))
    assert loaded(path)[0] == f"RETR {3 * MOST - 1}"
    assert len(path.read_text().splitlines()) == MOST


def test_without_a_place_it_is_in_memory() -> None:
    lines = KeptLines(None)
    assert list(lines.load_history_strings()) == []
    lines.remember("STAT")
    assert lines.get_strings() == ["STAT"]
