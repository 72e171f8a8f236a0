"""Counts of a rebuild in the place of the live ones: all or nothing, and nothing else."""

from typing import Any

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from leaderboard.errors import StageError, StoreError
from leaderboard.store.applying import Outcome
from leaderboard.store.keys import Keys
from leaderboard.store.shadow import Shadow
from leaderboard.store.writer import Writer
from tests.store.content import content
from tests.store.test_writer import apply, records

KEYS = Keys("a*b:")
"""A prefix that is a pattern to Redis, unless it is taken literally."""
ALL = {0: None}


def writer_of(redis: Redis, keys: Keys) -> Writer:
    return Writer(redis, keys, "topic")


def live(redis: Redis) -> dict[bytes, Any]:
    """All but what rebuilds have."""
    found = content(redis)
    return {key: held for key, held in found.items() if b"rebuild:" not in key}


@pytest.fixture
def shadow(redis: Redis) -> Shadow:
    """Live counts of a hundred records, and another set of counts of two hundred."""
    assert apply(writer_of(redis, KEYS), records(100)) == [Outcome(True)]
    shadow = Shadow(redis, KEYS, "topic")
    shadow.begin()
    writer = writer_of(redis, shadow.keys)
    writer.positions([0])
    assert apply(writer, records(200)) == [Outcome(True)]
    return shadow


def test_the_live_counts_become_those_of_the_shadow_and_nothing_else_changes(
    redis: Redis, shadow: Shadow
):
    ours = {
        key.replace(shadow.keys.prefix.encode(), KEYS.prefix.encode()): held
        for key, held in content(redis).items()
        if key.startswith(shadow.keys.prefix.encode())
    }
    others = {b"a_b:leaderboard:global": b"1", b"leaderboard:global": b"2", b"a*b:other": b"3"}
    for name, value in others.items():
        redis.set(name, value)
    redis.set(f"{KEYS.prefix}leaderboard:orphan", "of no board")
    redis.sadd(KEYS.hidden, "ann")
    redis.lpush(KEYS.audit, "a line")

    assert not shadow.swap(ALL).done, "ann is hidden on the live boards alone"
    shadow.follow_hidden()
    swap = shadow.swap(ALL)

    kept = {KEYS.hidden.encode(): {b"ann"}, KEYS.audit.encode(): [b"a line"]}
    assert live(redis) == ours | others | kept
    assert (swap.done, swap.keys, swap.behind) == (True, len(ours), 0)
    assert redis.ttl(next(redis.scan_iter("a[*]b:processed:events:*"))) > 0
    assert shadow.swap(ALL).done, "again, as after a lost reply"
    assert live(redis) == ours | others | kept
    shadow.delete()
    assert list(redis.scan_iter("*rebuild:*")) == []


def test_counts_that_know_less_are_refused(redis: Redis, shadow: Shadow):
    writer = writer_of(redis, KEYS)
    apply(writer, records(130, start=100, seed=2))
    before = live(redis)
    refused = shadow.swap(ALL)
    assert (refused.done, refused.behind) == (False, 30)
    assert live(redis) == before
    assert not shadow.swap({0: 229}).done
    assert shadow.swap({0: 230}).done, "an offset that is none of this log's says nothing"
    assert writer.positions([0])[0][0] == 200


def test_the_offsets_of_other_partitions_and_junk_say_nothing(redis: Redis, shadow: Shadow):
    redis.hset(KEYS.offsets, mapping={"topic:7": 900, "else:0": 900, "topic:x": 1, "topic:1": "?"})
    assert shadow.offsets() == {0: 100, 7: 900}
    redis.delete(KEYS.offsets)
    redis.set(KEYS.offsets, "no hash")
    assert shadow.offsets() == {}
    assert shadow.swap({0: None, 1: None}).done


def test_only_the_newest_may_be_swapped_and_it_deletes_what_others_left(
    redis: Redis, shadow: Shadow
):
    before = live(redis)
    newer = Shadow(redis, KEYS, "topic")
    assert newer.begin() > 20
    for call in (shadow.check, lambda: shadow.swap(ALL)):
        with pytest.raises(StageError, match="another was begun"):
            call()
    newer.check()
    assert live(redis) == before
    shadow.delete()
    newer.check()


def test_whoever_learned_from_the_old_counts_is_refused_once_even_at_the_same_offset(
    redis: Redis, shadow: Shadow
):
    writer = writer_of(redis, KEYS)
    apply(writer, records(100, start=100, seed=2))
    assert writer.positions([0])[0][0] == 200
    assert shadow.swap(ALL).done
    with pytest.raises(StoreError, match="rebuild has put other counts"):
        apply(writer, records(10, start=200, seed=3))
    with pytest.raises(StoreError, match="rebuild has put other counts"):
        writer.positions([0])
    assert writer.positions([0])[0][0] == 200
    assert apply(writer, records(10, start=200, seed=3)) == [Outcome(True)]
    idle = writer_of(redis, KEYS)
    idle.positions([0])
    redis.set(KEYS.epoch, "another")
    with pytest.raises(StoreError, match="rebuild has put other counts"):
        idle.positions([0])
    idle.positions([0])


def test_redis_away_is_a_store_error():
    away = Shadow(Redis(port=1, retry=Retry(NoBackoff(), 0)), KEYS, "topic")
    for call in (away.begin, away.check, away.offsets, away.follow_hidden, away.delete):
        with pytest.raises(StoreError):
            call()
    with pytest.raises(StoreError, match="swap"):
        away.swap(ALL)
