"""Board and achievements over HTTP."""

from datetime import datetime, timedelta

import pytest

from tests.serving import Feed, Serving, scored, unlocked


def test_an_empty_board(api: Serving):
    board = api.get("/api/leaderboard").json()

    assert (board["total_players"], board["top_players"]) == (0, [])
    assert api.get("/api/achievements").json() == []


def test_the_best_come_first_and_equal_scores_by_id(api: Serving, feed: Feed):
    feed(scored("b", 50), scored("c", 50), scored("a", 50), scored("z", 90, name="Zed"))

    board = api.get("/api/leaderboard").json()

    assert board["total_players"] == 4
    assert board["top_players"][0] == {
        "rank": 1, "player_id": "z", "player_name": "Zed", "score": 90,
    }  # fmt: skip
    assert [(r["rank"], r["player_id"]) for r in board["top_players"]] == [
        (1, "z"), (2, "a"), (3, "b"), (4, "c"),
    ]  # fmt: skip
    assert datetime.fromisoformat(board["updated_at"]).utcoffset() == timedelta(0)


def test_two_players_of_one_name_stay_two(api: Serving, feed: Feed):
    feed(scored("one", 10, name="Twin"), scored("two", 20, name="Twin"))

    rows = api.get("/api/leaderboard").json()["top_players"]

    assert [(r["player_id"], r["player_name"]) for r in rows] == [("two", "Twin"), ("one", "Twin")]


@pytest.mark.parametrize(("query", "rows"), [("", 10), ("?top=1", 1), ("?top=100", 100)])
def test_top_bounds_the_rows(api: Serving, feed: Feed, query: str, rows: int):
    feed(*(scored(f"p{i:03}", i) for i in range(120)))

    board = api.get(f"/api/leaderboard{query}").json()

    assert (len(board["top_players"]), board["total_players"]) == (rows, 120)


@pytest.mark.parametrize(("query", "rows"), [("", 10), ("?limit=1", 1), ("?limit=50", 50)])
def test_limit_bounds_the_achievements(api: Serving, feed: Feed, query: str, rows: int):
    feed(*(unlocked("p") for _ in range(60)))

    assert len(api.get(f"/api/achievements{query}").json()) == rows


@pytest.mark.parametrize("value", ["0", "-1", "101", "abc", "1.5", "", "1e2", "99999999999999999"])
def test_mistake_07_top_outside_its_bounds_is_refused(api: Serving, value: str):
    answer = api.get(f"/api/leaderboard?top={value}")

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", "top"]


@pytest.mark.parametrize("value", ["0", "-1", "51", "abc", "1.5", ""])
def test_limit_outside_its_bounds_is_refused(api: Serving, value: str):
    assert api.get(f"/api/achievements?limit={value}").status_code == 422


def test_the_newest_achievement_comes_first(api: Serving, feed: Feed):
    old, new = unlocked("a", "Ann", "First Blood", "common"), unlocked("b", "Bob", "Ace")
    feed(new, old)

    first, second = api.get("/api/achievements").json()

    assert (second["player"], second["achievement"], second["rarity"]) == (
        "Ann", "First Blood", "common",
    )  # fmt: skip
    assert (first["player_id"], first["event_id"]) == ("b", str(new.event_id))
    assert datetime.fromisoformat(first["timestamp"]) == new.timestamp


def test_whoever_wrote_sees_it(api: Serving, feed: Feed):
    for score in range(1, 30):
        feed(scored("p", 1))

        assert api.get("/api/leaderboard").json()["top_players"][0]["score"] == score


def test_nothing_new_is_304(api: Serving, feed: Feed):
    feed(scored("p", 5), unlocked("p"))
    for path in ("/api/leaderboard?top=3", "/api/achievements"):
        tag = api.get(path).headers["etag"]

        again = api.get(path, **{"If-None-Match": f'"other", W/{tag}'})

        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag


def test_something_new_is_200(api: Serving, feed: Feed):
    feed(scored("p", 5))
    tag = api.get("/api/leaderboard").headers["etag"]
    feed(scored("p", 5))

    again = api.get("/api/leaderboard", **{"If-None-Match": tag})

    assert again.status_code == 200
    assert again.json()["top_players"][0]["score"] == 10


def test_updated_at_stands_still_while_nothing_changes(api: Serving, feed: Feed):
    feed(scored("p", 5))

    first, second = (api.get("/api/leaderboard").json() for _ in range(2))

    assert first == second
