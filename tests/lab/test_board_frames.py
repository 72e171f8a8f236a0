"""Boards as tables: what a notebook asks, without a lab around it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from leaderboard.errors import NotThereError, QuestionError, StoreError
from leaderboard.lab import board_frames as columns
from leaderboard.lab.frames import Frames
from leaderboard.settings import Settings
from tests.serving import Feed, finished, scored

DAY = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def feed(settings: Settings) -> Iterator[Feed]:
    feed = Feed(settings, settings.redis)
    feed(scored("a", 5, at=DAY), scored("b", 9, at=DAY), scored("c", 5, at=DAY),
         scored("a", 7, at=DAY + timedelta(days=1)), scored("b", 7, at=DAY + timedelta(days=1)),
         *(finished("a", result) for result in ("win", "loss", "win", "win", "win")))  # fmt: skip
    yield feed
    feed.close()


@pytest.fixture
def frames(settings: Settings, feed: Feed) -> Frames:
    return Frames(settings, settings.kafka, feed.redis, lambda: [])


def told(frame: pd.DataFrame, *names: str) -> list[list[object]]:
    return [[None if pd.isna(v) else v for v in row] for row in frame[list(names)].to_numpy()]


def test_without_more_it_is_the_global_board(frames: Frames):
    assert told(frames.board(), "rank", "player_id", "player_name", "score") == [
        [1, "b", "B", 16], [2, "a", "A", 12], [3, "c", "C", 5],
    ]  # fmt: skip
    assert frames.board().equals(frames.board(policy="ordinal"))


def test_any_board_window_and_policy(frames: Frames):
    day = frames.board(board="daily", at="2026-01-01", policy="competition")
    assert told(day, "rank", "player_id", "score") == [[1, "b", 9], [2, "a", 5], [2, "c", 5]]
    assert day.dtypes.astype(str).to_dict() == columns.BOARD
    moved = frames.board(board="daily", at="2026-01-02", movement=True)
    assert told(moved, "player_id", "rank", "previous_rank") == [["a", 1, 2], ["b", 2, 1]]
    assert told(frames.board(1, board="game", game="g"), "player_id") == [["b"]]


def test_rates_come_with_their_parts(frames: Frames):
    rates = frames.board(board="win_rate")
    assert told(rates, "player_id", "score", "numerator", "matches") == [["a", 0.8, 4, 5]]
    assert rates["low"][0] < 0.8 < rates["high"][0]
    assert told(frames.board(board="kda"), "numerator", "denominator", "low") == [[10, 10, None]]


def test_around_ranges_percent_and_friends(frames: Frames):
    assert told(frames.around("c", 2), "player_id", "own") == [["a", False], ["c", True]]
    assert told(frames.around_score(11, 2), "player_id") == [["a"], ["c"]]
    assert told(frames.score_range(5, 12), "player_id", "rank") == [["a", 2], ["c", 3]]
    assert told(frames.top_percent(67), "player_id") == [["b"], ["a"]]
    friends = frames.friends(["c", "x", "b"])
    assert told(friends, "place", "player_id", "rank", "percentile") == [
        [1, "b", 1, 100 * 2 / 3], [2, "c", 3, 0], [None, "x", None, None],
    ]  # fmt: skip
    assert len(frames.friends(["c", "x"], missing=False)) == 1


def test_one_player_everywhere_and_over_time(frames: Frames):
    ranks = frames.ranks("a", at="2026-01-02")
    assert told(ranks[ranks["board"] == "daily"], "id", "rank", "previous_rank") == [
        ["daily:2026-01-02", 1, 2]
    ]
    then = frames.rank_history("c", "daily")
    assert told(then, "window", "rank", "total_players") == [
        ["2026-01-01", 2 + 1, 3], ["2026-01-02", None, 2],
    ]  # fmt: skip
    assert then["end"][0] == pd.Timestamp("2026-01-02", tz="UTC")


def test_boards_and_combinations(frames: Frames):
    boards = frames.boards().set_index("board")
    assert list(boards.index[:3]) == ["global", "hourly", "daily"]
    assert (boards["total_players"]["global"], boards["windows_kept"]["daily"]) == (3, 2)
    assert pd.isna(boards["next_reset"]["global"])
    assert boards["next_reset"]["daily"] > pd.Timestamp.now("UTC")
    both = frames.combined(["daily:2026-01-01", "daily:2026-01-02"], how="intersection")
    assert told(both, "rank", "player_id", "score") == [[1, "b", 16], [2, "a", 12]]
    mixed = frames.combined(["daily:2026-01-01", "kda"])
    assert str(mixed.dtypes["score"]) == "float64"


def test_empty_tables_keep_their_columns(frames: Frames):
    for frame, expected in (
        (frames.board(board="daily"), columns.BOARD),
        (frames.score_range(100, 200), columns.BOARD),
        (frames.friends(["x"], missing=False), columns.FRIENDS),
    ):
        assert (len(frame), frame.dtypes.astype(str).to_dict()) == (0, expected)


def test_what_a_board_can_not_say_is_an_error(frames: Frames, settings: Settings):
    with pytest.raises(QuestionError, match="dense"):
        frames.board(policy="dense")
    with pytest.raises(NotThereError, match="2025-01-01"):
        frames.board(board="daily", at="2025-01-01")
    with pytest.raises(QuestionError, match="history"):
        frames.rank_history("a", "global")
    away = Feed(settings, "redis://127.0.0.1:1/0")
    with pytest.raises(StoreError, match="Redis"):
        Frames(settings, settings.kafka, away.redis, lambda: []).boards()
