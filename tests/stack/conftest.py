"""A data folder with servers of its own, and the command line run on it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from leaderboard import stack
from leaderboard.settings import Settings
from tests.conftest import embedded_in

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Settings]:
    """Settings of servers that only this test has; whatever it starts is stopped."""
    settings = embedded_in(tmp_path / "data")
    yield settings
    stack.down(settings)


@pytest.fixture
def command(own: Settings) -> Command:
    """Runs `leaderboard ARGS` on the test's own folder."""

    def run(*args: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "leaderboard", *args],
            env={**os.environ, **own.environment()},
            capture_output=True,
            text=True,
            check=False,
        )

    return run
