"""One player over HTTP."""

from urllib.parse import quote

import pytest
from redis import Redis

from leaderboard.settings import Settings
from leaderboard.store.hiding import hide
from tests.serving import START, Feed, Serving, finished, joined, scored, unlocked


def test_everything_counted_for_a_player(api: Serving, feed: Feed):
    feed(scored("p2", 500), joined("p1", name="First Name"), scored("p1", 40))
    last = unlocked("p1", name="Second Name")
    feed(last)

    assert api.get("/api/player/p1").json() == {
        "player_id": "p1",
        "player_name": "Second Name",
        "rank": 2,
        "total_score": 40,
        "events_count": 3,
        "games_joined": 1,
        "last_active": last.timestamp.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "actions": {"kill": 1},
        "matches": None,
        "matches_by_game": {},
    }


def test_finished_matches_overall_and_per_game(api: Serving, feed: Feed):
    feed(*(finished("p", "win") for _ in range(3)), finished("p", "draw", game="go", kills=8),
         finished("p", "win", game="go"))  # fmt: skip

    player = api.get("/api/player/p").json()

    overall = player["matches"]
    assert overall == {
        "matches": 5, "wins": 4, "losses": 0, "draws": 1, "kills": 12, "deaths": 10, "assists": 5,
        "kda": 1.7, "win_rate": 0.8, "current_streak": 1, "best_streak": 3,
        "win_rate_low": pytest.approx(0.3755, abs=1e-4),  # Wilson, 4 of 5
        "win_rate_high": pytest.approx(0.9638, abs=1e-4),
    }  # fmt: skip
    by_game = player["matches_by_game"]
    assert [(g, m["wins"], m["best_streak"]) for g, m in by_game.items()] == [
        ("g", 3, 3), ("go", 1, 1),
    ]  # fmt: skip


def test_a_hidden_player_has_no_rank(api: Serving, feed: Feed):
    feed(scored("p", 40))
    hide(feed.redis, feed.keys, "p", reason="test", by="test", now=START)

    player = api.get("/api/player/p").json()

    assert (player["rank"], player["total_score"]) == (None, 40)
    assert api.get("/api/leaderboard").json()["top_players"] == []


def test_mistake_08_an_unknown_player_is_404(api: Serving, feed: Feed):
    feed(scored("known", 1))

    answer = api.get("/api/player/unknown")

    assert answer.status_code == 404
    assert "'unknown'" in answer.json()["detail"]


@pytest.mark.parametrize("player_id", ["a/b", "a/", "/", "ü ß", "a?b#c", "100%", "a:b*[x]", "日本"])
def test_odd_ids_are_found(api: Serving, feed: Feed, player_id: str):
    feed(scored(player_id, 7))

    answer = api.get(f"/api/player/{quote(player_id, safe='')}")

    assert (answer.status_code, answer.json()["player_id"]) == (200, player_id)


def test_no_id_is_404(api: Serving):
    assert api.get("/api/player/").status_code == 404


def test_data_of_another_shape_is_said(api: Serving, settings: Settings):
    with Redis.from_url(settings.redis) as redis:
        redis.zadd(f"{settings.key_prefix}leaderboard:global", {"ghost": 5})

    answer = api.get("/api/player/ghost")

    assert answer.status_code == 503
    assert "another shape" in answer.json()["detail"]
