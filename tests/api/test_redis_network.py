"""A bad network between the API and Redis: connections stand, and nothing comes over them."""

import time
from collections.abc import Iterator

import httpx
import pytest

from leaderboard.settings import Settings
from tests.proxy import Proxy
from tests.recovery import Recovery
from tests.serving import Feed, Serving, scored, serving
from tests.waiting import until

BOARD, PLAYER = "/api/leaderboard", "/api/player/p"


@pytest.fixture
def proxy(settings: Settings) -> Iterator[Proxy]:
    with Proxy(settings.redis.removeprefix("redis://").split("/")[0]) as proxy:
        yield proxy


@pytest.fixture
def far_api(settings: Settings, proxy: Proxy) -> Iterator[Serving]:
    """The API with its Redis behind the proxy."""
    with serving(settings, f"redis://{proxy.address}/0") as api:
        yield api


def test_half_open_the_last_moment_with_its_age_then_503_then_well_again(
    far_api: Serving, feed: Feed, proxy: Proxy, recovery: Recovery
):
    feed(scored("p", 5))
    before = far_api.get(BOARD)
    far_api.get(PLAYER)
    proxy.half_open = True

    stale = far_api.get(BOARD)
    assert (stale.status_code, stale.content) == (200, before.content)
    assert 1 <= int(stale.headers["age"]) <= 3
    until(lambda: far_api.get(BOARD).status_code == 503)
    gone = far_api.get(PLAYER)
    assert (gone.status_code, gone.headers["retry-after"]) == (503, "1")
    assert far_api.get("/health/live").status_code == 200
    assert far_api.get("/health/ready").status_code == 503

    proxy.heal()
    feed(scored("p", 5))
    with recovery("API: half-open Redis"):
        until(lambda: all(far_api.get(p).status_code == 200 for p in (BOARD, PLAYER)))
    now = far_api.get(BOARD)
    assert "age" not in now.headers
    assert now.json()["top_players"][0]["score"] == 10
    assert far_api.get("/health/ready").status_code == 200


def test_half_open_clients_are_told_and_then_pushed_to_again(
    far_api: Serving, feed: Feed, proxy: Proxy
):
    feed(scored("p", 5))
    with far_api.live() as client:
        assert '"leaderboard_update"' in client.recv(30)
        proxy.half_open = True
        assert '"available":false' in client.recv(30)
        proxy.heal()
        feed(scored("p", 5))
        told = [client.recv(30), client.recv(30)]
    assert any('"available":true' in message for message in told)
    assert any('"score":10' in message for message in told)


def test_resets_between_requests_are_no_error(far_api: Serving, feed: Feed, proxy: Proxy):
    """The one retry meets a new connection."""
    feed(scored("p", 5))
    for _ in range(10):
        assert far_api.get(BOARD).status_code == 200
        assert far_api.get(PLAYER).status_code == 200
        proxy.reset()


def test_a_lost_reply_is_no_error(far_api: Serving, feed: Feed, proxy: Proxy):
    feed(scored("p", 5))
    for path in (BOARD, PLAYER, "/api/boards", "/health/ready"):
        far_api.get(path)
        proxy.lose_replies(1)
        assert far_api.get(path).status_code == 200, path
        assert proxy.lost == 1


def test_far_away_it_answers_later_and_right(far_api: Serving, feed: Feed, proxy: Proxy):
    feed(scored("p", 5))
    proxy.latency_s = 0.1
    with httpx.Client(base_url=far_api.url) as client:
        for score in (10, 15):
            feed(scored("p", 5))
            began = time.monotonic()
            assert client.get(BOARD).json()["top_players"][0]["score"] == score
            assert time.monotonic() - began >= 0.2
