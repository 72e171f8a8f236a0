"""Boards as commands."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from leaderboard.cli.board import print_boards
from leaderboard.model.boards import GLOBAL, Board, parse
from leaderboard.model.moments import window_of
from leaderboard.settings import Settings
from leaderboard.store.catalog import BoardInfo, Kept
from tests.cli.commands import COMMAND, environment, run

DOCS = Path(__file__).parents[2] / "docs"


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def filled(settings: Settings) -> Settings:
    produced = run(
        settings, "produce", "--events", "400", "--rate", "0", "--seed", "1", "--players", "5",
        "--start", "2026-11-25T12:00:00",
    )  # fmt: skip
    assert produced.returncode == 0
    assert run(settings, "process", "--drain", "--show-every", "0").returncode == 0
    return settings


def test_top_of_any_board(filled: Settings):
    day = run(filled, "top", "--board", "daily", "--at", "2026-11-25", "--policy", "competition")
    assert day.returncode == 0
    for word in ("daily:2026-11-25: 5 players", "competition ranks", "window open", "player_"):
        assert word in day.stdout
    assert "game:" in run(filled, "top", "--board", "game", "--game", "game_beta").stdout
    for status, says, args in (
        (2, "no board 'x'", ("--board", "x")),
        (2, "keeps no window 2026-11-01", ("--board", "daily", "--at", "2026-11-01")),
        (2, "has no dense ranks", ("--policy", "dense")),
        (2, "say which", ("--board", "game")),
    ):
        wrong = run(filled, "top", *args)
        assert (wrong.returncode, says in wrong.stderr) == (status, True)


def test_list(filled: Settings):
    listed = run(filled, "boards", "list")
    for word in ("9 boards", "win_rate", "monthly"):
        assert word in listed.stdout
    infos = json_lines(run(filled, "boards", "list", "--json").stdout)
    assert [info["board"]["name"] for info in infos[:2]] == ["global", "hourly"]
    assert (infos[0]["total"], infos[2]["windows_kept"]) == (5, 1)


def test_the_boards_of_the_documentation_stand_readable_in_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "80")
    toml = (DOCS / "boards.md").read_text().partition("```toml")[2].partition("```")[0]
    boards = (GLOBAL, *parse(toml))
    print_boards([described(board) for board in boards])
    shown = capsys.readouterr().out
    words = shown.split()
    assert max(map(len, shown.splitlines())) <= 80
    assert "…" not in shown
    for whole in (
        "Players", "Kept", "Missed", "12,345,678", "competition", "dense", "2026-W48",
        "20261126T120000Z", "(session)", *(board.name for board in boards),
    ):  # fmt: skip
        assert whole in words


def described(board: Board) -> BoardInfo:
    """A board with many players, at noon."""
    noon = int(datetime(2026, 11, 26, 12, 14, tzinfo=UTC).timestamp())
    live = Kept(window_of(board, noon), "open") if board.is_windowed else None
    return BoardInfo(
        board=board, live=live, previous_reset=None, next_reset=live and live.window.end,
        windows_kept=10_000, windows=[], games=["a"] * 12, late=1_234, out_of_bounds=0,
        total=None if board.scope == "game" else 12_345_678,
    )  # fmt: skip


def test_hide_and_unhide(filled: Settings):
    def top() -> str:
        return run(filled, "top", "-n", "5").stdout

    assert "player_003" in top()
    hidden = run(filled, "boards", "hide", "player_003", "--reason", "speed hack", "--by", "eve")
    assert (hidden.returncode, "player_003 is hidden on" in hidden.stdout) == (0, True)
    assert "player_003" not in top()
    assert run(filled, "verify").returncode == 0, "hidden players are counted, and checked"
    assert "hidden already" in run(filled, "boards", "hide", "player_003", "--reason", "x").stdout
    shown = run(filled, "boards", "unhide", "player_003", "--reason", "appeal")
    assert "player_003 is shown again on" in shown.stdout
    assert "player_003" in top()
    assert "no board yet" in run(filled, "boards", "hide", "new", "--reason", "x").stdout
    assert run(filled, "boards", "hide", "player_003").returncode == 2, "no reason"

    trail = json_lines(run(filled, "boards", "audit", "--json").stdout)
    assert [(e["player_id"], e["hidden"]) for e in trail] == [
        ("new", True), ("player_003", False), ("player_003", True),
    ]  # fmt: skip
    assert (trail[2]["by"], trail[2]["reason"]) == ("eve", "speed hack")
    assert "speed hack" in run(filled, "boards", "audit", "-n", "5").stdout


def test_the_recipe_to_keep_hidden_players_brings_them_back(filled: Settings, tmp_path: Path):
    """As the documentation has it; Redis has lost them in between."""
    nasty = ("--reason=-o\x1b\nno", "--by=eve")
    for change, player in (("hide", "-a"), ("hide", "player_003"), ("unhide", "-a")):
        assert run(filled, "boards", change, *nasty, "--", player).returncode == 0
    kept = run(filled, "boards", "audit", "--json", "-n", "10000").stdout
    (tmp_path / "hidden.jsonl").write_text(kept)
    with Redis.from_url(filled.redis) as redis:
        redis.delete(f"{filled.key_prefix}boards:hidden", f"{filled.key_prefix}boards:audit")

    recipe = (DOCS / "faults.md").read_text().partition("```python")[2].partition("```")[0]
    code = recipe.replace('["leaderboard"', f"[*{COMMAND!r}")
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment(filled), check=True)

    again = json_lines(run(filled, "boards", "audit", "--json").stdout)
    assert [e | {"at": ""} for e in again] == [e | {"at": ""} for e in json_lines(kept)]
    with Redis.from_url(filled.redis) as redis:
        assert redis.smembers(f"{filled.key_prefix}boards:hidden") == {b"player_003"}
