"""What the pipeline's tests share."""

from collections.abc import Callable, Iterator

import pytest

from leaderboard.settings import Settings
from tests.pipeline.pipes import Pipe


@pytest.fixture
def make_pipe(settings: Settings) -> Iterator[Callable[..., Pipe]]:
    """Makes a pipe with some of the test's settings changed; dead members are missed after 3 s."""
    made: list[Pipe] = []

    def make(**changes: object) -> Pipe:
        made.append(Pipe(settings.with_(**{"session_timeout_s": 3.0} | changes)))
        return made[-1]

    yield make
    for pipe in made:
        pipe.close()


@pytest.fixture
def pipe(make_pipe: Callable[..., Pipe]) -> Pipe:
    return make_pipe()
