"""Clients the commands share, built from the settings."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from leaderboard.settings import Settings
from leaderboard.store.keys import Keys
from leaderboard.store.writer import Writer


def connect_redis(url: str) -> Redis:
    """A client with time-outs of 5 s that retries nothing itself: its callers know what is safe."""
    return Redis.from_url(
        url, socket_timeout=5, socket_connect_timeout=5, retry=Retry(NoBackoff(), 0)
    )


def keys_of(settings: Settings) -> Keys:
    return Keys(settings.key_prefix)


def writer_of(redis: Redis, settings: Settings) -> Writer:
    return Writer(redis, keys_of(settings), settings.topic, ttl_hours=settings.processed_ttl_hours)
