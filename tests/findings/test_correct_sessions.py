"""Nothing is found where nothing is wrong: random sessions, cut anywhere, at any times."""

from random import Random

import pytest

from findings.correct_sessions import Drawn
from findings.doors import judged

SEEDS = 40
EACH = 10


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_correct_client_and_a_correct_server_are_accused_of_nothing(seed: int) -> None:
    for number in range(EACH):
        drawn = Drawn(Random(f"{seed} {number}"))
        assert [finding.text for _, finding in judged(drawn.tape())] == [], f"{seed} {number}"
