"""The API on the session's servers, and on a Redis of a test's own."""

from collections.abc import Iterator

import pytest

from leaderboard.settings import Settings
from tests.private_redis import PrivateRedis
from tests.serving import Feed, Serving, serving


@pytest.fixture
def api(settings: Settings) -> Iterator[Serving]:
    with serving(settings) as api:
        yield api


@pytest.fixture
def feed(settings: Settings) -> Iterator[Feed]:
    feed = Feed(settings, settings.redis)
    yield feed
    feed.close()


@pytest.fixture
def lone_api(settings: Settings, private_redis: PrivateRedis) -> Iterator[Serving]:
    """The API on `private_redis`, which a test may kill."""
    with serving(settings, private_redis.url) as api:
        yield api


@pytest.fixture
def lone_feed(settings: Settings, private_redis: PrivateRedis) -> Iterator[Feed]:
    feed = Feed(settings, private_redis.url)
    yield feed
    feed.close()
