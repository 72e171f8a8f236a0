"""Everything Redis holds for one topic, for the verifier; and its removal."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, cast

from msgspec import Struct
from redis import Redis

from leaderboard.store.failures import refuse_cluster, translated
from leaderboard.store.keys import Keys

CHUNK = 1000


class State(Struct, frozen=True):
    """All of it: offsets by partition (None: nothing stored), board scores and hashes by player
    id, the recent list as stored, unlock counts and record counts; by partition, from which
    offset on which schemas could be read (`Wire.knows`), ascending.
    """

    offsets: dict[int, int | None]
    begins: dict[int, int]
    """From where on partitions were counted, where that is not the start of every log."""
    board: dict[str, float]
    players: dict[str, dict[str, str]]
    achievements: list[str]
    unlocked: dict[str, int]
    counts: dict[str, int]
    schemas: dict[int, list[tuple[int, str]]]
    of_boards: dict[str, Any]
    """Every other key that boards have, by name without the prefix: members with their scores of a
    sorted set, fields of a hash, members of a set (with True)."""
    hidden: frozenset[str]
    definitions: str | None


def read_state(redis: Redis, keys: Keys, topic: str, partitions: Sequence[int]) -> State | None:
    """The state, or None when a processor moved an offset, a player was hidden, or a rebuild put
    other counts in place meanwhile.

    Raises
    ------
    StoreError
        when Redis is away.
    RefusedError
        when a key has another type than ours, or this is a Redis Cluster.
    """
    names = [keys.board, keys.hidden, *single_keys(keys)]
    with translated(redis, "cannot read the state from Redis", keys, names):
        refuse_cluster(redis)
        before, epoch = _offsets(redis, keys, topic, partitions), redis.get(keys.epoch)
        state = State(
            offsets=before,
            begins={
                p: at
                for p, at in _offsets(redis, keys, topic, partitions, keys.begins).items()
                if at is not None
            },
            board=_scores(redis.zrange(keys.board, 0, -1, withscores=True)),
            players=dict(_players(redis, keys)),
            achievements=[
                _text(a) for a in cast("list[bytes]", redis.lrange(keys.achievements, 0, -1))
            ],
            unlocked=_numbers(redis.hgetall(keys.achievement_counts)),
            counts=_numbers(redis.hgetall(keys.counts)),
            of_boards=dict(_of_boards(redis, keys)),
            hidden=_members(redis, keys.hidden),
            definitions=_optional_text(redis.get(keys.definitions)),
            schemas=_schemas(redis, keys, topic, partitions),
        )
        after = _offsets(redis, keys, topic, partitions)
        stood_still = after == before and redis.get(keys.epoch) == epoch
        return state if stood_still and _members(redis, keys.hidden) == state.hidden else None


def delete_state(redis: Redis, keys: Keys) -> int:
    """Delete every key of ours under the prefix; returns how many. Other keys stay.

    So do the hidden players and their audit trail, which no log holds. The offsets go first: a
    processor that comes in between finds them gone and is refused.
    """
    with translated(redis, "cannot delete the state in Redis", keys, ()):
        deleted = int(redis.delete(keys.offsets)) + int(redis.delete(*single_keys(keys)))
        return deleted + sum(delete_matching(redis, f"{family}*") for family in families(keys))


def delete_matching(redis: Redis, pattern: str) -> int:
    """Delete the keys that `pattern`, as in `literal`, finds; returns how many.

    Raises `RedisError` when Redis is away.
    """
    deleted = 0
    scan = redis.scan_iter(match=literal(pattern), count=CHUNK)
    while some := list(islice(scan, CHUNK)):
        deleted += int(redis.unlink(*some))
    return deleted


def single_keys(keys: Keys) -> list[str]:
    """The keys of a state that have one name; players hidden, which no log tells, are no part."""
    return [
        keys.offsets, keys.achievements, keys.achievement_counts, keys.counts, keys.watermarks,
        keys.partitions, keys.topics, keys.begins, keys.epoch, keys.schemas, keys.definitions,
        keys.board_counts, keys.of_boards["split"],
    ]  # fmt: skip


def families(keys: Keys) -> list[str]:
    """What the names of the other keys of a state begin with."""
    return [keys.player_prefix, keys.processed_prefix, *_board_families(keys)]


def literal(pattern: str) -> str:
    """`pattern` with everything but its last star taken literally, as Redis globs read it."""
    return "".join(f"\\{c}" if c in "*?[]\\^" else c for c in pattern[:-1]) + "*"


def _offsets(
    redis: Redis, keys: Keys, topic: str, partitions: Sequence[int], name: str = ""
) -> dict[int, int | None]:
    fields = [keys.offset_field(topic, p) for p in partitions]
    values = cast("list[bytes | None]", redis.hmget(name or keys.offsets, fields))
    return {p: None if v is None else int(v) for p, v in zip(partitions, values, strict=True)}


def _schemas(
    redis: Redis, keys: Keys, topic: str, partitions: Sequence[int]
) -> dict[int, list[tuple[int, str]]]:
    fields = [keys.offset_field(topic, p) for p in partitions]
    values = cast("list[bytes | None]", redis.hmget(keys.schemas, fields))
    spans = {}
    for partition, value in zip(partitions, values, strict=True):
        words = [word.split("=") for word in (value or b"").decode().split()]
        spans[partition] = [(int(offset), knows) for offset, knows in words]
    return spans


def _players(redis: Redis, keys: Keys) -> Iterator[tuple[str, dict[str, str]]]:
    scan = redis.scan_iter(match=literal(keys.player("*")), count=CHUNK)
    while some := list(dict.fromkeys(islice(scan, CHUNK))):
        with redis.pipeline(transaction=False) as pipe:
            for key in some:
                pipe.hgetall(key)
            for key, stats in zip(some, pipe.execute(), strict=True):
                player_id = _text(key)[len(keys.player_prefix) :]
                yield player_id, {_text(k): _text(v) for k, v in stats.items()}


def _board_families(keys: Keys) -> list[str]:
    kinds = ("board", "hidden_board", "state", "distinct", "windows", "games", "matches")
    return [keys.of_boards[kind] for kind in kinds]


def _of_boards(redis: Redis, keys: Keys) -> Iterator[tuple[str, Any]]:
    names = {keys.watermarks, keys.board_counts, keys.of_boards["split"]}
    for family in _board_families(keys):
        found = redis.scan_iter(match=literal(f"{family}*"), count=CHUNK)
        names |= {_text(key) for key in found}
    ordered = sorted(names - {keys.board})
    for some in (ordered[i : i + CHUNK] for i in range(0, len(ordered), CHUNK)):
        with redis.pipeline(transaction=False) as pipe:
            for name in some:
                pipe.type(name)
            kinds = pipe.execute()
            for name, kind in zip(some, kinds, strict=True):
                _READERS[_text(kind)](pipe, name)
            for name, kind, value in zip(some, kinds, pipe.execute(), strict=True):
                if kind != b"none":
                    yield name.removeprefix(keys.prefix), _READ[_text(kind)](value)


_READERS: dict[str, Callable[[Any, str], Any]] = {
    "zset": lambda pipe, name: pipe.zrange(name, 0, -1, withscores=True),
    "hash": lambda pipe, name: pipe.hgetall(name),
    "set": lambda pipe, name: pipe.smembers(name),
    "none": lambda pipe, name: pipe.exists(name),
    "string": lambda pipe, name: pipe.get(name),
    "list": lambda pipe, name: pipe.lrange(name, 0, -1),
}
_READ: dict[str, Callable[[Any], Any]] = {
    "zset": lambda lines: _scores(lines),
    "hash": lambda fields: {_text(k): _text(v) for k, v in fields.items()},
    "set": lambda members: {_text(m): True for m in members},
    "string": lambda text: text,
    "list": lambda lines: lines,
}


def _members(redis: Redis, name: str) -> frozenset[str]:
    return frozenset(_text(m) for m in cast("set[bytes]", redis.smembers(name)))


def _scores(lines: Any) -> dict[str, float]:
    return {_text(member): score for member, score in lines}


def _numbers(hash_: Any) -> dict[str, int]:
    return {_text(k): int(v) for k, v in hash_.items()}


def _optional_text(value: Any) -> str | None:
    return None if value is None else _text(value)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
