"""The plain questions, which have a way of their own, are answered as FastAPI's routes answer."""

import pytest
from pydantic import TypeAdapter

from leaderboard.api.models import Leaderboard, LeaderboardUpdate, RecentAchievement
from tests.serving import Feed, Serving, scored, unlocked

MODELS = {
    "/api/leaderboard?top=3": TypeAdapter(Leaderboard),
    "/api/achievements?limit=2": TypeAdapter(list[RecentAchievement]),
}


@pytest.fixture
def counted(api: Serving, feed: Feed) -> Serving:
    feed(*(scored(f"p{i}", i, name="Zoë") for i in range(12)), *(unlocked("p1") for _ in range(12)))
    return api


@pytest.mark.parametrize(
    ("plain", "long"),
    [
        ("/api/leaderboard", "/api/leaderboard?other=1"),
        ("/api/leaderboard?top=3", "/api/leaderboard?top=3&top=3"),
        ("/api/leaderboard?top=100", "/api/leaderboard?top=0100"),
        ("/api/achievements", "/api/achievements?other=1"),
        ("/api/achievements?limit=50", "/api/achievements?limit=%350"),
    ],
)
def test_both_ways_lead_to_the_same_answer(counted: Serving, plain: str, long: str):
    short_way, long_way = counted.get(plain), counted.get(long)
    tag = short_way.headers["etag"]

    assert (short_way.status_code, short_way.content) == (200, long_way.content)
    again = [counted.get(path, **{"If-None-Match": tag}) for path in (plain, long)]
    for one, other in ((short_way, long_way), again):
        first, second = dict(one.headers), dict(other.headers)
        assert first.pop("date")
        assert second.pop("date")
        assert first == second
    assert [answer.status_code for answer in again] == [304, 304]


@pytest.mark.parametrize("path", MODELS)
def test_answers_are_what_the_models_say(counted: Serving, path: str):
    answer = counted.get(path)

    model = MODELS[path].validate_json(answer.content)
    assert MODELS[path].dump_python(model, mode="json") == answer.json()


def test_a_push_is_what_its_model_says(counted: Serving):
    with counted.live("?top=3&limit=2") as client:
        message = str(client.recv(60))

    update = LeaderboardUpdate.model_validate_json(message)
    assert update.model_dump_json() == message
    assert update.data.leaderboard.top_players[0].player_name == "Zoë"


@pytest.mark.parametrize("path", MODELS)
@pytest.mark.parametrize("method", ["HEAD", "POST"])
def test_other_methods_are_refused(api: Serving, path: str, method: str):
    assert api.ask(method, path).status_code == 405
