"""Notebook 04's parts: the storm, both orders, neighbours, what is timed, its charts."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pandas as pd
import pytest
from redis import Redis

from leaderboard.lab.frames import table
from leaderboard.lab.lessons import charts_ties
from leaderboard.lab.lessons.ties import (
    COSTS,
    OURS,
    REDIS,
    SCAN,
    around,
    rank_costs,
    redis_order,
    tie_id,
    tie_storm,
)
from leaderboard.model.events import decode, encode
from leaderboard.settings import Settings
from leaderboard.store.keys import Keys

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def redis(settings: Settings) -> Iterator[Redis]:
    with Redis.from_url(settings.redis) as redis:
        yield redis


@pytest.fixture
def keys(settings: Settings, redis: Redis) -> Keys:
    """A board where c and b tie behind a, and e and d at the end."""
    keys = Keys(settings.key_prefix)
    scores = {"a": 300, "b": 200, "c": 200, "d": 100, "e": 100}
    redis.zadd(keys.board, scores)
    for player, score in scores.items():
        redis.hset(
            keys.player(player),
            mapping={
                "player_name": player.upper(), "total_score": score, "events_count": 1,
                "games_joined": 0, "last_active": "2026-01-01T00:00:00.000000Z",
            },
        )  # fmt: skip
    return keys


def test_a_storm_gives_every_player_the_same_points_in_a_shuffled_order() -> None:
    storm = tie_storm(26, 7, START)

    ids = [event.player_id for event in storm]
    assert ids != sorted(ids)
    assert sorted(ids) == [tie_id(place, 26) for place in range(26)]
    assert len({event.points for event in storm}) == 1
    assert len({event.event_id for event in storm}) == 26
    assert all(decode(encode(event)) == event for event in storm)


def test_a_later_storm_has_events_of_its_own() -> None:
    both = [tie_storm(5, 7, START), tie_storm(5, 7, START.replace(hour=1))]

    assert not {e.event_id for e in both[0]} & {e.event_id for e in both[1]}


def test_redis_order_has_ties_backwards(redis: Redis, keys: Keys) -> None:
    assert redis_order(redis, keys) == ["a", "c", "b", "e", "d"]


@pytest.mark.parametrize(
    ("player", "expected"),
    [("a", ["a", "b"]), ("c", ["b", "c", "d"]), ("e", ["d", "e"]), ("nobody", [])],
)
def test_around_shows_the_neighbours_by_our_rule(
    redis: Redis, keys: Keys, player: str, expected: list[str]
) -> None:
    rows = around(redis, keys, player, each_side=1)

    assert rows["player_id"].tolist() == expected
    assert rows["rank"].tolist() == sorted(rows["rank"])


def test_costs_are_timed_for_every_size_and_leave_nothing(redis: Redis, settings: Settings) -> None:
    costs = rank_costs(redis, settings.key_prefix, [10, 100], rounds=2, calls=5)

    assert costs.astype(COSTS).equals(costs)
    assert set(costs["query"]) == {OURS, REDIS, SCAN}
    assert len(costs) == 6
    assert (costs["us"] > 0).all()
    assert list(redis.scan_iter(f"{settings.key_prefix}*")) == []


@pytest.mark.parametrize(("count", "same"), [(9, 1), (10, 0), (1, 1)])
def test_the_slope_chart_counts_who_stays(count: int, same: int) -> None:
    ours = [tie_id(place, count) for place in range(count)]

    fig = charts_ties.slope(ours, ours[::-1])

    assert fig.layout.title.text.startswith(f"{same} of {count} ")
    assert len(fig.data) == count


def test_the_cost_chart_says_how_the_cost_grows() -> None:
    rows = [(n, q, us) for n, us in ((1000, 40.0), (100_000, 60.0)) for q in (OURS, REDIS, SCAN)]

    fig = charts_ties.cost(table(rows, COSTS))

    assert fig.layout.title.text == "100 times the members, 1.5 times the cost of a rank"


def test_empty_charts_say_so() -> None:
    for fig in (charts_ties.slope([], []), charts_ties.cost(pd.DataFrame(columns=list(COSTS)))):
        assert fig.layout.annotations[-1].text == "no data yet"
