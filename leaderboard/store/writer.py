"""Apply changes to Redis, each exactly once.

Two server-side scripts. `seen` says which ids were already counted. `apply` compares the stored
offset of the partition with the offset where the changes start, and only when they are equal does
everything at once: players, board, achievements, ids, counts and the new offset. Whatever is sent
twice, by whomever, finds the offset moved on and changes nothing.
"""

import time
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any, cast

import msgspec
from msgspec import Struct
from redis import Redis
from redis.exceptions import NoScriptError, RedisError

from leaderboard.errors import StoreError
from leaderboard.model.fold import RECENT, Changes, PlayerChange, utc_text
from leaderboard.store.keys import Keys

_LUA = {name: (files(__package__) / f"{name}.lua").read_text() for name in ("seen", "apply")}


class Outcome(Struct, frozen=True):
    """What `apply` said: applied, or the offset (None: nothing stored) that refused it."""

    applied: bool
    stored: int | None = None


class Writer:
    """Writes for one topic. Not thread-safe; `redis` must return bytes (no decode_responses).

    Parameters
    ----------
    redis
        A connected client.
    keys
        Key names.
    topic
        The topic whose offsets are compared.
    ttl_hours
        How long a counted id is remembered at least.
    clock
        Seconds since the epoch; decides only which generation of ids is written.
    """

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        topic: str,
        *,
        ttl_hours: int = 192,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._topic = topic
        self._ttl_s = ttl_hours * 3600
        self._clock = clock
        self._sha: dict[str, str] = {}

    def offsets(self, partitions: Sequence[int]) -> dict[int, int | None]:
        """Offset of the next record to apply, per partition; None where nothing is stored.

        Raises
        ------
        StoreError
            when Redis fails.
        """
        if not partitions:
            return {}
        fields = [self._keys.offset_field(self._topic, p) for p in partitions]
        try:
            values = cast("list[bytes | None]", self._redis.hmget(self._keys.offsets, fields))
        except RedisError as error:
            raise StoreError(f"cannot read offsets from Redis: {error}") from error
        return {p: None if v is None else int(v) for p, v in zip(partitions, values, strict=True)}

    def begin(self, partition: int, offset: int) -> None:
        """Store `offset` as the partition's first, where nothing is stored yet.

        Raises
        ------
        StoreError
            when Redis fails.
        """
        field = self._keys.offset_field(self._topic, partition)
        try:
            self._redis.hsetnx(self._keys.offsets, field, str(offset))
        except RedisError as error:
            raise StoreError(f"cannot store an offset in Redis: {error}") from error

    def seen(self, ids: dict[int, list[str]]) -> dict[int, set[str]]:
        """Which of `ids` (per partition) were counted before; one round trip.

        Raises
        ------
        StoreError
            when Redis fails.
        """
        calls = [
            ("seen", self._generations(p), [msgspec.msgpack.encode(some)])
            for p, some in ids.items()
        ]
        found = self._run(calls)
        return {
            partition: {some[i - 1] for i in places}
            for (partition, some), places in zip(ids.items(), found, strict=True)
        }

    def apply(self, changes: Sequence[tuple[int, Changes]]) -> list[Outcome]:
        """Apply (partition, changes) in turn; one round trip, one atomic call each.

        Raises
        ------
        StoreError
            when Redis fails; then any number of the calls may have been applied, each wholly.
            Read `offsets` again to know.
        """
        replies = self._run([self._apply_call(p, c) for p, c in changes])
        return [
            Outcome(True) if ok else Outcome(False, None if stored is None else int(stored))
            for ok, stored in replies
        ]

    def _generations(self, partition: int) -> list[str]:
        now = int(self._clock() // self._ttl_s)
        return [self._keys.processed(self._topic, partition, g) for g in (now, now - 1)]

    def _apply_call(self, partition: int, changes: Changes) -> tuple[str, list[str], list[Any]]:
        k = self._keys
        current, _ = self._generations(partition)
        keys = [k.offsets, k.board, k.achievements, k.achievement_counts, k.counts, current]
        payload = {
            "field": k.offset_field(self._topic, partition),
            "start": str(changes.start),
            "next": str(changes.next),
            "player_prefix": k.player_prefix,
            "players": [_player_row(i, p) for i, p in changes.players.items()],
            "ids": changes.ids,
            "ttl_s": str(2 * self._ttl_s),
            "achievements": changes.achievements,
            "most_achievements": RECENT,
            "unlocked": [x for pair in changes.unlocked.items() for x in pair],
            "counts": [
                "applied", changes.applied,
                "duplicates", changes.duplicates,
                "dead_letters", changes.dead_letters,
            ],
        }  # fmt: skip
        return "apply", keys, [msgspec.msgpack.encode(payload)]

    def _run(self, calls: list[tuple[str, list[str], list[Any]]]) -> list[Any]:
        """Run scripts in one round trip; scripts that Redis forgot are loaded again, once."""
        if not calls:
            return []
        try:
            try:
                return self._pipeline(calls)
            except (NoScriptError, KeyError):
                self._sha = {n: self._redis.script_load(t) for n, t in _LUA.items()}
                return self._pipeline(calls)
        except RedisError as error:
            raise StoreError(f"Redis refused the changes or is away: {error}") from error

    def _pipeline(self, calls: list[tuple[str, list[str], list[Any]]]) -> list[Any]:
        with self._redis.pipeline(transaction=False) as pipe:
            for name, keys, args in calls:
                pipe.evalsha(self._sha[name], len(keys), *keys, *args)
            return pipe.execute()


def _player_row(player_id: str, change: PlayerChange) -> list[Any]:
    """[id, name, last_active, score, events, joins, action, n, action, n, ...]."""
    row = [
        player_id, change.name, utc_text(change.last_active),
        change.score, change.events, change.joins,
    ]  # fmt: skip
    for action, n in change.actions.items():
        row += (f"action:{action}", n)
    return row
