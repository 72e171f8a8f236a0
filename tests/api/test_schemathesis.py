"""Requests made from the API's own OpenAPI schema, right and wrong ones, and what it answers.

Every answer must be one that the schema names, in the shape it says, and never a 5xx. The seed is
fixed, so that a run repeats the last one; SCHEMA_SEED=7 SCHEMA_EXAMPLES=400 try others.
"""

import os
from collections import Counter
from collections.abc import Iterator

import hypothesis
import pytest
import schemathesis

from leaderboard.api import create_app
from leaderboard.model.boards import DEFAULTS
from leaderboard.settings import Settings
from tests.serving import Feed, Serving, finished, joined, scored, unlocked

SEED = int(os.environ.get("SCHEMA_SEED", "1"))
EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "40"))
"""Of each operation, beside those that cover the bounds of each parameter."""

KNOWN = {
    "board": [board.name for board in DEFAULTS],
    "path.board": [board.name for board in DEFAULTS if board.scope == "game"],
    "game": ["g0", "g1", "g2"],
    "player_id": [f"p{i}" for i in range(20)],
    "around": [f"p{i}" for i in range(20)],
    "at": ["2026-01-01", "2026-01-01T00:00:10Z"],
}
"""What is there, by parameter: it is asked for most of the time."""

schema = schemathesis.openapi.from_dict(
    create_app(Settings(), redis_url="redis://127.0.0.1:1", kafka="127.0.0.1:1").openapi(),
    config=schemathesis.Config.from_dict(
        {
            "seed": SEED,
            "generation": {"max-examples": EXAMPLES, "database": "none"},
            "dictionaries": {name: {"values": values} for name, values in KNOWN.items()},
            "parameters": {name: {"dictionary": name, "probability": 0.9} for name in KNOWN},
            # which parameters go together (a window of a board without any) no schema can say
            "checks": {"positive_data_acceptance": {"enabled": False}},
        }
    ),
).exclude(path="/ws")  # a WebSocket


HISTORY = "/api/player/{player_id}/history"
"""Its player, board and game must fit together, which chance seldom brings about."""


@pytest.fixture
def statuses(request: pytest.FixtureRequest) -> Iterator[Counter[int]]:
    """How often each status was answered; that no request got through to an answer is a failure."""
    statuses: Counter[int] = Counter()
    if HISTORY in request.node.name:
        statuses[200] = 1  # see below
    yield statuses
    assert statuses[200] > 0, statuses


@pytest.fixture
def played(api: Serving, feed: Feed) -> Serving:
    """The API, with players on every board."""
    feed(*(scored(f"p{i}", i, game=f"g{i % 3}") for i in range(20)))
    feed(finished("p1", "win"), joined("p2"), unlocked("p3"))
    return api


@schema.parametrize()
@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
def test_answers_are_those_of_the_schema(
    case: schemathesis.Case, played: Serving, statuses: Counter[int]
):
    response = case.call_and_validate(base_url=played.url)
    statuses[response.status_code] += 1


def test_a_right_question_about_a_players_history(played: Serving):
    case = schema[HISTORY]["GET"].Case(
        path_parameters={"player_id": "p1"}, query={"board": "daily"}
    )
    assert case.call_and_validate(base_url=played.url).status_code == 200
