"""Reads: order, ties, ranks, and players that do not exist."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from leaderboard.errors import StoreError
from leaderboard.store.keys import Keys
from leaderboard.store.query import remembering
from leaderboard.store.reader import player, run, snapshot

KEYS = Keys("r:")


def fill(redis: Redis, scores: dict[str, int]) -> list[str]:
    """Store `scores`; returns the ids in the order the board must have."""
    redis.flushall()
    for player_id, score in scores.items():
        redis.zadd(KEYS.board, {player_id: score})
        stats = {"player_name": player_id.upper(), "total_score": score, "events_count": 1,
                 "games_joined": 0, "last_active": "", "action:kill": 2}  # fmt: skip
        redis.hset(KEYS.player(player_id), mapping=stats)
    return sorted(scores, key=lambda p: (-scores[p], p.encode()))


def test_mistake_05_equal_scores_stand_in_order_of_id(redis: Redis):
    random = Random(1)
    scores = {f"p{i:03d}": random.choice([0, 25, 50, 100]) for i in range(200)}
    order = fill(redis, scores)
    for n in (1, 2, 7, 50, 99, 150, 199, 200, 500):
        board = run(redis, snapshot(KEYS, n))
        assert [r.player_id for r in board.rows] == order[:n]
        assert [r.rank for r in board.rows] == list(range(1, min(n, 200) + 1))
        assert [r.score for r in board.rows] == [scores[p] for p in order[:n]]
        assert board.total_players == 200
    for place, player_id in enumerate(order, start=1):
        found = run(redis, player(KEYS, player_id))
        assert found is not None
        assert found.rank == place


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.dictionaries(st.text(min_size=1, max_size=5), st.integers(0, 4), max_size=12),
    st.integers(1, 14),
)
def test_any_board_any_page(redis: Redis, scores: dict[str, int], n: int):
    order = fill(redis, scores)
    assert [r.player_id for r in run(redis, snapshot(KEYS, n)).rows] == order[:n]


def test_a_player_and_one_that_does_not_exist(redis: Redis):
    fill(redis, {"a": 5, "b": 10})
    found = run(redis, player(KEYS, "a"))
    assert found is not None
    assert (found.rank, found.player_name, found.total_score, found.actions) == (
        2,
        "A",
        5,
        {"kill": 2},
    )
    assert run(redis, player(KEYS, "nobody")) is None


def test_an_empty_board(redis: Redis):
    board = run(redis, snapshot(KEYS, 10, 10))
    assert (board.rows, board.total_players, board.achievements, board.counts) == ([], 0, [], {})


def test_what_did_not_change_is_the_value_of_the_last_time(redis: Redis):
    fill(redis, {"a": 5})
    question = remembering(snapshot(KEYS, 10))
    first, again = run(redis, question), run(redis, question)
    redis.zincrby(KEYS.board, 1, "a")
    changed = run(redis, question)

    assert first is again
    assert [row.score for row in first.rows + changed.rows] == [5, 6]


def test_redis_away_is_a_store_error():
    with pytest.raises(StoreError, match="Redis"):
        run(Redis(port=1, retry=Retry(NoBackoff(), 0)), snapshot(KEYS, 1))
