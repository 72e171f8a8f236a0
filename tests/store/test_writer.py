"""The atomic call: exactly once, all or nothing."""

from datetime import UTC, datetime

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from leaderboard.errors import StoreError
from leaderboard.model.events import encode
from leaderboard.model.fold import Record, fold
from leaderboard.model.oracle import Oracle
from leaderboard.model.simulate import Profile, simulate
from leaderboard.store.applying import Outcome
from leaderboard.store.keys import Keys
from leaderboard.store.state import delete_state, read_state
from leaderboard.store.writer import Writer
from tests.store.content import content

KEYS = Keys("t:")
START = datetime(2026, 1, 1, tzinfo=UTC)


def records(n: int, *, start: int = 0, seed: int = 1, players: int = 20) -> list[Record]:
    events = simulate(seed, START, n=n, profile=Profile(players=players))
    return [Record(start + i, e) for i, e in enumerate(events)]


@pytest.fixture
def writer(redis: Redis) -> Writer:
    return Writer(redis, KEYS, "topic")


def apply(writer: Writer, run: list[Record], partition: int = 0, **options: int) -> list[Outcome]:
    calls = [(partition, c) for c in fold(run, run[0].offset, **options)]
    return writer.apply(calls)


def test_state_equals_the_oracle(redis: Redis, writer: Writer):
    run = records(5000, players=300)
    oracle = Oracle()
    for record in run:
        oracle.feed(0, encode(record.event))
    assert all(o.applied for o in apply(writer, run, most=50))
    state = read_state(redis, KEYS, "topic", [0])
    assert state is not None
    assert {p: int(s) for p, s in state.board.items()} == dict(oracle.ranking())
    assert state.counts["applied"] == 5000
    assert state.unlocked == oracle.unlocked


def test_the_same_changes_again_are_refused_and_change_nothing(redis: Redis, writer: Writer):
    run = records(100)
    apply(writer, run)
    before = content(redis)
    assert apply(writer, run) == [Outcome(False, 100)]
    assert content(redis) == before


@pytest.mark.parametrize("start", [50, 150])
def test_changes_from_any_other_offset_are_refused(redis: Redis, writer: Writer, start: int):
    apply(writer, records(100))
    before = content(redis)
    assert apply(writer, records(10, start=start, seed=2)) == [Outcome(False, 100)]
    assert content(redis) == before


def test_nothing_stored_means_offset_zero(writer: Writer):
    assert apply(writer, records(10, start=5)) == [Outcome(False, None)]
    assert writer.offsets([0, 1]) == {0: None, 1: None}


def test_begin_only_sets_what_is_not_there(writer: Writer):
    writer.begin(0, 7)
    writer.begin(0, 9)
    assert writer.offsets([0]) == {0: 7}
    assert apply(writer, records(10, start=7))[0].applied


def test_seen_finds_ids_of_this_and_the_last_generation(redis: Redis):
    now = [1000 * 3600.0]
    writer = Writer(redis, KEYS, "topic", ttl_hours=1, clock=lambda: now[0])
    run = records(10)
    ids = [r.event.event_id.bytes for r in run]
    apply(writer, run)
    assert writer.seen({0: ids, 1: ids}) == {0: set(ids), 1: set()}
    now[0] += 3600
    assert writer.seen({0: ids[:3]}) == {0: set(ids[:3])}
    now[0] += 3600
    assert writer.seen({0: ids}) == {0: set()}
    assert writer.seen({}) == {}


def test_large_batches_pass_the_servers_limits(redis: Redis, writer: Writer):
    """More ids and players than one Lua `unpack` takes."""
    run = records(30_000, players=15_000)
    assert apply(writer, run, most=15_000) == [Outcome(True)]
    assert len(writer.seen({0: [r.event.event_id.bytes for r in run]})[0]) == 30_000


def test_scores_stay_whole_beyond_what_floats_print(redis: Redis, writer: Writer):
    redis.hset(KEYS.player("player_001"), "total_score", 2**53 - 10_000_000)
    apply(writer, records(50, players=1))
    score = int(redis.hget(KEYS.player("player_001"), "total_score"))
    assert 2**53 - 10_000_000 < score < 2**53
    assert redis.zscore(KEYS.board, "player_001") == score


