"""The pipeline that learners drive by hand: the real classes, and nothing left behind."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from kafka import KafkaAdminClient
from redis import Redis

from leaderboard.lab.lessons.by_hand import ByHand
from leaderboard.model.simulate import simulate
from leaderboard.settings import Settings
from leaderboard.store import reader

EVENTS = list(simulate(7, datetime(2026, 1, 1, tzinfo=UTC), n=50))


@pytest.fixture
def redis(settings: Settings) -> Iterator[Redis]:
    with Redis.from_url(settings.redis) as redis:
        yield redis


@pytest.fixture
def hand(settings: Settings, redis: Redis) -> Iterator[ByHand]:
    with ByHand(settings, redis) as hand:
        yield hand


def test_one_step_applies_what_was_sent(hand: ByHand) -> None:
    hand.producer.send(EVENTS[0])

    assert hand.step().applied == 1
    board = reader.run(hand.redis, reader.snapshot(hand.keys, top=5))
    assert [row.player_id for row in board.rows] == [EVENTS[0].player_id]


def test_apply_takes_all_partitions_and_then_nothing(hand: ByHand) -> None:
    for event in EVENTS:
        hand.producer.send(event)

    assert hand.apply().applied == len(EVENTS)
    assert hand.apply().records == 0
    assert hand.step().records == 0


def test_a_rewound_group_counts_nothing_twice(hand: ByHand) -> None:
    for event in EVENTS:
        hand.producer.send(event)
    hand.apply()

    hand.rewind()

    assert hand.apply().records == 0
    assert sum(hand.processor.positions.values()) == len(EVENTS)


def test_a_new_one_takes_the_place_of_the_old_and_starts_empty(
    hand: ByHand, settings: Settings
) -> None:
    hand.producer.send(EVENTS[0])
    hand.apply()

    with ByHand(settings, hand.redis) as new:
        assert hand.closed
        assert new.apply().records == 0
        assert reader.run(new.redis, reader.snapshot(new.keys, top=5)).rows == []


def test_close_leaves_no_topic_and_no_key(
    hand: ByHand, settings: Settings, admin: KafkaAdminClient
) -> None:
    hand.producer.send(EVENTS[0])
    hand.apply()

    hand.close()
    hand.close()

    assert hand.topic not in admin.list_topics()
    assert list(hand.redis.scan_iter(f"{settings.key_prefix}*")) == []
    assert repr(hand).endswith("closed>")
