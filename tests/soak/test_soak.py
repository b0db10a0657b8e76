"""A soak that is over in half a minute, and whether one tells what it should."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lab.processes import need_root
from soak.measured import Size
from soak.verdict import HEAD, Row, faults, summary

SIZE = Size(resident=60.0, in_use=20.0, blocks=300_000, files=20, threads=4, tasks=3)
BEFORE = {"proxy": SIZE, "serve": SIZE}


@pytest.mark.promise("soak")
@pytest.mark.soak
@pytest.mark.lab
def test_every_octet_is_right_and_nothing_grows_whatever_goes_wrong_beside(tmp_path: Path) -> None:
    need_root("mount a disk for it")
    figures = tmp_path / "figures.jsonl"
    options = ["--minutes", "0.25", "--sessions", "60", "--output", str(figures)]
    done = subprocess.run(
        [sys.executable, "-m", "soak", *options],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [json.loads(line) for line in figures.read_text().splitlines()]
    assert all(row["whole"] and row["octets"] and not row["wrong"] for row in rows)


def rows(size: Size = SIZE, *, grows: float = 0.0, **changes: int) -> list[Row]:
    """Return half an hour in which *size* grows by so many MiB a minute, up to its 30th."""
    row = Row(0, 1000, 100, 0, 10**8, 500, BEFORE)
    return [
        replace(
            row,
            minute=minute,
            sizes={**BEFORE, "proxy": size._replace(in_use=size.in_use + grows * minute)},
            **changes,
        )
        for minute in range(1, 31)
    ]


def test_what_stays_as_it_was_is_no_fault() -> None:
    assert not list(faults(rows(), BEFORE))


def test_what_grows_until_it_is_warm_is_no_fault() -> None:
    until_warm = [
        replace(row, sizes={**BEFORE, "proxy": SIZE._replace(in_use=min(row.minute, 10) * 10.0)})
        for row in rows()
    ]
    assert not list(faults(until_warm, BEFORE))


@pytest.mark.parametrize(
    ("soaked", "told"),
    [
        (rows(grows=0.6), "proxy: memory creeps by 0.60 MiB a minute, after it was warm"),
        (rows(SIZE._replace(files=21)), "proxy: files went from 20 to 21 while nobody was there"),
        (rows(SIZE._replace(tasks=4)), "proxy: tasks went from 3 to 4 while nobody was there"),
        (rows(whole=0), "there was a minute without a single whole session"),
        (rows(wrong=1), "30 sessions were told something wrong, or ended without a reason"),
    ],
)
def test_a_fault_is_told_in_a_sentence(soaked: list[Row], told: str) -> None:
    assert list(faults(soaked, BEFORE)) == [told]


def test_rows_fit_a_terminal_and_stand_below_their_heads() -> None:
    (row,) = rows()[-1:]
    texts = [*HEAD.splitlines(), str(row), *summary([row]).splitlines()]
    assert max(map(len, texts)) <= 80
    bars = [[at for at, letter in enumerate(text) if letter == "|"] for text in texts[:3]]
    assert bars[0] == bars[1] == bars[2]
