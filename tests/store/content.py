"""All that a Redis holds, by key. (`DUMP` of a set tells the same members in another order.)"""

from typing import Any

from redis import Redis


def content(redis: Redis, pattern: str = "*") -> dict[bytes, Any]:
    """Every key with its members, fields or text."""
    readers: dict[bytes, Any] = {
        b"zset": lambda key: dict(redis.zrange(key, 0, -1, withscores=True)),
        b"hash": redis.hgetall,
        b"set": redis.smembers,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"string": redis.get,
    }
    return {key: readers[redis.type(key)](key) for key in redis.scan_iter(pattern)}
