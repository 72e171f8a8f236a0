"""Redis refuses, or holds what is none of ours: which errors pass, and what the others say."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from redis import Redis

import leaderboard.store.keys
from leaderboard.errors import RefusedError, StoreError
from leaderboard.model.boards import GLOBAL, Board
from leaderboard.store.catalog import catalog
from leaderboard.store.hiding import audit_trail, hide
from leaderboard.store.keys import Keys
from leaderboard.store.places import Source
from leaderboard.store.query import run
from leaderboard.store.reader import snapshot
from leaderboard.store.shadow import Shadow
from leaderboard.store.state import read_state
from leaderboard.store.writer import Writer
from tests.private_redis import PrivateRedis
from tests.store.content import content
from tests.store.test_board_faults import changes, scored
from tests.waiting import until

KEYS = Keys("t:")
HOURLY = Board(name="hourly", window="hourly", ranks="dense", tie_break="first", scope="game")
BOARDS = (GLOBAL, HOURLY)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
_ROW = re.compile(r"^\| `([^`]+)` \| ([a-z ]+) \|", re.MULTILINE)
_NAMES = {"sorted set": "zset"}


def writer_of(redis: Redis) -> Writer:
    return Writer(redis, KEYS, "topic", boards=BOARDS)


def count(writer: Writer, start: int = 0) -> None:
    """Ten more events."""
    writer.positions([0])
    apply_ten(writer, start)


def apply_ten(writer: Writer, start: int) -> None:
    events = [scored(n, f"player_{n % 3}", 5) for n in range(start, start + 10)]
    writer.apply([(0, c) for c in changes(events, BOARDS, start)])


def counted(redis: Redis) -> Writer:
    writer = writer_of(redis)
    writer.claim(1)
    writer.claim_topic("id")
    count(writer)
    return writer


def make_foreign(redis: Redis, key: str) -> str:
    """Gives `key` a type that none of ours has; returns what Redis calls it."""
    redis.delete(key)
    redis.xadd(key, {"a": "b"})
    return "stream"


def test_the_types_are_those_of_the_list_of_keys():
    listed = dict(_ROW.findall(leaderboard.store.keys.__doc__ or ""))
    assert len(listed) > 20
    for name, type_ in listed.items():
        assert KEYS.type_of(f"t:{name}") == _NAMES.get(type_, type_), name
    assert KEYS.type_of("t:another") is None


def test_the_types_are_those_that_scripts_make(redis: Redis):
    counted(redis)
    hide(redis, KEYS, "player_1", reason="x", by="me", now=NOW)
    types = {key: redis.type(key).decode() for key in content(redis)}
    assert len(types) > 15
    assert types == {key: KEYS.type_of(key.decode()) for key in types}


CALLS: dict[str, Callable[[Writer], object]] = {
    "positions": lambda writer: writer.positions([0]),
    "claim": lambda writer: writer.claim(1),
    "claim_topic": lambda writer: writer.claim_topic("id"),
    "expire": lambda writer: writer.expire([0]),
    "seen": lambda writer: writer.seen({0: [bytes(16)]}),
    "begin": lambda writer: writer.begin(1, 5),
    "apply": lambda writer: count(writer, 10),
}


@pytest.mark.parametrize(
    ("call", "key"),
    [
        ("positions", "processed:offsets"),
        ("positions", "processed:watermarks"),
        ("positions", "processed:epoch"),
        ("claim", "processed:partitions"),
        ("claim", "boards:definitions"),
        ("claim_topic", "processed:topics"),
        ("expire", "board:windows:hourly"),
        ("begin", "processed:begins"),
        ("apply", "achievements:recent"),
        ("apply", "achievements:counts"),
        ("apply", "processed:counts"),
        ("apply", "processed:schemas"),
        ("apply", "boards:counts"),
        ("apply", "boards:hidden"),
        ("apply", "leaderboard:global"),
        ("apply", "player:stats:player_1"),
        ("apply", "board:windows:hourly"),
        ("apply", "board:games:hourly:20260101T120000Z"),
        ("apply", "leaderboard:hourly:20260101T120000Z:g"),
        ("apply", "board:state:hourly:20260101T120000Z:g"),
        ("apply", "board:distinct:hourly:20260101T120000Z:g"),
        ("apply", "board:split"),
    ],
)
def test_a_key_of_another_type_is_named_and_no_second_try_made(redis: Redis, call: str, key: str):
    writer = counted(redis)
    wrong = make_foreign(redis, f"t:{key}")
    expected = KEYS.type_of(f"t:{key}")
    with pytest.raises(RefusedError, match=f"t:{key} is a {wrong}, expected a {expected}") as error:
        CALLS[call](writer)
    assert f"leaderboard redis DEL t:{key}" in str(error.value)


def test_ids_of_another_type(redis: Redis):
    writer = counted(redis)
    (key,) = redis.scan_iter("t:processed:events:*")
    make_foreign(redis, key.decode())
    for call in ("seen", "apply"):
        with pytest.raises(RefusedError, match=f"{key.decode()} is a stream, expected a set"):
            CALLS[call](writer)


def test_only_some_of_many_are_named(redis: Redis):
    writer = counted(redis)
    for key in [*redis.keys("t:player:stats:*"), KEYS.of_boards["split"], KEYS.counts]:
        make_foreign(redis, key if isinstance(key, str) else key.decode())
    with pytest.raises(RefusedError, match=r"\(and 2 more\)"):
        CALLS["apply"](writer)


def test_other_calls_name_the_key_too(redis: Redis):
    counted(redis)
    make_foreign(redis, KEYS.audit)
    make_foreign(redis, KEYS.rebuilds)
    for call, key in (
        (lambda: audit_trail(redis, KEYS), KEYS.audit),
        (lambda: hide(redis, KEYS, "player_1", reason="x", by="me", now=NOW), KEYS.audit),
        (Shadow(redis, KEYS, "topic").begin, KEYS.rebuilds),
        (Shadow(redis, KEYS, "topic").check, KEYS.rebuilds),
    ):
        with pytest.raises(RefusedError, match=f"{key} is a stream, expected a list"):
            call()
    make_foreign(redis, KEYS.counts)
    with pytest.raises(RefusedError, match="t:processed:counts is a stream, expected a hash"):
        read_state(redis, KEYS, "topic", [0])


@pytest.mark.parametrize(
    ("call", "key", "field", "value"),
    [
        ("positions", "processed:offsets", "topic:0", "soon"),
        ("positions", "processed:offsets", "topic:0", "-1"),
        ("positions", "processed:offsets", "topic:0", "1_0"),
        ("positions", "processed:offsets", "topic:0", "010"),
        ("positions", "processed:offsets", "topic:0", "9" * 5000),
        ("positions", "processed:watermarks", "topic:0", "yesterday"),
        ("positions", "processed:watermarks", "topic:0", "2026-01-01"),
        ("positions", "processed:watermarks", "topic:0", "2026-01-01T00:00:00Z"),
        ("positions", "processed:watermarks", "topic:0", b"\xff"),
        ("claim", "processed:partitions", "topic", "many"),
        ("claim_topic", "processed:topics", "topic", b"\xff"),
    ],
)
def test_a_value_that_is_none_of_ours_is_named(
    redis: Redis, call: str, key: str, field: str, value: str | bytes
):
    writer = counted(redis)
    redis.hset(f"t:{key}", field, value)
    with pytest.raises(RefusedError, match=f"t:{key} {field}: expected .*, got") as error:
        CALLS[call](writer)
    assert len(str(error.value)) < 500
    assert "leaderboard rebuild" in str(error.value)


def test_an_epoch_that_is_no_text(redis: Redis):
    writer = writer_of(redis)
    redis.set(KEYS.epoch, b"\xff")
    with pytest.raises(RefusedError, match="t:processed:epoch: expected a text"):
        writer.positions([0])


def test_an_offset_overwritten_while_changes_are_under_way(redis: Redis):
    writer = counted(redis)
    redis.hset(KEYS.offsets, "topic:0", "soon")
    with pytest.raises(RefusedError, match="t:processed:offsets: expected a whole number"):
        apply_ten(writer, 10)


def test_a_prefix_that_reads_like_an_error_is_none(redis: Redis):
    writer = Writer(redis, Keys("WRONGTYPE same slot EXACT:"), "topic")
    redis.config_set("maxmemory", 1)
    with pytest.raises(StoreError, match="maxmemory") as error:
        writer.claim_topic("id")
    redis.config_set("maxmemory", 0)
    assert not isinstance(error.value, RefusedError)


@pytest.mark.parametrize("binary", ["valkey", "redis-server"])
def test_a_demoted_server_is_left_at_the_next_call(
    private_redis_factory: Callable[..., PrivateRedis], binary: str
):
    """What is under way on another connection goes on."""
    server = private_redis_factory(binary)
    redis, other = server.client(), server.client()
    writer = counted(redis)
    under_way = writer._scripts.send([("seen", ["ids"], [bytes(16)])])
    other.execute_command("REPLICAOF", "127.0.0.1", "1")

    for call in ("claim", "begin", "apply"):
        with pytest.raises(StoreError, match="replica, expected the primary") as error:
            CALLS[call](writer)
        assert not isinstance(error.value, RefusedError)
        assert all(not c.is_connected for c in redis.connection_pool._available_connections)

    assert under_way.replies() == [[]]
    other.config_set("replica-serve-stale-data", "no")
    with pytest.raises(StoreError, match="MASTER is down") as error:
        writer.positions([0])
    assert not isinstance(error.value, RefusedError), "that is no cluster"
    other.execute_command("REPLICAOF", "NO", "ONE")
    count(writer, 10)
    assert writer.offsets([0]) == {0: 20}


@pytest.mark.parametrize("binary", ["valkey", "redis-server"])
def test_a_cluster_is_refused(private_redis_factory: Callable[..., PrivateRedis], binary: str):
    server = private_redis_factory(binary, cluster=True)
    redis = server.client()
    source = Source(KEYS, "topic", BOARDS)
    calls = [
        lambda: writer_of(redis).positions([0]),
        lambda: writer_of(redis).begin(0, 1),
        lambda: run(redis, snapshot(KEYS, 10)),
        lambda: run(redis, catalog(source, now=0)),
        lambda: read_state(redis, KEYS, "topic", [0]),
    ]
    for call in calls:
        with pytest.raises(RefusedError, match="It is a Redis Cluster, expected one server"):
            call()

    redis.execute_command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
    until(lambda: redis.cluster("INFO")["cluster_state"] == "ok")
    for call in calls:
        with pytest.raises(RefusedError, match="It is a Redis Cluster, expected one server"):
            call()


def test_a_cluster_is_refused_at_a_database_it_does_not_have(
    private_redis_factory: Callable[..., PrivateRedis],
):
    server = private_redis_factory("redis-server", cluster=True)
    refused = pytest.raises(RefusedError, match="It is a Redis Cluster, expected one server")
    with Redis(port=server.port, db=1) as redis, refused:
        writer_of(redis).positions([0])