@pytest.mark.parametrize(
    "key",
    [
        KEYS.board,
        KEYS.achievements,
        KEYS.counts,
        KEYS.achievement_counts,
        KEYS.player("player_007"),
    ],
)
def test_a_call_that_fails_has_changed_nothing(redis: Redis, writer: Writer, key: str):
    redis.set(key, "not what it should be")
    before = content(redis)
    with pytest.raises(StoreError, match="WRONGTYPE"):
        apply(writer, records(200))
    assert content(redis) == before


@pytest.mark.parametrize(
    ("key", "field"), [(KEYS.counts, "applied"), (KEYS.achievement_counts, "First Blood")]
)
def test_a_count_that_is_no_number_stops_the_call_before_it_writes(
    redis: Redis, writer: Writer, key: str, field: str
):
    redis.hset(key, field, "many")
    before = content(redis)
    with pytest.raises(StoreError, match="holds no number"):
        apply(writer, records(200))
    assert content(redis) == before


def test_out_of_memory_changes_nothing_and_goes_on_after(redis: Redis, writer: Writer):
    apply(writer, records(100))
    before = content(redis)
    redis.config_set("maxmemory", "1mb")
    try:
        with pytest.raises(StoreError, match=r"OOM|memory"):
            apply(writer, records(100, start=100, seed=2))
        assert content(redis) == before
    finally:
        redis.config_set("maxmemory", "0")
    assert apply(writer, records(100, start=100, seed=2)) == [Outcome(True)]


def test_scripts_that_redis_forgot_are_loaded_again(redis: Redis, writer: Writer):
    apply(writer, records(10))
    redis.script_flush()
    assert apply(writer, records(10, start=10, seed=2)) == [Outcome(True)]


def test_recent_achievements_are_the_newest_whoever_applied_them(redis: Redis, writer: Writer):
    """Two partitions, applied in either order and any cutting, give one list."""
    lists = []
    a, b = records(3000, seed=1), records(3000, seed=2)
    for runs in ([(0, a), (1, b)], [(1, b), (0, a)]):
        redis.flushall()
        for partition, run in runs:
            apply(writer, run, partition, most=3)
        lists.append(redis.lrange(KEYS.achievements, 0, -1))
    assert lists[0] == lists[1] == sorted(lists[0], reverse=True)
    assert len(lists[0]) == 100


def test_delete_state_leaves_what_is_not_ours(redis: Redis, writer: Writer):
    apply(writer, records(100))
    redis.set("other", 1)
    redis.set("leaderboard:global", 1)
    assert delete_state(redis, KEYS) > 0
    assert sorted(redis.keys()) == [b"leaderboard:global", b"other"]


def test_a_prefix_is_taken_literally(redis: Redis):
    redis.set("a?b:player:stats:x", 1)
    redis.hset("axb:player:stats:y", "f", 1)
    delete_state(redis, Keys("a?b:"))
    assert redis.keys() == [b"axb:player:stats:y"]


def test_read_state_notices_a_moving_offset(redis: Redis, writer: Writer):
    apply(writer, records(10))

    class Moving(Redis):
        def lrange(self, *args: object) -> list[bytes]:
            apply(writer, records(10, start=10, seed=2))
            return super().lrange(*args)

    with Moving.from_url(
        f"redis://127.0.0.1:{redis.connection_pool.connection_kwargs['port']}"
    ) as r:
        assert read_state(r, KEYS, "topic", [0]) is None


def test_redis_away_is_a_store_error():
    writer = Writer(Redis(port=1, retry=Retry(NoBackoff(), 0)), KEYS, "topic")
    for call in (
        lambda: writer.offsets([0]),
        lambda: writer.seen({0: [b"0123456789abcdef"]}),
        lambda: writer.begin(0, 1),
    ):
        with pytest.raises(StoreError, match="Redis"):
            call()


def test_what_was_prepared_is_made_anew_once_more_is_known_of_redis(redis: Redis, writer: Writer):
    run = records(10)
    prepared = writer.prepare([(0, c) for c in fold(run, 0)])
    redis.set(KEYS.epoch, "another rebuild")
    writer.positions([0])
    assert writer.send(prepared).outcomes() == [Outcome(True)]
