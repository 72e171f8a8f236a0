"""The REST routes of boards. Each asks the store one question and says the answer over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from leaderboard.api import board_examples as examples
from leaderboard.api import board_models as models
from leaderboard.api.asked import (
    MOST_TEXT,
    NOT_THERE,
    WRONG_CURSOR,
    Asked,
    AskedPlace,
    At,
    Board,
    Cursor,
    Game,
    Movement,
    Now,
    PaneAsked,
    PlayerId,
    PolicyAsked,
    Top,
)
from leaderboard.api.board_answers import (
    boards_answer,
    combined_answer,
    friends_answer,
    games_answer,
    history_answer,
    page_answer,
    ranks_answer,
)
from leaderboard.api.bodies import cached, make_body
from leaderboard.api.models import DEFAULT_TOP
from leaderboard.api.openapi import REDIS_AWAY, answer
from leaderboard.api.services import Api, Services
from leaderboard.api.subroutes import Subroute
from leaderboard.store import pages, query
from leaderboard.store.board_rows import BoardPage
from leaderboard.store.catalog import catalog, games
from leaderboard.store.combine import combined, names
from leaderboard.store.standings import friends, history, ranks

router = APIRouter(tags=["boards"])
of_players = APIRouter(tags=["boards"], route_class=Subroute)
"""Routes below a player: to be included before the player's own."""


async def page(
    request: Request, api: Services, asked: Asked, question: query.Query[BoardPage]
) -> Response:
    """The answer to a question for a page."""
    return tagged(request, page_answer(await api.reads.ask(question), asked.now))


def tagged(request: Request, model: BaseModel) -> Response:
    """`model` with its entity tag, or 304."""
    return cached(request, make_body(model.model_dump_json().encode()))


@router.get(
    "/api/boards",
    response_model=models.Boards,
    responses=answer(examples.BOARDS) | REDIS_AWAY,
)
async def boards(request: Request, api: Api, now: Now) -> Response:
    """Every declared board: its definition, live window, resets, windows kept, games."""
    found = await api.reads.ask(catalog(api.reads.source, now=now))
    return tagged(request, boards_answer(found))


@router.get(
    "/api/boards/{board}/games",
    response_model=models.Games,
    responses=answer(examples.GAMES) | NOT_THERE | REDIS_AWAY,
)
async def games_of_board(
    request: Request,
    api: Api,
    now: Now,
    board: Annotated[str, Path(max_length=40, description="a board per game")],
    at: At = "",
) -> Response:
    """The games of a board per game, in its live window or in a past one that is kept."""
    question = games(api.reads.source, board, now=now, at=at)
    return tagged(request, games_answer(await api.reads.ask(question)))


@router.get(
    "/api/leaderboard/range",
    response_model=models.BoardPage,
    responses=answer(examples.PAGE) | NOT_THERE | WRONG_CURSOR | REDIS_AWAY,
)
async def score_range(
    request: Request,
    api: Api,
    asked: AskedPlace,
    low: Annotated[float, Query(alias="min", allow_inf_nan=False, description="lowest score")],
    high: Annotated[float, Query(alias="max", allow_inf_nan=False, description="highest score")],
    top: Top = DEFAULT_TOP,
    cursor: Cursor = "",
    movement: Movement = False,
) -> Response:
    """Players with a score from `min` to `max`, both included; best first, with their ranks."""
    source = api.reads.source
    question = pages.score_range(
        source, asked.place(source), top, low, high, cursor=cursor, previous=movement
    )
    return await page(request, api, asked, question)


@router.get(
    "/api/leaderboard/percent",
    response_model=models.BoardPage,
    responses=answer(examples.PAGE) | NOT_THERE | WRONG_CURSOR | REDIS_AWAY,
)
async def top_percent(
    request: Request,
    api: Api,
    asked: AskedPlace,
    percent: Annotated[int, Query(ge=1, le=100, description="how much of the board")],
    top: Top = DEFAULT_TOP,
    cursor: Cursor = "",
    movement: Movement = False,
) -> Response:
    """The best `percent` of the board: as many players as fit wholly, but at least one."""
    source = api.reads.source
    question = pages.top_percent(
        source, asked.place(source), top, percent, cursor=cursor, previous=movement
    )
    return await page(request, api, asked, question)


