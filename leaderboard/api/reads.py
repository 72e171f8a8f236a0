"""The API's Redis client and its reads. A client opens nothing until it is first used."""

import asyncio
import logging
import time
from collections.abc import Awaitable
from typing import TypeVar, cast

import msgspec
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError

from leaderboard.api.models import MAX_RECENT, MAX_TOP
from leaderboard.errors import BoardsChangedError, StoreError
from leaderboard.store.counted import counted
from leaderboard.store.failures import failure
from leaderboard.store.places import Source
from leaderboard.store.query import Query, T, remembering, run_async
from leaderboard.store.reader import Player, Snapshot, player, snapshot

log = logging.getLogger(__name__)

CONNECTIONS = 32
"""Most connections at once; further reads wait for one."""
CHECK_EVERY_S = 1.0
ANSWER_TIMEOUT_S = 2.0
"""A read that takes longer, retry included, has failed."""

A = TypeVar("A")


def connect(url: str) -> Redis:
    """A client that reads: short time-outs, one retry, and a check of connections long idle.

    The retry makes a connection that Redis closed while it was idle invisible; reads may be
    repeated.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=ANSWER_TIMEOUT_S,
        socket_timeout=ANSWER_TIMEOUT_S,
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

    def __init__(self, redis: Redis, source: Source) -> None:
        self._redis = redis
        self._keys = source.keys
        self._board = remembering(snapshot(self._keys, MAX_TOP, MAX_RECENT))
        self._counted = counted(source)
        self._checked_at = float("-inf")
        self._is_told = False
        self.source = source
        """Where the boards are: what `ask` is asked of."""

    async def board(self) -> Snapshot:
        """As much as any route can ask for, in one call; the last value while nothing changed."""
        return await self._execute(self._board)

    async def player(self, player_id: str) -> Player | None:
        """One player, or None when nothing was counted for that id."""
        return await self._execute(player(self._keys, player_id))

    async def offsets(self) -> dict[str, int]:
        """Offset of the next record to apply, by `{topic}:{partition}`."""
        reply = await _in_time(self._redis.hgetall(self._keys.offsets))
        stored = cast("dict[bytes, bytes]", reply)
        return {field.decode(): int(offset) for field, offset in stored.items()}

    async def check(self) -> None:
        """Redis answers, and holds counts of the boards of `source` or none yet.

        Raises
        ------
        BoardsChangedError
            when it counts others: these would all be empty.
        """
        try:
            await self._execute(self._counted)
        except BoardsChangedError as error:
            if not self._is_told:
                log.warning("%s", error)
            self._is_told = True
            raise
        self._is_told, self._checked_at = False, time.monotonic()

    async def close(self) -> None:
        """Close every connection."""
        await self._redis.aclose()

    async def ask(self, query: Query[T]) -> T:
        """Execute `query` about boards; raises what it says, too, and as `check`.

        What `check` found holds for `CHECK_EVERY_S`: no round trip more for most questions.
        """
        if time.monotonic() - self._checked_at > CHECK_EVERY_S:
            await self.check()
        return await self._execute(query)

    async def _execute(self, query: Query[T]) -> T:
        try:
            return await _in_time(run_async(self._redis, query))
        except (msgspec.MsgspecError, LookupError, ValueError) as error:
            raise StoreError(
                f"Redis holds data of another shape under prefix {self._keys.prefix!r}: {error}; "
                "`leaderboard verify` says what differs"
            ) from error


async def _in_time(reply: Awaitable[A]) -> A:
    """`reply`, or a `StoreError` that says why there is none within `ANSWER_TIMEOUT_S`."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            return await reply
    except TimeoutError as error:
        raise StoreError(f"Redis did not answer within {ANSWER_TIMEOUT_S:g} s") from error
    except RedisError as error:
        raise failure("cannot read from Redis", error) from error
