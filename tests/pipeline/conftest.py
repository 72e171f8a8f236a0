"""What the pipeline's tests share."""

from collections.abc import Iterator

import pytest

from leaderboard.settings import Settings
from tests.pipeline.pipes import Pipe


@pytest.fixture
def pipe(settings: Settings) -> Iterator[Pipe]:
    pipe = Pipe(settings)
    yield pipe
    pipe.close()
