"""A second set of counts beside the live ones, and the atomic call that puts it in their place.

Each rebuild counts under a prefix of its own, so two can not mix; only the newest may be put in
place. Whatever one leaves behind, the next one finds by the list of names and deletes. Never here:
who counts, and who verifies it (`pipeline.rebuild`).
"""

import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

import msgspec
from msgspec import Struct
from redis import Redis

from leaderboard.errors import StageError
from leaderboard.store.failures import translated
from leaderboard.store.hiding import hide, unhide
from leaderboard.store.keys import Keys
from leaderboard.store.query import script, text
from leaderboard.store.state import delete_matching, families, literal, single_keys

_SWAP = script("swap")
MOST_MEMORY = 0.95
"""Of what Redis may use: beyond it a second set of counts would stop the live ones."""


class Swap(Struct, frozen=True):
    """Whether it was done, with how many keys (0: by an earlier call), in how many seconds; else
    how many records of the live counts are missing (0: other players were hidden meanwhile).
    """

    done: bool
    keys: int = 0
    seconds: float = 0.0
    behind: int = 0


class Shadow:
    """One rebuild's counts. `keys` are where to count; Redis is written to by `begin` first.

    Every method raises `StoreError` when Redis is away, `RefusedError` when it will never do it.
    """

    def __init__(self, redis: Redis, live: Keys, topic: str) -> None:
        self.name = uuid4().hex
        self.keys = live.shadow(self.name)
        self._redis = redis
        self._live = live
        self._topic = topic

    def begin(self) -> int:
        """Become the newest rebuild, and delete what earlier ones left; returns how many keys.

        Raises
        ------
        StageError
            when Redis has too little memory for a second set of counts.
        """
        with self._translated("cannot begin to count anew in Redis", self._live.rebuilds):
            self._find_room()
            self._redis.lpush(self._live.rebuilds, self.name)
            self._redis.set(self.keys.epoch, self.name)
            earlier = cast("list[bytes]", self._redis.lrange(self._live.rebuilds, 1, -1))
            deleted = sum(self._delete(name.decode()) for name in earlier)
        self.follow_hidden()
        return deleted

    def offsets(self) -> dict[int, int]:
        """The live offsets by partition, as far as they are numbers."""
        field = self._live.offset_field(self._topic, 0)[:-1]
        with self._translated("cannot read offsets from Redis", self._live.offsets):
            if self._redis.type(self._live.offsets) != b"hash":
                return {}
            found = cast("dict[bytes, bytes]", self._redis.hgetall(self._live.offsets))
        numbers = {name.decode().removeprefix(field): offset for name, offset in found.items()}
        return {int(p): int(o) for p, o in numbers.items() if p.isdecimal() and o.isdigit()}

    def check(self) -> None:
        """Nothing, while this rebuild may go on.

        Raises
        ------
        StageError
            when another one was begun since, or Redis has too little memory for two.
        """
        with self._translated("cannot go on with the rebuild", self._live.rebuilds):
            if self._redis.lindex(self._live.rebuilds, 0) != self.name.encode():
                raise _superseded()
            self._find_room()

    def _find_room(self) -> None:
        memory = cast("dict[str, int]", self._redis.info("memory"))
        most = MOST_MEMORY * memory["maxmemory"]
        if most and memory["used_memory"] > most:
            raise StageError(
                f"Redis holds {memory['used_memory']:,} of at most {memory['maxmemory']:,} bytes: "
                "a rebuild needs room for a second set of counts; nothing was changed. Raise "
                "maxmemory (`leaderboard redis CONFIG SET maxmemory ...`), then rebuild"
            )

    def follow_hidden(self) -> None:
        """Hide here whoever is hidden on the live boards, and show the others."""
        now = datetime.now(UTC)
        with self._translated("cannot read the hidden players from Redis", self._live.hidden):
            live, ours = (
                {text(m) for m in cast("set[bytes]", self._redis.smembers(keys.hidden))}
                for keys in (self._live, self.keys)
            )
        for player_id in live - ours:
            hide(self._redis, self.keys, player_id, reason="rebuild", by="rebuild", now=now)
        for player_id in ours - live:
            unhide(self._redis, self.keys, player_id, reason="rebuild", by="rebuild", now=now)

    def swap(self, partitions: dict[int, int | None]) -> Swap:
        """Put these counts in the place of the live ones, unless the live ones know more.

        One atomic call. `partitions` are those of the topic, each with a live offset that is none
        of this log's (None: all are). Done twice is done once.

        Raises
        ------
        StageError
            when another rebuild was begun since.
        """
        began = time.monotonic()
        names = [
            self._live.rebuilds, self._live.epoch, self._live.offsets, self._live.hidden,
            self.keys.offsets, self.keys.hidden,
        ]  # fmt: skip
        asked = msgspec.msgpack.encode(self._asked(partitions))
        with self._translated("cannot swap the counts in Redis", *names):
            what, *number = cast("list[Any]", self._redis.eval(_SWAP, len(names), *names, asked))
        if what == b"superseded":
            raise _superseded()
        if what == b"done":
            return Swap(True, keys=number[0], seconds=time.monotonic() - began)
        return Swap(False, behind=sum(number))

    def delete(self) -> None:
        """Delete what was counted here and not put in place."""
        with self._translated("cannot delete from Redis, which the next rebuild does"):
            self._delete(self.name)

    def _translated(self, doing: str, *names: str) -> AbstractContextManager[None]:
        return translated(self._redis, doing, self._live, names)

    def _delete(self, name: str) -> int:
        deleted = delete_matching(self._redis, f"{self._live.shadow(name).prefix}*")
        self._redis.lrem(self._live.rebuilds, 0, name)
        return deleted

    def _asked(self, partitions: dict[int, int | None]) -> dict[str, Any]:
        bare = Keys()
        return {
            "name": self.name,
            "prefix": self._live.prefix,
            "pattern": literal(f"{self._live.prefix}*"),
            "shadow": self.keys.prefix,
            "shadow_pattern": literal(f"{self.keys.prefix}*"),
            "fields": [
                [self._live.offset_field(self._topic, p), "" if none is None else str(none)]
                for p, none in partitions.items()
            ],
            "single": single_keys(bare),
            "families": families(bare),
        }


def _superseded() -> StageError:
    return StageError(
        "this rebuild is no longer the newest one: another was begun, or Redis was emptied; this "
        "one has changed nothing"
    )
