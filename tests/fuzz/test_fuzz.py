"""Inputs at every door, and whether the fuzzer finds what it should.

It forks, which a process with threads should not, as one that runs tests has: so it is started.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filters.judged import ended, numbers
from fuzz import corpora
from fuzz.doors import DOORS
from fuzz.mutations import LONGEST, mutated
from fuzz.sums import Sums
from fuzz.trial import Door
from fuzz.zeek import conversation
from pop3spy.filters.expression import compile_filter
from pop3spy.protocol.url import parse_url

TESTS = Path(__file__).parents[1]
INPUTS = 60
SEEDS = [b'- [0.5, 1, "C", "STAT\\r\\n"]\n', b"", b"\xff"]
URLS = Door("URL", list, lambda data: parse_url(data.decode("latin-1")), (ValueError,))


def started(folder: Path, module: str, *args: str) -> subprocess.CompletedProcess[str]:
    where = {**os.environ, "PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-m", module, *args]
    return subprocess.run(
        command, cwd=folder, env=where, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_no_mutated_input_does_harm(tmp_path: Path) -> None:
    done = started(tmp_path, "fuzz", "--inputs", str(INPUTS))
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) > 40
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_nothing_that_is_kept_does_harm_and_every_door_takes_some_of_it(tmp_path: Path) -> None:
    done = started(tmp_path, "fuzz", "--kept")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {line[:22].strip(): line[22:].split() for line in done.stdout.splitlines()[1:]}
    assert set(rows) == set(DOORS)
    assert [door for door, (_, taken, *_) in rows.items() if taken == "0"] == []


def test_a_fault_is_told_with_the_smallest_input_that_has_it(tmp_path: Path) -> None:
    done = started(tmp_path, "fuzz.unfit")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("is fit") == [4, 4, {}]
    assert found.pop("raises")[:2] == [4, 0]
    assert {name: inputs for name, (inputs, *_) in found.items()} == dict.fromkeys(found, 4)
    for *_, faults in found.values():
        assert list(faults.values()) == ["bad"]


def test_each_kind_of_fault_is_named(tmp_path: Path) -> None:
    found = json.loads(started(tmp_path, "fuzz.unfit").stdout)
    (raised,), (hung,), (grown,), (ended,), () = (faults for *_, faults in found.values())
    assert raised.startswith("KeyError at ")
    assert (hung, grown, ended) == (
        "takes too long in _hang",
        "takes too much memory",
        "the process ends with 7",
    )


def test_the_same_number_makes_the_same_input() -> None:
    assert [mutated(Random(7), SEEDS) for _ in range(3)] == [mutated(Random(7), SEEDS)] * 3


def test_inputs_are_many_and_bounded() -> None:
    made = {mutated(Random(number), SEEDS) for number in range(500)}
    assert len(made) > 250
    assert max(map(len, made)) <= LONGEST


@given(st.binary())
def test_a_line_of_a_corpus_has_any_octets(data: bytes) -> None:
    line = corpora.line(data)
    assert line.isascii()
    assert line.splitlines() in ([line], [])
    assert corpora.octets(line) == data


def test_each_corpus_belongs_to_a_door() -> None:
    files = {path.name for path in corpora.FOLDER.iterdir()}
    assert files <= {corpora.file_of(name).name for name in DOORS}


def test_of_inputs_that_go_the_same_way_the_shortest_is_kept() -> None:
    plain, same, user, bad = b"pop3://a", b"pop3://a.example", b"pop3://a@b", b"pop3://:x"
    assert corpora.fewest(URLS, [same, user, plain, bad, same]) == [plain, bad, user]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (b"\x01PKT\x01USER bob\r\n\x01PKT\x00+OK\r\n", b"CUSER bob\r\n\x1eS+OK\r\n"),
        (b"\x01PKT\xff\x01PKTa\x1eb", b"C\x1eCb"),
        (b"S+OK \x01PKT\x01\r\n", b"S+OK \x01PKT\x01\r\n"),
        (b"", b""),
    ],
)
def test_inputs_of_zeek_are_conversations_and_all_others_stay(theirs: bytes, ours: bytes) -> None:
    assert conversation(theirs) == ours


def test_what_a_search_counts_is_there_in_the_program() -> None:
    parts = {part for door in DOORS.values() for part in door.parts}
    assert [part for part in parts if find_spec(part) is None] == []


def test_searches_count_on(tmp_path: Path) -> None:
    path = tmp_path / "sums.json"
    sums = Sums.of_file(path)
    sums.inputs, sums.seconds, sums.mib = 1234, 0.5, 90
    sums.keep(path)
    assert Sums.of_file(path) == sums
    assert str(sums) == "1,234 inputs, the slowest 0.500 s, 90 MB"


@pytest.mark.parametrize("text", [line.decode() for line in DOORS["filter"].seeds()])
def test_an_exchange_is_judged_later_as_it_was_when_it_ended(text: str) -> None:
    read = compile_filter(text)
    later = [exchange.number for session, exchange in ended() if read.means(session, exchange)]
    assert tuple(later) == numbers(read)


@pytest.mark.skipif(find_spec("atheris") is not None, reason="atheris is here")
def test_a_search_without_atheris_says_what_to_install(tmp_path: Path) -> None:
    done = started(tmp_path, "fuzz.guided", "filter")
    assert done.returncode == 2
    assert done.stderr.endswith("this needs atheris: pip install -e '.[fuzz]'\n")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("atheris") is None, reason="needs atheris: pip install -e '.[fuzz]'")
def test_a_search_goes_beyond_its_seeds(tmp_path: Path) -> None:
    more = tmp_path / "more"
    more.mkdir()
    (more / "mine").write_bytes(b"pop3s://mine")
    done = started(tmp_path, "fuzz.guided", "URL", "--inputs", "3000", "--seeds", str(more))
    assert done.returncode == 0, done.stdout + done.stderr
    found = [path.read_bytes() for path in (tmp_path / ".fuzz" / "url" / "found").iterdir()]
    assert b"pop3s://mine" in found
    assert len(found) > len(DOORS["URL"].seeds()) + 1
    *_, told = done.stdout.splitlines()
    assert told.startswith("in all searches until now: 3,000 inputs, the slowest 0.")
