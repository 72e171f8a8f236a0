"""The schema says everything, and says it truly."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from leaderboard.api import board_examples, board_models, create_app, examples
from leaderboard.api.models import (
    Health,
    Leaderboard,
    LeaderboardUpdate,
    PlayerStats,
    RecentAchievement,
    ServiceStatus,
)
from leaderboard.api.pipeline_models import Pipeline
from leaderboard.settings import Settings

ROUTES = {
    "/api/boards",
    "/api/boards/{board}/games",
    "/api/leaderboard",
    "/api/leaderboard/range",
    "/api/leaderboard/percent",
    "/api/leaderboard/friends",
    "/api/leaderboard/combined",
    "/api/player/{player_id}/ranks",
    "/api/player/{player_id}/history",
    "/api/achievements",
    "/api/player/{player_id}",
    "/api/pipeline",
    "/health/live",
    "/health/ready",
    "/ws",
}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    app = create_app(Settings(), redis_url="redis://127.0.0.1:1", kafka="127.0.0.1:1")
    return app.openapi()


def test_every_route_is_there(schema: dict[str, Any]):
    assert set(schema["paths"]) == ROUTES


@pytest.mark.parametrize("path", sorted(ROUTES))
def test_every_route_is_described_with_an_example(schema: dict[str, Any], path: str):
    route = schema["paths"][path]["get"]
    success = route["responses"]["101" if path == "/ws" else "200"]
    content = success["content"]["application/json"]

    assert route["summary"]
    assert route["description"]
    assert content.get("example") or content["examples"]
    assert all(p.get("description") for p in route.get("parameters", []))


def test_every_failure_has_a_reason_and_an_example(schema: dict[str, Any]):
    failures = {
        (path, status): response
        for path, methods in schema["paths"].items()
        for status, response in methods["get"]["responses"].items()
        if status in ("404", "409", "410", "503")
    }

    assert len(failures) == 28
    for response in failures.values():
        assert response["content"]["application/json"]["example"]["detail"]


def test_references_lead_somewhere(schema: dict[str, Any]):
    def references(node: Any) -> set[str]:
        if isinstance(node, dict):
            own = {node["$ref"]} if "$ref" in node else set()
            return own.union(*(references(value) for value in node.values()))
        return set().union(*map(references, node)) if isinstance(node, list) else set()

    known = {f"#/components/schemas/{name}" for name in schema["components"]["schemas"]}

    assert references(schema) <= known


@pytest.mark.parametrize(
    ("example", "model"),
    [
        (examples.LEADERBOARD, Leaderboard),
        (examples.ACHIEVEMENTS, list[RecentAchievement]),
        (examples.PLAYER, PlayerStats),
        (examples.UPDATE, LeaderboardUpdate),
        (examples.STATUS, ServiceStatus),
        (examples.HEALTH, Health),
        (examples.PIPELINE, Pipeline),
        (board_examples.PAGE, board_models.BoardPage),
        (board_examples.FRIENDS, board_models.Friends),
        (board_examples.RANKS, board_models.PlayerRanks),
        (board_examples.HISTORY, board_models.RankHistory),
        (board_examples.COMBINED, board_models.CombinedBoard),
        (board_examples.BOARDS, board_models.Boards),
        (board_examples.GAMES, board_models.Games),
    ],
)
def test_examples_are_what_the_models_say(example: Any, model: Any):
    adapter = TypeAdapter(model)

    assert adapter.dump_python(adapter.validate_python(example), mode="json") == example


def test_nothing_is_opened_before_a_request():
    """Ports where nothing listens: making the application must not care."""
    assert create_app(Settings(), redis_url="redis://127.0.0.1:1", kafka="127.0.0.1:1").routes
