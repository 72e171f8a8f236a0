"""Calls under way: their replies wait, are given up, or are asked for again."""

from collections.abc import Iterator

import pytest
from redis import Redis

from leaderboard.errors import RefusedError, StoreError
from leaderboard.store.keys import Keys
from leaderboard.store.scripts import Call, Scripts
from tests.private_redis import PrivateRedis

KEYS = ["offsets", "definitions", "begins"]


def begin(n: int) -> Call:
    """A call that answers 1 and stores the offset `n` of a partition of that number."""
    return "begin", KEYS, [f"t:{n}", str(n), "boards"]


@pytest.fixture
def timed() -> list[tuple[str, float]]:
    return []


@pytest.fixture
def scripts(redis: Redis, timed: list[tuple[str, float]]) -> Iterator[Scripts]:
    yield Scripts(redis, Keys(), lambda name, seconds: timed.append((name, seconds)))
    assert not redis.connection_pool._in_use_connections


def stored(redis: Redis) -> set[int]:
    return {int(n) for n in redis.hvals("offsets")}


def test_calls_are_made_whoever_waits_for_them(redis: Redis, scripts: Scripts, timed: list):
    sent = scripts.send([begin(n) for n in range(3)])
    assert timed == []
    assert sent.replies() == [1, 1, 1]
    assert [name for name, seconds in timed if seconds > 0] == ["begin"]
    assert stored(redis) == {0, 1, 2}
    assert scripts.run([]) == []


def test_what_was_given_up_disturbs_nobody(redis: Redis, scripts: Scripts):
    scripts.send([begin(1)]).abandon()
    assert scripts.run([begin(2)]) == [1]
    assert 2 in stored(redis)


def test_scripts_forgotten_between_two_calls_are_loaded_again(redis: Redis, scripts: Scripts):
    scripts.run([begin(1)])
    redis.script_flush()
    sent = scripts.send([begin(2), begin(3)])
    assert sent.replies() == [1, 1]
    assert stored(redis) == {1, 2, 3}


def test_what_redis_will_never_take_is_told_from_what_it_may(redis: Redis, scripts: Scripts):
    redis.lpush("offsets", "no hash")
    with pytest.raises(RefusedError, match="WRONGTYPE"):
        scripts.run([begin(1)])
    redis.delete("offsets")
    redis.config_set("maxmemory", 1)
    with pytest.raises(StoreError, match="maxmemory") as raised:
        scripts.run([begin(1)])
    redis.config_set("maxmemory", 0)
    assert not isinstance(raised.value, RefusedError)
    assert scripts.run([begin(1)]) == [1]


def test_redis_gone_while_calls_are_under_way(private_redis: PrivateRedis):
    client = private_redis.client()
    scripts = Scripts(client, Keys(), lambda _name, _seconds: None)
    scripts.run([begin(1)])
    private_redis.kill()
    with pytest.raises(StoreError, match="cannot write to Redis"):
        scripts.run([begin(2)])
    private_redis.start()
    assert scripts.run([begin(3)]) == [1]
    assert not client.connection_pool._in_use_connections
