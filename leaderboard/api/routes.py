"""The REST routes and the WebSocket route. Each asks a service and says it over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response, WebSocket
from msgspec import Struct
from prometheus_client.exposition import choose_encoder
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse

from leaderboard.api import examples
from leaderboard.api.inspection import Inspection
from leaderboard.api.live import Hub
from leaderboard.api.metrics import ApiMetrics
from leaderboard.api.models import (
    DEFAULT_RECENT,
    DEFAULT_TOP,
    MAX_RECENT,
    MAX_TOP,
    Health,
    Leaderboard,
    PlayerStats,
    RecentAchievement,
)
from leaderboard.api.openapi import KAFKA_AWAY, REDIS_AWAY, answer, problem
from leaderboard.api.origins import is_allowed
from leaderboard.api.pipeline_models import Pipeline
from leaderboard.api.reads import Reads
from leaderboard.api.snapshot import Board, Body
from leaderboard.settings import Settings

router = APIRouter()


class Services(Struct, frozen=True):
    """What the routes need; one per application."""

    settings: Settings
    reads: Reads
    board: Board
    hub: Hub
    metrics: ApiMetrics
    inspection: Inspection


def _services(connection: HTTPConnection) -> Services:
    services: Services = connection.app.state.services
    return services


Api = Annotated[Services, Depends(_services)]
Top = Annotated[int, Query(ge=1, le=MAX_TOP, description="how many players")]
Limit = Annotated[int, Query(ge=1, le=MAX_RECENT, description="how many achievements")]


@router.get(
    "/api/leaderboard",
    response_model=Leaderboard,
    responses=answer(examples.LEADERBOARD) | REDIS_AWAY,
    tags=["board"],
)
async def leaderboard(request: Request, api: Api, top: Top = DEFAULT_TOP) -> Response:
    """The best players, highest score first; equal scores stand in order of player id."""
    moment, age_s = await api.board.served()
    return _cached(request, moment.leaderboard(top), age_s)


@router.get(
    "/api/achievements",
    response_model=list[RecentAchievement],
    responses=answer(examples.ACHIEVEMENTS) | REDIS_AWAY,
    tags=["board"],
)
async def achievements(request: Request, api: Api, limit: Limit = DEFAULT_RECENT) -> Response:
    """The newest achievements by event time, newest first."""
    moment, age_s = await api.board.served()
    return _cached(request, moment.achievements(limit), age_s)


@router.get(
    "/api/player/{player_id:path}",
    responses=answer(examples.PLAYER)
    | problem(404, "Nothing was ever counted for that id", "no player 'player_999'")
    | REDIS_AWAY,
    tags=["board"],
)
async def player(
    api: Api,
    player_id: Annotated[
        str, Path(description="exactly as in the events, URL-encoded", examples=["player_007"])
    ],
) -> PlayerStats:
    """One player: rank and every counter."""
    found = await api.reads.player(player_id)
    if found is None:
        raise HTTPException(404, f"no player {player_id!r}: nothing was counted for that id")
    return PlayerStats.model_validate(found)


@router.get(
    "/api/pipeline",
    responses=answer(examples.PIPELINE) | KAFKA_AWAY,
    tags=["pipeline"],
)
async def pipeline(
    api: Api,
    topic: Annotated[
        str | None,
        Query(max_length=249, description="whose records to show; the events' when not given"),
    ] = None,
) -> Pipeline:
    """Topics and offsets, the group and its lag, the newest records. At most a second old."""
    return await api.inspection.pipeline(topic or api.settings.topic)


@router.get("/health/live", responses=answer(examples.HEALTH), tags=["health"])
async def live() -> Health:
    """The process runs. Says nothing about Redis or Kafka."""
    return Health()


@router.get("/health/ready", responses=answer(examples.HEALTH) | REDIS_AWAY, tags=["health"])
async def ready(api: Api) -> Health:
    """Redis answers, so the API can."""
    await api.reads.ping()
    return Health()


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request, api: Api) -> Response:
    """The API's metrics, in the text format that Prometheus asks for."""
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(api.metrics.registry), media_type=media_type)


@router.websocket("/ws")
async def live_updates(
    websocket: WebSocket, api: Api, top: Top = DEFAULT_TOP, limit: Limit = DEFAULT_RECENT
) -> None:
    """Push the board; see `openapi.LIVE`."""
    origin = websocket.headers.get("origin")
    if not is_allowed(origin, websocket.headers.get("host", ""), api.settings.cors_origins):
        detail = f"origin {origin} is not allowed: list it in LEADERBOARD_CORS_ORIGINS"
        await websocket.send_denial_response(JSONResponse({"detail": detail}, 403))
        return
    await websocket.accept()
    await api.hub.serve(websocket, top, limit)


def _cached(request: Request, body: Body, age_s: float) -> Response:
    headers = {"ETag": body.etag, "Cache-Control": "no-cache"}
    if age_s:
        headers["Age"] = str(round(age_s))
    if _matches(request.headers.get("if-none-match", ""), body.etag):
        return Response(status_code=304, headers=headers)
    return Response(body.content, media_type="application/json", headers=headers)


def _matches(header: str, etag: str) -> bool:
    """Whether If-None-Match names `etag` (RFC 9110, 13.1.2)."""
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return etag in tags or "*" in tags
