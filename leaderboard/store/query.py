"""A read as a value, and what executes it."""

from collections.abc import Callable
from importlib.resources import files
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import RedisError

from leaderboard.store.failures import failure

T = TypeVar("T")


class Query(Struct, Generic[T], frozen=True):
    """A read that has not happened yet: one read-only server-side script, so of one moment.

    `parse` makes typed values of the reply.
    """

    script: str
    keys: list[str]
    args: list[str | bytes]
    parse: Callable[[Any], T]


def run(redis: Redis, query: Query[T]) -> T:
    """Execute `query`.

    Raises
    ------
    StoreError
        when Redis is away or refuses; a `RefusedError` where no second try helps.
    QuestionError
        as the query's function says.
    """
    try:
        reply = redis.eval_ro(query.script, len(query.keys), *query.keys, *query.args)
    except RedisError as error:
        raise failure("cannot read from Redis", error) from error
    return query.parse(reply)


async def run_async(redis: AsyncRedis, query: Query[T]) -> T:
    """Execute `query`; as `run`."""
    try:
        reply = await redis.eval_ro(query.script, len(query.keys), *query.keys, *query.args)
    except RedisError as error:
        raise failure("cannot read from Redis", error) from error
    return query.parse(reply)


def script(*names: str) -> str:
    """The Lua text of these parts, one after another."""
    return "".join((files(__package__) / f"{name}.lua").read_text() for name in names)


def unpacked(parse: Callable[[list[Any]], T]) -> Callable[[bytes], T]:
    """`parse` for a script that answers in msgpack."""
    return lambda reply: parse(msgspec.msgpack.decode(reply))


def remembering(query: Query[T]) -> Query[T]:
    """`query` that gives the very value it gave last, while Redis answers with the same bytes.

    Comparing bytes costs nothing beside making a value of them.
    """
    last: list[tuple[bytes, T]] = []

    def parse(reply: bytes) -> T:
        if not last or last[0][0] != reply:
            last[:] = [(reply, query.parse(reply))]
        return last[0][1]

    return msgspec.structs.replace(query, parse=parse)


def text(value: bytes | str) -> str:
    """A reply's text."""
    return value.decode() if isinstance(value, bytes) else value


def pairs(flat: list[Any]) -> dict[str, str]:
    """A hash's reply."""
    return {text(k): text(v) for k, v in zip(flat[::2], flat[1::2], strict=True)}
