"""Both server families the store must run on: the embedded Valkey and Debian's redis-server."""

import shutil
from collections.abc import Iterator

import pytest
from redis import Redis

from tests.redis_process import RedisProcess, valkey_binary


@pytest.fixture(scope="session", params=["valkey", "redis-server"])
def server(request, tmp_path_factory) -> Iterator[RedisProcess]:
    binary = valkey_binary() if request.param == "valkey" else shutil.which("redis-server")
    assert binary, "no redis-server on the PATH: `make test` installs it, or install it by hand"
    with RedisProcess(binary, tmp_path_factory.mktemp(request.param)) as process:
        yield process


@pytest.fixture
def redis(server: RedisProcess) -> Iterator[Redis]:
    client = server.client()
    client.flushall()
    yield client
    client.close()
