"""What accounts came to is read again from a file that somebody may have changed."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from pop3spy.errors import ConfigError
from pop3spy.migration.account import KINDS, ComparedAccount
from pop3spy.migration.results import FORMAT, Results, results_in, write_map

HEADER = {"old": "pop3://a:110", "new": "pop3://b:110"}


def result(name: str, **changes: object) -> Mapping[str, object]:
    found = ComparedAccount(name, "same", both=1, ids=[(f"{name}-1", "1")])
    found.counts = dict.fromkeys(KINDS, 0)
    found.tls = {"old": "no TLS", "new": "no TLS"}
    return {**json.loads(json.dumps(found.facts(ids=True))), **changes}


def written(path: Path, *lines: Mapping[str, object]) -> Path:
    head = {"format": FORMAT, **HEADER}
    path.write_text("".join(f"{json.dumps(line)}\n" for line in (head, *lines)))
    return path


def test_what_was_said_of_an_account_last_counts(tmp_path: Path) -> None:
    failed = result("bob", outcome="failed", both=0, counts={}, tls={})
    path = written(tmp_path / "r", failed, result("eve"), result("bob"))
    assert [facts["account"] for facts in results_in(path)] == ["eve", "bob"]
    assert {facts["outcome"] for facts in results_in(path)} == {"same"}
    reader = Results(path, HEADER, resume=True)
    reader.close()
    assert reader.done == {"bob", "eve"}


def test_who_failed_later_is_tried_again(tmp_path: Path) -> None:
    path = written(tmp_path / "r", result("bob"), result("bob", outcome="failed"))
    reader = Results(path, HEADER, resume=True)
    reader.close()
    assert reader.done == set()


def test_a_line_that_was_broken_off_is_cut_away(tmp_path: Path) -> None:
    path = written(tmp_path / "r", result("bob"))
    whole = path.read_bytes()
    for end in range(1, 40):
        path.write_bytes(whole + whole[-40:][:end].replace(b"\n", b""))
        Results(path, HEADER, resume=True).close()
        assert path.read_bytes() == whole


WRONG = [
    pytest.param({"outcome": []}, id="a list for an outcome"),
    pytest.param({"outcome": "differs", "counts": {}}, id="no counts"),
    pytest.param({"counts": {"missing": 1}}, id="some counts"),
    pytest.param({"ids": [["a"]]}, id="half a pair"),
    pytest.param({"ids": [["a", 1]]}, id="a number for an id"),
    pytest.param({"missing": [True]}, id="a truth for a number"),
    pytest.param({"messages": 1e300}, id="too large a number"),
    pytest.param({"account": None}, id="no account"),
]


@pytest.mark.parametrize("changes", WRONG)
def test_a_line_that_is_no_result_is_refused(changes: dict[str, object], tmp_path: Path) -> None:
    path = written(tmp_path / "r", result("eve"), result("bob", **changes))
    with pytest.raises(ConfigError, match="r:3: this is no result of a comparison"):
        Results(path, HEADER, resume=True)


@pytest.mark.parametrize("accounts", [[], ["bob"], ["bob", "eve"]])
def test_a_map_is_json_whatever_there_is_in_it(accounts: list[str], tmp_path: Path) -> None:
    path = written(tmp_path / "r", *map(result, accounts))
    write_map(tmp_path / "map.json", path, alone=False)
    told = json.loads((tmp_path / "map.json").read_text())
    assert told == {name: {f"{name}-1": "1"} for name in accounts}
