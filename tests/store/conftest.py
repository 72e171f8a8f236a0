"""Both server families the store must run on: the embedded Valkey and Debian's redis-server."""

from collections.abc import Iterator

import pytest
from redis import Redis

from tests.private_redis import PrivateRedis


@pytest.fixture(scope="session", params=["valkey", "redis-server"])
def server(request, tmp_path_factory) -> Iterator[PrivateRedis]:
    server = PrivateRedis(tmp_path_factory.mktemp(request.param), request.param).start()
    yield server
    server.stop()


@pytest.fixture
def redis(server: PrivateRedis) -> Iterator[Redis]:
    client = server.client()
    client.flushall()
    yield client
    client.close()
