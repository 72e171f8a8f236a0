"""Redis away, hung or cut off."""

import os
import signal
from collections.abc import Callable

import pytest

from leaderboard.api import snapshot
from leaderboard.settings import Settings
from tests.private_redis import PrivateRedis
from tests.serving import Feed, Serving, scored, serving
from tests.waiting import until

PATHS = (
    "/api/leaderboard", "/api/achievements", "/api/player/p", "/health/ready", "/api/boards",
    "/api/leaderboard?board=daily", "/api/leaderboard/friends?ids=p", "/api/player/p/ranks",
)  # fmt: skip


def test_redis_that_never_was_is_503(settings: Settings, private_redis: PrivateRedis):
    private_redis.stop()
    with serving(settings, private_redis.url) as api:
        for path in PATHS:
            answer = api.get(path)

            assert answer.status_code == 503, path
            assert str(private_redis.port) in answer.json()["detail"]
            assert answer.headers["retry-after"]


def test_a_cluster_is_503_and_named(
    settings: Settings, private_redis_factory: Callable[..., PrivateRedis]
):
    redis = private_redis_factory(cluster=True)
    with redis.client() as client:
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        until(lambda: client.cluster("INFO")["cluster_state"] == "ok")
    with serving(settings, redis.url) as api:
        for path in set(PATHS) - {"/health/ready"}:
            answer = api.get(path)

            assert answer.status_code == 503, path
            assert "is a Redis Cluster, expected one server" in answer.json()["detail"]


def test_the_last_moment_is_served_with_its_age(
    lone_api: Serving,
    lone_feed: Feed,
    private_redis: PrivateRedis,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(snapshot, "STALE_FOR_S", 100)
    lone_feed(scored("p", 5))
    before = lone_api.get("/api/leaderboard")
    private_redis.kill()

    until(lambda: int(lone_api.get("/api/leaderboard").headers.get("age", 0)) >= 1)
    after = lone_api.get("/api/leaderboard")

    assert "age" not in before.headers
    assert (after.status_code, after.content) == (200, before.content)
    assert lone_api.get("/api/player/p").status_code == 503


def test_503_once_it_is_too_old_and_recovery_without_restart(
    lone_api: Serving, lone_feed: Feed, private_redis: PrivateRedis
):
    lone_feed(scored("p", 5))
    before = {path: lone_api.get(path).content for path in PATHS}
    private_redis.kill()

    until(lambda: all(lone_api.get(path).status_code == 503 for path in PATHS))
    assert "Redis" in lone_api.get("/api/leaderboard").json()["detail"]
    assert lone_api.get("/health/live").json() == {"status": "ok"}

    private_redis.start()
    until(lambda: all(lone_api.get(path).status_code == 200 for path in PATHS))
    answers = {path: lone_api.get(path) for path in PATHS}
    assert answers["/api/player/p"].content == before["/api/player/p"]
    assert "age" not in answers["/api/leaderboard"].headers


def test_a_hung_redis_is_a_503_in_time(lone_api: Serving, private_redis: PrivateRedis):
    os.kill(private_redis.pid, signal.SIGSTOP)
    try:
        for path in PATHS:
            assert lone_api.get(path).status_code == 503
    finally:
        os.kill(private_redis.pid, signal.SIGCONT)

    until(lambda: lone_api.get("/api/leaderboard").status_code == 200)


@pytest.mark.parametrize("path", PATHS)
def test_connections_closed_while_idle_are_no_error(
    lone_api: Serving, lone_feed: Feed, private_redis: PrivateRedis, path: str
):
    lone_feed(scored("p", 5))
    redis = private_redis.client()
    for _ in range(3):
        lone_api.get(path)
        assert redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes") >= 1

        assert lone_api.get(path).status_code == 200
    redis.close()


def test_live_clients_are_told_when_redis_goes_and_comes_back(
    lone_api: Serving, lone_feed: Feed, private_redis: PrivateRedis
):
    lone_feed(scored("p", 5))
    with lone_api.live() as client:
        assert '"leaderboard_update"' in client.recv(30)
        private_redis.kill()
        assert '"available":false,"reason":"' in client.recv(30)

        private_redis.start()

        assert '"available":true' in client.recv(30)


def test_a_live_client_gets_the_board_once_redis_comes(
    settings: Settings, private_redis: PrivateRedis, lone_feed: Feed
):
    lone_feed(scored("p", 5))
    private_redis.stop()
    with serving(settings, private_redis.url) as api, api.live() as client:
        assert '"available":false' in client.recv(30)

        private_redis.start()

        assert '"player_id":"p"' in client.recv(30)
