"""Clients the commands share, built from the settings."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from leaderboard.settings import Settings
from leaderboard.store.keys import Keys


def connect_redis(url: str, timeout_s: float = 5.0) -> Redis:
    """A client with time-outs that retries nothing itself: its callers know what is safe."""
    return Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
    )


def keys_of(settings: Settings) -> Keys:
    return Keys(settings.key_prefix)
