"""Random mixes of faults under load, by seed; the long set is `make faults`.

One of them again, or any other: `make faults SEEDS=17`.
"""

from pathlib import Path

import pytest

from tests.mixes.play import play
from tests.mixes.schedule import schedule


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_mix_of_faults_loses_nothing_and_counts_nothing_twice(seed: int, tmp_path: Path):
    played = play(schedule(seed, steps=3), tmp_path / "mix")
    assert len(played.recoveries) == 3
    assert played.applied > 0
