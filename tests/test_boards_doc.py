"""docs/boards.md is true: every question of its table is answered, and its commands run."""

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from leaderboard.lab.frames import Frames
from leaderboard.settings import Settings, project_root
from tests.cli.commands import run
from tests.serving import Feed, Serving, scored, serving

READS = (project_root() / "docs/boards.md").read_text().split("\n## Reads\n")[1].split("\n## ")[0]
QUESTIONS = [
    [re.findall(r"`([^`]+)`", cell) for cell in line.strip("|").split("|")[1:3]]
    for line in READS.splitlines()
    if line.startswith("| ") and "`" in line and line.count("|") == 4
]
PATHS = sorted({path for rest, _ in QUESTIONS for path in rest if "..." not in path})
CALLS = sorted({call for _, notebook in QUESTIONS for call in notebook})
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", READS, re.DOTALL)
    for line in block.splitlines()
]


@pytest.fixture
def feed(settings: Settings) -> Iterator[Feed]:
    """Two windows of the daily board and one of the weekly, with scores all over."""
    feed = Feed(settings, settings.redis)
    day = datetime(2026, 11, 25, 12, tzinfo=UTC)
    for at in sorted((day, day - timedelta(days=1), datetime.now(UTC))):
        feed(scored("player_007", 150, game="game_alpha", at=at),
             scored("player_003", 500, game="game_alpha", at=at))  # fmt: skip
    yield feed
    feed.close()


@pytest.fixture
def api(settings: Settings) -> Iterator[Serving]:
    with serving(settings) as api:
        yield api


def test_the_table_was_read():
    assert len(QUESTIONS) >= 15
    assert len(COMMANDS) >= 6


def test_every_path_is_answered(api: Serving, feed: Feed):
    for path in PATHS:
        board = "weekly" if "W" in path else "daily"
        path = path.replace("&", f"?board={board}&", 1) if path.startswith("&") else path
        path = f"/api/leaderboard{path}" if path.startswith("?") else path
        answer = api.get(path)
        assert answer.status_code == 200, (path, answer.text)
        assert answer.json(), path


def test_every_call_of_a_notebook_is_answered(settings: Settings, feed: Feed):
    frames = Frames(settings, settings.kafka, feed.redis, lambda: [])
    for call in CALLS:
        text = call.removeprefix("lab.frames")
        if not text.startswith("."):
            board = "game" if text.startswith("game") else "daily"
            text = f".board({text}, board={board!r})"
        frame = eval(f"frames{text}", {"frames": frames})
        assert len(frame.columns) > 3, call


def test_every_command_runs(settings: Settings, feed: Feed):
    for line in COMMANDS:
        command, *args = shlex.split(line)
        assert command == ".venv/bin/leaderboard"
        result = run(settings, *args)
        assert (result.returncode, bool(result.stdout.strip())) == (0, True), (line, result.stderr)
