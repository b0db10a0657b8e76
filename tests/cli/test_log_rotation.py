"""A log is moved away while sessions go on: every line is in one of the files, and whole."""

import json
from pathlib import Path

import pytest

from cli.program import running, serving, session


@pytest.mark.promise("log")
@pytest.mark.parametrize("more", [(), ("--workers", "2")], ids=["one process", "workers"])
def test_a_log_that_is_moved_away_is_begun_anew_and_no_line_is_lost(
    tmp_path: Path, more: tuple[str, ...]
) -> None:
    log = tmp_path / "log.jsonl"
    with serving() as port:
        args = ("--upstream", f"127.0.0.1:{port}", "--listen", ":0", "--quiet", "--log", log)
        with running("proxy", *args, "--log-format", "json", *more) as proxy:
            here = proxy.port()
            for number in range(3):
                session(here)
                log.rename(tmp_path / f"old.{number}")
                session(here)
            assert proxy.stopped().status == 0
    files = [*sorted(tmp_path.glob("old.*")), log]
    told = [[json.loads(line) for line in each.read_text().splitlines()] for each in files]
    ended = [
        event["session"] for events in told for event in events if event["event"] == "session_ended"
    ]
    assert len(ended) == len(set(ended)) == 6
    assert all(told)
