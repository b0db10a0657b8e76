"""The recordings in ``captures/`` are what real programs say today."""

from pathlib import Path

import pytest

from cli.program import run_here
from lab.samples import FOLDER, SAMPLES, make

pytestmark = [pytest.mark.lab, pytest.mark.slow]


def test_what_is_recorded_now_is_no_different(tmp_path: Path) -> None:
    made = make(tmp_path)

    assert [path.stem for path in made] == [sample.name for sample in SAMPLES]
    for path in made:
        ended = run_here("compare", str(FOLDER / path.name), str(path))
        assert ended.out.startswith("no differences in "), f"run make captures: {ended.out}"
