"""Boards over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from leaderboard.settings import Settings
from tests.serving import Feed, Serving, finished, scored, serving

TOML = """
[[board]]
name = "daily"
window = "daily"
lateness_s = 3600

[[board]]
name = "old"
window = "daily"
zone = "Europe/Berlin"
keep = 100

[[board]]
name = "game"
scope = "game"
ranks = "dense"

[[board]]
name = "game_year"
scope = "game"
window = "monthly"

[[board]]
name = "win_rate"
metric = "win_rate"

[[board]]
name = "golf"
operator = "min"
order = "asc"
tie_break = "first"
"""
NEW_YEAR = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    file = tmp_path / "boards.toml"
    file.write_text(TOML)
    return settings.with_(boards_file=str(file))


@pytest.fixture
def api(settings: Settings) -> Iterator[Serving]:
    with serving(settings) as api:
        yield api


def rows(answer: Any) -> list[tuple[int, str, float]]:
    body = answer.json()
    assert answer.status_code == 200, body
    return [(row["rank"], row["player_id"], row["score"]) for row in body["rows"]]


def test_a_page_of_a_past_window(api: Serving, feed: Feed):
    feed(scored("a", 5, at=NEW_YEAR), scored("b", 9, name="Bob", at=NEW_YEAR),
         scored("a", 1, at=NEW_YEAR + timedelta(days=1)))  # fmt: skip

    answer = api.get("/api/leaderboard?board=daily&at=2026-01-01&top=1")

    body = answer.json()
    live = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    assert {
        "id": "daily:2026-01-01", "board": "daily", "game": "", "policy": "ordinal",
        "pane": "latest", "total_players": 2, "count": 2, "previous": "", "has_on_time": False,
        "window": {
            "label": "2026-01-01", "start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z",
            "state": "final",
        },
        "rows": [{
            "rank": 1, "player_id": "b", "player_name": "Bob", "score": 9, "own": False,
            "previous_rank": None, "rate": None,
        }],
    }.items() <= body.items()  # fmt: skip
    assert timedelta() <= live - datetime.fromisoformat(body["previous_reset"]) < timedelta(days=2)
    assert datetime.fromisoformat(body["next_reset"]) > datetime.now(UTC)
    assert rows(api.get(f"/api/leaderboard?board=daily&at=2026-01-01&cursor={body['next']}")) == [
        (2, "a", 5)
    ]
    assert rows(api.get("/api/leaderboard?board=old&at=2026-01-01T13:00:00")) == rows(
        api.get("/api/leaderboard?board=daily&at=2026-01-01T12:00:00Z")
    )


def test_the_live_window_is_by_the_servers_clock(api: Serving, feed: Feed):
    feed(scored("a", 5, at=NEW_YEAR))
    assert rows(api.get("/api/leaderboard?board=daily")) == [], "a board just reset is empty"

    feed(scored("a", 3, at=datetime.now(UTC)))
    body = api.get("/api/leaderboard?board=daily&movement=true").json()

    assert [(row["score"], row["previous_rank"]) for row in body["rows"]] == [(3, None)]
    assert body["window"]["state"] == "open"


def test_around_score_range_and_percent(api: Serving, feed: Feed):
    feed(*(scored(f"p{i:02}", i // 2) for i in range(20)))

    around = api.get("/api/leaderboard?around=p00&top=3&policy=competition")
    assert rows(around) == [(17, "p03", 1), (19, "p00", 0), (19, "p01", 0)]
    assert [row["own"] for row in around.json()["rows"]] == [False, True, False]
    assert rows(api.get("/api/leaderboard?score=8.5&top=2")) == [(2, "p19", 9), (3, "p16", 8)]
    ranged = api.get("/api/leaderboard/range?min=2&max=3&top=3")
    assert rows(ranged) == [(13, "p06", 3), (14, "p07", 3), (15, "p04", 2)]
    assert ranged.json()["count"] == 4
    more = api.get(f"/api/leaderboard/range?min=2&max=3&cursor={ranged.json()['next']}")
    assert (rows(more), more.json()["next"]) == ([(16, "p05", 2)], "")
    best = api.get("/api/leaderboard/percent?percent=10")
    assert (rows(best), best.json()["count"]) == ([(1, "p18", 9), (2, "p19", 9)], 2)


def test_policies_games_orders_and_rates(api: Serving, feed: Feed):
    scores = {"a": 5, "b": 5, "c": 3, "d": 1}
    feed(*(scored(p, n, game=game) for game in ("go/1", "ü") for p, n in scores.items()),
         *(finished("a", result) for result in ("win", "loss", "win")))  # fmt: skip
    path = f"/api/leaderboard?board=game&game={quote('go/1', safe='')}"

    assert rows(api.get(path)) == [(1, "a", 5), (1, "b", 5), (2, "c", 3), (3, "d", 1)]
    assert [r[0] for r in rows(api.get(f"{path}&policy=competition"))] == [1, 1, 3, 4]
    assert [r[0] for r in rows(api.get(f"{path}&policy=ordinal"))] == [1, 2, 3, 4]
    assert rows(api.get("/api/leaderboard?board=golf&top=1")) == [(1, "d", 1)]
    (row,) = api.get("/api/leaderboard?board=win_rate").json()["rows"]
    assert row["score"] == 2 / 3
    assert (row["rate"]["numerator"], row["rate"]["matches"]) == (2, 3)
    assert (row["rate"]["low"], row["rate"]["high"]) == (
        pytest.approx(0.2077, abs=1e-4), pytest.approx(0.9385, abs=1e-4),  # Wilson, 2 of 3
    )  # fmt: skip


def test_friends_kept_or_dropped(api: Serving, feed: Feed):
    feed(scored("a", 5), scored("b", 9), scored("c/d,e", 1))
    path = f"/api/leaderboard/friends?ids=nobody&ids={quote('c/d,e', safe='')}&ids=a"

    body = api.get(path).json()

    assert [
        (r["player_id"], r["place"], r["standing"] and r["standing"]["rank"]) for r in body["rows"]
    ] == [("a", 1, 2), ("c/d,e", 2, 3), ("nobody", None, None)]
    assert body["rows"][0]["standing"]["percentile"] == pytest.approx(100 / 3)
    dropped = api.get(f"{path}&missing=drop").json()["rows"]
    assert [row["player_id"] for row in dropped] == ["a", "c/d,e"]


def test_ranks_and_history_of_a_player(api: Serving, feed: Feed):
    feed(scored("a", 5, at=NEW_YEAR), scored("b", 9, at=NEW_YEAR),
         scored("a", 1, at=NEW_YEAR + timedelta(days=1)))  # fmt: skip

    ranks = api.get("/api/player/a/ranks?at=2026-01-02").json()["ranks"]
    assert [(r["id"], r["standing"]["rank"], r["previous_rank"]) for r in ranks] == [
        ("global", 2, None), ("daily:2026-01-02", 1, 2), ("old:2026-01-02", 1, 2),
        ("game:g", 2, None), ("game_year:2026-01:g", 2, None), ("golf", 1, None),
    ]  # fmt: skip
    then = api.get("/api/player/a/history?board=daily").json()["windows"]
    assert [(t["window"]["label"], t["standing"]["rank"], t["total_players"]) for t in then] == [
        ("2026-01-01", 2, 2),
        ("2026-01-02", 1, 1),
    ]
    newest = api.get("/api/player/a/history?board=daily&windows=1").json()["windows"]
    assert [t["window"]["label"] for t in newest] == ["2026-01-02"]


@pytest.mark.parametrize("player_id", ["a/ranks", "ranks", "/ranks", "a/history", "a/b", "history"])
def test_ids_like_subroutes_stay_reachable(api: Serving, feed: Feed, player_id: str):
    feed(scored(player_id, 7), scored("a", 1))
    path = f"/api/player/{quote(player_id, safe='')}"

    assert api.get(path).json()["player_id"] == player_id
    assert api.get(f"{path}/ranks").json()["player_id"] == player_id
    assert api.get(f"{path}/history?board=old").json()["player_id"] == player_id
    assert api.get("/api/player/a/ranks?at=2026-01-01").json()["player_id"] == "a"


def test_boards_combined(api: Serving, feed: Feed):
    feed(scored("a", 5, at=NEW_YEAR), scored("b", 9, name="Bob", at=NEW_YEAR),
         scored("a", 6, at=NEW_YEAR + timedelta(days=1)))  # fmt: skip
    path = "/api/leaderboard/combined?of=daily:2026-01-01&of=daily:2026-01-02"

    union = api.get(f"{path}&top=2")

    assert rows(union) == [(1, "a", 11), (2, "b", 9)]
    assert union.json()["rows"][1]["player_name"] == "Bob"
    assert [p["id"] for p in union.json()["places"]] == ["daily:2026-01-01", "daily:2026-01-02"]
    assert rows(api.get(f"{path}&how=intersection&aggregate=min")) == [(1, "a", 5)]


def test_what_boards_there_are(api: Serving, feed: Feed):
    feed(scored("a", 5, at=NEW_YEAR), scored("a", 5, at=NEW_YEAR + timedelta(days=2)),
         scored("b", 5, at=NEW_YEAR))  # fmt: skip

    boards = {board["name"]: board for board in api.get("/api/boards").json()["boards"]}

    assert list(boards) == ["global", "daily", "old", "game", "game_year", "win_rate", "golf"]
    assert boards["old"]["definition"]["zone"] == "Europe/Berlin"
    assert (boards["daily"]["late"], boards["old"]["late"]) == (1, 1)
    assert [w["label"] for w in boards["daily"]["windows"]] == ["2026-01-03", "2026-01-01"]
    assert boards["game"]["games"] == ["g"]
    assert boards["global"]["live"] is None
    assert boards["daily"]["live"]["start"] == boards["daily"]["previous_reset"]


def test_games_of_any_window(api: Serving, feed: Feed):
    feed(*(scored("a", 5, game=game, at=NEW_YEAR) for game in ("ü", "go/1")),
         scored("a", 5, game="chess", at=NEW_YEAR + timedelta(days=40)))  # fmt: skip

    old = api.get("/api/boards/game_year/games?at=2026-01-07").json()

    assert (old["window"]["label"], old["games"]) == ("2026-01", ["go/1", "ü"])
    assert api.get("/api/boards/game_year/games?at=2026-02").json()["games"] == ["chess"]
    assert api.get("/api/boards/game/games").json() == {
        "board": "game", "window": None, "games": ["chess", "go/1", "ü"],
    }  # fmt: skip


def test_pages_have_tags(api: Serving, feed: Feed):
    feed(scored("a", 5))
    for path in ("/api/boards", "/api/leaderboard?board=global", "/api/player/a/ranks"):
        first = api.get(path)
        again = api.get(path, **{"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    tag = api.get("/api/leaderboard?board=global").headers["etag"]
    feed(scored("a", 5))
    assert api.get("/api/leaderboard?board=global", **{"If-None-Match": tag}).status_code == 200


def test_the_plain_leaderboard_is_the_shared_snapshot(api: Serving, feed: Feed):
    feed(scored("a", 5))
    plain = api.get("/api/leaderboard?top=3")
    other = api.get("/api/leaderboard?top=3&something=else")

    assert list(plain.json()) == ["updated_at", "total_players", "counts", "top_players"]
    assert (other.content, other.headers["etag"]) == (plain.content, plain.headers["etag"])


@pytest.mark.parametrize(
    ("status", "says", "path"),
    [
        (404, "no board 'x'", "/api/leaderboard?board=x"),
        (404, "keeps no window 2025-01-01", "/api/leaderboard?board=daily&at=2025-01-01"),
        (404, "no game 'go'", "/api/leaderboard?board=game&game=go"),
        (404, "no player 'x' on board global", "/api/leaderboard?around=x"),
        (404, "no player 'x'", "/api/player/x/ranks"),
        (404, "no player 'x'", "/api/player/x/history?board=daily"),
        (404, "no board 'x'", "/api/leaderboard/combined?of=x&of=global"),
        (422, "has no dense ranks", "/api/leaderboard?policy=dense"),
        (422, "ordinal", "/api/leaderboard?policy=best"),
        (422, "on_time", "/api/leaderboard?pane=early"),
        (422, "expected a date", "/api/leaderboard?board=daily&at=soon"),
        (422, "has no windows", "/api/leaderboard?at=2026-01-01"),
        (422, "has no windows", "/api/leaderboard?movement=1"),
        (422, "has no windows", "/api/player/a/history?board=global"),
        (422, "say which", "/api/leaderboard?board=game"),
        (422, "leave the game out", "/api/leaderboard?game=g"),
        (422, "unchanged", "/api/leaderboard?cursor=x"),
        (422, "at most one of cursor, around, score", "/api/leaderboard?around=a&score=1"),
        (422, "the lower one comes first", "/api/leaderboard/range?min=2&max=1"),
        (422, "Field required", "/api/leaderboard/range?min=2"),
        (422, "named twice", "/api/leaderboard/combined?of=global&of=global"),
        (422, "2 items", "/api/leaderboard/combined?of=global"),
        (422, "rising order", "/api/leaderboard/combined?of=global&of=golf"),
        *((422, "", f"/api/leaderboard{query}") for query in (
            "?board=daily&top=0", "?board=daily&top=101", "?score=nan", "?score=inf", "?score=x",
            "/percent", "/percent?percent=0", "/percent?percent=101", "/percent?percent=1.5",
            "/friends", "/friends?ids=", "/friends?ids=a&missing=hide",
            "/friends?" + "&".join(f"ids={i}" for i in range(101)), "/range?min=nan&max=1",
        )),
        (404, "no board 'x'", "/api/boards/x/games"),
        (404, "keeps no window", "/api/boards/game_year/games?at=2025-01"),
        (422, "counts all games together", "/api/boards/daily/games"),
        (422, "has no windows", "/api/boards/game/games?at=2026-01"),
        (422, "", "/api/player/a/history"),
        (422, "", "/api/player/a/history?board=daily&windows=0"),
    ],
)  # fmt: skip
def test_a_question_without_an_answer_is_told_why(
    api: Serving, feed: Feed, status: int, says: str, path: str
):
    feed(scored("a", 5))

    answer = api.get(path)

    assert answer.status_code == status, answer.text
    detail = answer.json()["detail"]
    assert isinstance(detail, str if status == 404 else list)
    assert says in answer.text


def test_cursors_of_other_questions(api: Serving, feed: Feed):
    feed(scored("a", 5, at=NEW_YEAR), scored("b", 4, at=NEW_YEAR))
    daily = "/api/leaderboard?board=daily"
    cursor = api.get(f"{daily}&at=2026-01-01&top=1").json()["next"]

    other = api.get(f"/api/leaderboard?cursor={cursor}")
    reset = api.get(f"{daily}&cursor={cursor}")

    assert (other.status_code, "not of 'global'" in other.json()["detail"]) == (409, True)
    assert (reset.status_code, "at=2026-01-01" in reset.json()["detail"]) == (410, True)
    assert rows(api.get(f"{daily}&at=2026-01-01&cursor={cursor}")) == [(2, "b", 4)]


def test_the_on_time_pane_is_without_late_events(api: Serving, feed: Feed):
    feed(scored("a", 5, at=NEW_YEAR), scored("b", 1, at=NEW_YEAR + timedelta(hours=12)),
         scored("a", 7, at=NEW_YEAR))  # fmt: skip
    path = "/api/leaderboard?board=daily&at=2026-01-01"

    assert rows(api.get(path)) == [(1, "a", 12)]
    assert rows(api.get(f"{path}&pane=on_time")) == [(1, "a", 5)]
    assert api.get(path).json()["window"]["state"] == "closing"


def test_counts_of_other_boards_are_a_problem_and_no_empty_board(
    api: Serving, feed: Feed, settings: Settings, caplog: pytest.LogCaptureFixture
):
    """As after a rebuild with another boards file."""
    feed(scored("a", 5, at=NEW_YEAR))
    with serving(settings.with_(boards_file="")) as other:
        for path in ("/api/leaderboard?board=daily", "/api/boards", "/health/ready"):
            answer = other.get(path)
            assert answer.status_code == 503, path
            assert "Redis holds counts of other boards than the 9" in answer.json()["detail"]
        assert other.get("/api/leaderboard").json()["total_players"] == 1, "always the same board"
        assert other.get("/health/live").status_code == 200
    told = [r for r in caplog.records if "counts of other boards" in r.getMessage()]
    assert len(told) == 1
    assert api.get("/api/leaderboard?board=daily&at=2026-01-01").json()["total_players"] == 1