@router.get(
    "/api/leaderboard/friends",
    response_model=models.Friends,
    responses=answer(examples.FRIENDS) | NOT_THERE | REDIS_AWAY,
)
async def some_players(
    request: Request,
    api: Api,
    asked: AskedPlace,
    ids: Annotated[
        list[Annotated[str, Query(min_length=1, max_length=MOST_TEXT)]],
        Query(min_length=1, max_length=100, description="player ids, the parameter repeated"),
    ],
    missing: Annotated[
        Literal["keep", "drop"], Query(description="those who are not on the board")
    ] = "keep",
) -> Response:
    """Some players with their ranks on the whole board, best first."""
    source = api.reads.source
    question = friends(source, asked.place(source), ids, keep_missing=missing == "keep")
    return tagged(request, friends_answer(await api.reads.ask(question)))


@router.get(
    "/api/leaderboard/combined",
    response_model=models.CombinedBoard,
    responses=answer(examples.COMBINED) | NOT_THERE | REDIS_AWAY,
)
async def combine(
    request: Request,
    api: Api,
    now: Now,
    of: Annotated[
        list[Annotated[str, Query(max_length=300)]],
        Query(
            min_length=2, max_length=10,
            description="ids of boards, the parameter repeated: `global`, `daily` (live), "
            "`daily:2026-11-25`, `game:chess`, `daily_game:live:chess`",
            examples=[["global", "daily"]],
        ),
    ],
    how: Annotated[
        Literal["union", "intersection"], Query(description="players of any, or of all of them")
    ] = "union",
    aggregate: Annotated[
        Literal["sum", "min", "max"], Query(description="how a player's scores become one")
    ] = "sum",
    policy: Annotated[
        Literal["ordinal", "competition"], Query(description="how equals rank")
    ] = "ordinal",
    top: Top = DEFAULT_TOP,
) -> Response:  # fmt: skip
    """Boards of the same order put together; at most 20,000 players in all."""
    source = api.reads.source
    places = [source.place_of_id(text, now=now) for text in of]
    found = await api.reads.ask(combined(source, places, how, aggregate, policy))
    known = await api.reads.ask(names(source, [row.player_id for row in found.rows[:top]]))
    return tagged(request, combined_answer(found, known, how, aggregate, policy))


@of_players.get(
    "/api/player/{player_id:path}/ranks",
    response_model=models.PlayerRanks,
    responses=answer(examples.RANKS) | NOT_THERE | REDIS_AWAY,
)
async def player_ranks(
    request: Request,
    api: Api,
    now: Now,
    player_id: PlayerId,
    at: At = "",
    policy: PolicyAsked = None,
) -> Response:
    """Where a player stands on every board, with percentile and the rank in the window before."""
    question = ranks(api.reads.source, player_id, now=now, at=at, policy=policy or "")
    return tagged(request, ranks_answer(player_id, await api.reads.ask(question)))


@of_players.get(
    "/api/player/{player_id:path}/history",
    response_model=models.RankHistory,
    responses=answer(examples.HISTORY) | NOT_THERE | REDIS_AWAY,
)
async def player_history(
    request: Request,
    api: Api,
    now: Now,
    player_id: PlayerId,
    board: Board,
    game: Game = "",
    policy: PolicyAsked = None,
    pane: PaneAsked = "latest",
    windows: Annotated[int, Query(ge=1, le=1000, description="at most so many, the newest")] = 100,
) -> Response:
    """A player's ranks over the windows of a board, oldest first."""
    source = api.reads.source
    place = source.place(board, now=now, game=game, policy=policy or "", pane=pane)
    found = await api.reads.ask(history(source, place, player_id, windows))
    return tagged(request, history_answer(player_id, place, found))
