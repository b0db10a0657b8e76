"""A soak that is over in half a minute, and whether one tells what it should."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lab.processes import need_root
from soak.curve import curves
from soak.measured import Size
from soak.verdict import HEAD, Row, faults, flatness, summary

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
    """Return half an hour in which what is held grows by so many MiB a minute."""
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


def resident(*curve: float) -> list[Row]:
    """Return a minute for each figure of *curve*, which is what the proxy really has then."""
    sizes = [SIZE._replace(resident=mib) for mib in curve]
    return [
        replace(row, sizes={**BEFORE, "proxy": size})
        for row, size in zip(rows(), sizes, strict=False)
    ]


def test_what_grows_in_the_first_half_and_then_stays_is_no_fault() -> None:
    assert not list(faults(resident(*[min(minute, 14) * 10.0 for minute in range(30)]), BEFORE))


def test_one_high_minute_is_no_rise() -> None:
    assert not list(faults(resident(*[60.0] * 28, 90.0, 60.0), BEFORE))


def test_resident_memory_has_to_come_to_a_plateau() -> None:
    rising = resident(*[60 + 0.6 * minute for minute in range(30)])
    told = "proxy: resident memory rises by 0.60 MiB a minute in the second half"
    assert list(faults(rising, BEFORE)) == [told]


def test_a_soak_that_is_too_short_does_not_say_that_memory_is_flat() -> None:
    assert "takes 12 minutes to tell" in flatness(rows()[:10])
    assert "was flat" in flatness(rows()[:12])


def test_the_curve_of_each_program_is_shown_from_its_first_minute_to_its_last() -> None:
    shown = list(curves(resident(*[minute + 1.0 for minute in range(30)])))
    assert [line[0] for line in shown if not line.startswith(" ")] == ["p", "s"]
    minutes = [line.split()[0] for line in shown if line.startswith(" ")]
    assert (minutes[0], minutes[-1], len(minutes)) == ("1.0", "30.0", 2 * 16)
    bars = [line.count("#") for line in shown[1:17]]
    assert bars == sorted(set(bars))
    assert max(map(len, shown)) <= 80


@pytest.mark.parametrize(
    ("soaked", "told"),
    [
        (
            rows(grows=0.6),
            "proxy: memory that is held rises by 0.60 MiB a minute in the second half",
        ),
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
