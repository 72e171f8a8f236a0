"""What `/openapi.json` says beyond types: the introduction, examples, failures."""

from typing import Any

from leaderboard.api.examples import STATUS, UPDATE
from leaderboard.api.models import LeaderboardUpdate, Problem, ServiceStatus

DESCRIPTION = """\
Live results of a game: boards, recent achievements, single players.

**Fresh.** An answer comes from a read of Redis that began after the request. Boards and
achievements carry an `ETag`: send it back as `If-None-Match` and get `304` while nothing changed.

**Boards.** `/api/boards` tells which there are. A board with windows is asked for its live window,
by this server's clock, or for one that is kept, with `at`. `next` and `previous` of a page are
cursors; one from before a reset is refused.

**Away.** When Redis does not answer, the plain board and achievements are served for 3 more seconds
with their age in the `Age` header, then everything is `503` with the reason. It recovers by itself.
Questions about boards are `503`, too, while Redis holds counts of other boards than those declared.

**Live.** `GET ws` (WebSocket, below) pushes the same content.
"""

LIVE = {
    "summary": "Live pushes (WebSocket)",
    "description": (
        "Open as a WebSocket. The content comes on connect, then at most once a second when "
        "something changed. What a client sends is ignored; a message over 1 KiB closes the "
        "connection, and so does not reading. A browser page of another origin must be listed in "
        "`LEADERBOARD_CORS_ORIGINS`, else the handshake is refused with 403."
    ),
    "tags": ["live"],
    "parameters": [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": text,
            "schema": {"type": "integer", "minimum": 1, "maximum": most, "default": 10},
        }
        for name, text, most in (
            ("top", "players on the board", 100),
            ("limit", "recent achievements", 50),
        )
    ],
    "responses": {
        "101": {
            "description": "Switched to WebSocket; each message is one of these",
            "content": {
                "application/json": {
                    "schema": {
                        "oneOf": [
                            {"$ref": "#/components/schemas/LeaderboardUpdate"},
                            {"$ref": "#/components/schemas/ServiceStatus"},
                        ]
                    },
                    "examples": {
                        "leaderboard_update": {"value": UPDATE},
                        "service_status": {"value": STATUS},
                    },
                }
            },
        },
        "403": {"description": "The page's origin is not allowed, or a parameter is wrong"},
    },
}


def answer(example: Any) -> dict[int | str, dict[str, Any]]:
    """The `responses` entry that shows `example` as the answer of status 200."""
    return {200: {"content": {"application/json": {"example": example}}}}


def answers(**examples: Any) -> dict[int | str, dict[str, Any]]:
    """As `answer`, where there are several, by name."""
    named = {name: {"value": example} for name, example in examples.items()}
    return {200: {"content": {"application/json": {"examples": named}}}}


def problem(status: int, text: str, detail: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` entry of a failure: when it comes, and an example of its `detail`."""
    example = {"application/json": {"example": {"detail": detail}}}
    return {status: {"model": Problem, "description": text, "content": example}}


REDIS_AWAY = problem(
    503,
    "Redis does not answer, or holds counts of other boards; `Retry-After` says when to ask again",
    "cannot read from Redis: Error 111 connecting to 127.0.0.1:6379. Connect call failed",
)
KAFKA_AWAY = problem(503, "Kafka does not answer", "Kafka at 127.0.0.1:9092 does not answer")


def with_live(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` plus the WebSocket route, which FastAPI leaves out."""
    models = schema.setdefault("components", {}).setdefault("schemas", {})
    for model in (LeaderboardUpdate, ServiceStatus):
        own = model.model_json_schema(ref_template="#/components/schemas/{model}")
        models.update(own.pop("$defs", {}))
        models[model.__name__] = own
    schema["paths"]["/ws"] = {"get": LIVE}
    return schema
