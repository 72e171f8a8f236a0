"""The REST routes and the WebSocket route. Each asks a service and says it over HTTP."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response, WebSocket
from prometheus_client.exposition import choose_encoder
from starlette.responses import JSONResponse

from leaderboard.api import board_examples, examples
from leaderboard.api.asked import (
    MOST_TEXT,
    NOT_THERE,
    WRONG_CURSOR,
    AskedPlace,
    Cursor,
    Movement,
    PlayerId,
    Top,
    one_of,
)
from leaderboard.api.board_models import BoardPage
from leaderboard.api.board_routes import page
from leaderboard.api.bodies import cached
from leaderboard.api.models import (
    DEFAULT_RECENT,
    DEFAULT_TOP,
    MAX_RECENT,
    Health,
    Leaderboard,
    PlayerStats,
    RecentAchievement,
)
from leaderboard.api.openapi import KAFKA_AWAY, REDIS_AWAY, answer, answers, problem
from leaderboard.api.origins import is_allowed
from leaderboard.api.pipeline_models import Pipeline
from leaderboard.api.services import Api
from leaderboard.store import pages

router = APIRouter()
Limit = Annotated[int, Query(ge=1, le=MAX_RECENT, description="how many achievements")]
BOARD_PARAMETERS = {
    "board", "at", "game", "policy", "pane", "cursor", "around", "score", "movement",
}  # fmt: skip
"""Each of these makes `/api/leaderboard` answer with a page of a board."""


@router.get(
    "/api/leaderboard",
    response_model=Leaderboard | BoardPage,
    responses=answers(plain=examples.LEADERBOARD, board=board_examples.PAGE)
    | NOT_THERE
    | WRONG_CURSOR
    | REDIS_AWAY,
    tags=["board"],
)
async def leaderboard(
    request: Request,
    api: Api,
    asked: AskedPlace,
    top: Top = DEFAULT_TOP,
    cursor: Cursor = "",
    around: Annotated[
        str, Query(max_length=MOST_TEXT, description="a player id: that row and its neighbours")
    ] = "",
    score: Annotated[
        float | None,
        Query(allow_inf_nan=False, description="the rows around where this score stands or would"),
    ] = None,
    movement: Movement = False,
) -> Response:
    """The best players of a board, highest score first; equal scores stand in order of player id.

    With `top` alone: of the global board, as `Leaderboard`, shared with the live pushes. With any
    other parameter: a page of any board, as `BoardPage`.
    """
    if not BOARD_PARAMETERS & request.query_params.keys():
        moment, age_s = await api.board.served()
        return cached(request, moment.leaderboard(top), age_s)
    one_of(cursor=cursor, around=around, score=score)
    source = api.reads.source
    place = asked.place(source)
    if around:
        question = pages.around(source, place, top, around, previous=movement)
    elif score is not None:
        question = pages.around_score(source, place, top, score, previous=movement)
    else:
        question = pages.top(source, place, top, cursor=cursor, previous=movement)
    return await page(request, api, asked, question)


@router.get(
    "/api/achievements",
    response_model=list[RecentAchievement],
    responses=answer(examples.ACHIEVEMENTS) | REDIS_AWAY,
    tags=["board"],
)
async def achievements(request: Request, api: Api, limit: Limit = DEFAULT_RECENT) -> Response:
    """The newest achievements by event time, newest first."""
    moment, age_s = await api.board.served()
    return cached(request, moment.achievements(limit), age_s)


@router.get(
    "/api/player/{player_id:path}",
    responses=answer(examples.PLAYER)
    | problem(404, "Nothing was ever counted for that id", "no player 'player_999'")
    | REDIS_AWAY,
    tags=["board"],
)
async def player(api: Api, player_id: PlayerId) -> PlayerStats:
    """One player: rank on the global board, every counter, finished matches.

    Encode slashes in an id as `%2F`: a plain `/ranks` or `/history` at the end is another route.
    """
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
    """Redis answers and counts the boards declared here, so the API can."""
    await api.reads.check()
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
