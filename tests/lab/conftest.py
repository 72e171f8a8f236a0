"""A lab on the session's servers, with names and a data folder of the test's own."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from leaderboard import Lab
from leaderboard.errors import LeaderboardError
from leaderboard.settings import Settings


@pytest.fixture
def make_lab(settings: Settings, tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    """Makes a lab, headless unless told otherwise; it is closed at the end of the test."""
    made: list[Lab] = []

    def make(**options: object) -> Lab:
        options = {"run_id": "test", "serve": False, "rate": 100, **options}
        made.append(Lab(settings=settings.with_(data_dir=tmp_path), **options))
        return made[-1]

    yield make
    for lab in made:
        with suppress(LeaderboardError):  # the test has looked at what failed
            lab.close()
