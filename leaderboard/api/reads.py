"""The API's Redis client and its reads. A client opens nothing until it is first used."""

from typing import cast

import msgspec
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError

from leaderboard.api.models import MAX_RECENT, MAX_TOP
from leaderboard.errors import StoreError
from leaderboard.store.keys import Keys
from leaderboard.store.reader import Player, Query, Snapshot, T, player, run_async, snapshot

CONNECTIONS = 32
"""Most connections at once; further reads wait for one."""


def connect(url: str) -> Redis:
    """A client that reads: short time-outs, one retry, and a check of connections long idle.

    The retry makes a connection that Redis closed while it was idle invisible; reads may be
    repeated.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=2,
        socket_timeout=2,
        socket_connect_timeout=1,
        retry=Retry(ExponentialBackoff(cap=0.1, base=0.02), 1),
        health_check_interval=15,
        client_name="leaderboard-api",
    )
    return Redis.from_pool(pool)


class Reads:
    """Every question the API asks Redis.

    All raise `StoreError` when Redis is away, or holds data of another shape than ours.
    """

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def board(self) -> Snapshot:
        """As much as any route can ask for, in one call."""
        return await self._run(snapshot(self._keys, MAX_TOP, MAX_RECENT))

    async def player(self, player_id: str) -> Player | None:
        """One player, or None when nothing was counted for that id."""
        return await self._run(player(self._keys, player_id))

    async def offsets(self) -> dict[str, int]:
        """Offset of the next record to apply, by `{topic}:{partition}`."""
        try:
            reply = await self._redis.hgetall(self._keys.offsets)
            stored = cast("dict[bytes, bytes]", reply)
            return {field.decode(): int(offset) for field, offset in stored.items()}
        except (RedisError, ValueError) as error:
            raise StoreError(f"cannot read offsets from Redis: {error}") from error

    async def ping(self) -> None:
        """Redis answers."""
        try:
            await self._redis.ping()
        except RedisError as error:
            raise StoreError(f"Redis does not answer: {error}") from error

    async def close(self) -> None:
        await self._redis.aclose()

    async def _run(self, query: Query[T]) -> T:
        try:
            return await run_async(self._redis, query)
        except (msgspec.MsgspecError, LookupError, ValueError) as error:
            raise StoreError(
                f"Redis holds data of another shape under prefix {self._keys.prefix!r}: {error}; "
                "`leaderboard verify` says what differs"
            ) from error
