"""The API's metrics."""

import subprocess

import httpx
import pytest

from leaderboard.api.metrics import API
from tests.private_redis import PrivateRedis
from tests.scraping import Samples, fetched, samples, series_of
from tests.serving import Feed, Serving, scored
from tests.waiting import until


def scrape(api: Serving) -> Samples:
    return fetched(f"{api.url}/metrics")


def requests(values: Samples) -> dict[tuple[str, str], float]:
    """Answers by route and status."""
    return {
        (dict(labels)["route"], dict(labels)["status"]): value
        for (name, labels), value in values.items()
        if name == "leaderboard_api_requests_total"
    }


def test_requests_are_counted_by_template_so_that_no_client_can_make_labels(
    api: Serving, feed: Feed
):
    feed(scored("p1", 5), scored("p/2", 7))
    for path in (
        "/api/player/p1", "/api/player/p%2F2", "/api/player/nobody", "/api/leaderboard",
        "/api/leaderboard?top=3", "/api/leaderboard?top=0", "/static/base.css", "/nothing/here",
        "/nothing/there", "/",
    ):  # fmt: skip
        api.get(path)
    httpx.post(f"{api.url}/api/leaderboard")

    values = scrape(api)

    assert requests(values) == {
        ("/api/player/{player_id}", "200"): 2,
        ("/api/player/{player_id}", "404"): 1,
        ("/api/leaderboard", "200"): 2,
        ("/api/leaderboard", "405"): 1,
        ("/api/leaderboard", "422"): 1,
        ("/", "200"): 1,
        ("other", "200"): 1,
        ("other", "404"): 2,
    }
    name = "leaderboard_api_request_duration_seconds_count"
    assert values[name, (("route", "/api/player/{player_id}"),)] == 3
    assert requests(scrape(api))["/metrics", "200"] == 1


def test_an_answer_from_the_clients_copy_is_counted_as_such(api: Serving, feed: Feed):
    feed(scored("p1", 5))
    etag = api.get("/api/leaderboard").headers["etag"]
    api.get("/api/leaderboard", **{"if-none-match": etag})

    assert requests(scrape(api))["/api/leaderboard", "304"] == 1


def test_a_failure_nobody_expected_is_a_500(api: Serving, monkeypatch: pytest.MonkeyPatch):
    async def broken() -> None:
        raise RuntimeError("unknown")

    monkeypatch.setattr(api.services.reads, "check", broken)
    assert api.get("/health/ready").status_code == 500

    assert requests(scrape(api))["/health/ready", "500"] == 1


def test_clients_pushes_and_the_age_of_the_board(api: Serving, feed: Feed):
    before = scrape(api)
    assert before["leaderboard_api_snapshot_age_seconds", ()] == float("inf")
    assert api.services.metrics.line()["snapshot_age_s"] is None

    feed(scored("p1", 5))
    with api.live() as client:
        client.recv(60)
        during, line = scrape(api), api.services.metrics.line()
    until(lambda: scrape(api)["leaderboard_api_websocket_clients", ()] == 0)

    assert during["leaderboard_api_websocket_clients", ()] == line["clients"] == 1
    assert during["leaderboard_api_pushes_total", ()] == line["pushes"] == 1
    assert during["leaderboard_api_snapshot_age_seconds", ()] < 60
    assert line["snapshot_age_s"] < 60


def test_the_board_grows_old_while_redis_is_away(
    lone_api: Serving, lone_feed: Feed, private_redis: PrivateRedis
):
    lone_feed(scored("p1", 5))
    with lone_api.live() as client:
        client.recv(60)
        private_redis.kill()
        ages = []
        until(
            lambda: (
                ages.append(scrape(lone_api)["leaderboard_api_snapshot_age_seconds", ()])
                or ages[-1] > 2
            )
        )

    assert lone_api.get("/metrics").status_code == 200
    assert ages[-1] > ages[0]


def test_what_is_declared_is_shown_and_nothing_else(api: Serving):
    api.get("/metrics")
    answer = api.get("/metrics")

    names = {name for name, _ in samples(answer.text) if not name.endswith("_created")}
    linted = subprocess.run(
        ["promtool", "check", "metrics"],
        input=answer.text,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert names == series_of(API)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert (linted.returncode, linted.stdout + linted.stderr) == (0, "")


def test_prometheus_gets_open_metrics(api: Serving):
    answer = api.get("/metrics", accept="application/openmetrics-text;version=1.0.0")

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
