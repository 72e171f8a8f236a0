"""Notebook 04's tie laboratory: one data set on real boards, every policy as it is defined."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from redis import Redis

from leaderboard.errors import QuestionError
from leaderboard.lab.checks import drift
from leaderboard.lab.lessons.by_hand import ByHand
from leaderboard.lab.lessons.ties import BOARDS, HITS, POLICIES, hits, side_by_side, third
from leaderboard.model.boards import parse
from leaderboard.settings import Settings

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def hand(settings: Settings, tmp_path: Path) -> Iterator[ByHand]:
    file = tmp_path / "boards.toml"
    file.write_text(BOARDS)
    own = settings.with_(boards_file=str(file))
    with Redis.from_url(settings.redis) as redis, ByHand(own, redis) as hand:
        for event in hits(START):
            hand.producer.send(event)
        hand.apply()
        yield hand


def by_definition() -> pd.DataFrame:
    """The same table in plain Python: sums, and what each policy says of them."""
    scores: dict[str, int] = {}
    reached: dict[str, int] = {}
    for minute, player, points in HITS:
        scores[player] = scores.get(player, 0) + points
        reached[player] = minute
    by_id = sorted(scores, key=lambda p: (-scores[p], p))
    by_time = sorted(scores, key=lambda p: (-scores[p], reached[p]))
    rows = {
        p: (scores[p], by_id.index(p) + 1, by_time.index(p) + 1,
            1 + sum(s > scores[p] for s in scores.values()),
            1 + len({s for s in scores.values() if s > scores[p]}))
        for p in scores
    }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index", columns=["score", *POLICIES]).sort_index()


def test_every_policy_ranks_as_it_is_defined(hand: ByHand) -> None:
    table = side_by_side(hand.frames)

    assert table.sort_index().to_dict() == by_definition().to_dict()
    assert drift(hand.settings, hand.kafka, hand.redis).ok


def test_somebody_else_is_third_under_each_policy(hand: ByHand) -> None:
    table = side_by_side(hand.frames)

    thirds = {name: third(table[name]) for name in POLICIES}
    assert thirds == {
        "ordinal": "cem", "first to reach": "bob", "competition": "nobody", "dense": "eva",
    }  # fmt: skip


def test_the_same_hits_count_once(hand: ByHand) -> None:
    before = side_by_side(hand.frames)
    for event in hits(START):
        hand.producer.send(event)

    assert hand.apply().duplicates == len(HITS)
    assert side_by_side(hand.frames).equals(before)


def test_dense_ranks_are_refused_where_they_are_not_declared(hand: ByHand) -> None:
    assert [board.name for board in parse(BOARDS)] == ["points", "first_come"]
    with pytest.raises(QuestionError, match="declare it with ranks"):
        hand.frames.board(board="first_come", policy="dense")
