"""The application: services, routes, pages and failures put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.staticfiles import StaticFiles
from starlette.responses import JSONResponse

from leaderboard.api import board_routes, pages, routes
from leaderboard.api.asked import refuse
from leaderboard.api.inspection import Inspection
from leaderboard.api.live import Hub
from leaderboard.api.metrics import ApiMetrics, MeasureRequests
from leaderboard.api.openapi import DESCRIPTION, with_live
from leaderboard.api.plain import plain_routes
from leaderboard.api.reads import Reads, connect
from leaderboard.api.services import Services
from leaderboard.api.snapshot import Board
from leaderboard.errors import LeaderboardError, QuestionError, ServersError, StoreError
from leaderboard.pipeline.declared import source_of
from leaderboard.pipeline.inspect import Inspector
from leaderboard.pipeline.schemas import wire_of
from leaderboard.settings import Settings


def create_app(settings: Settings, *, redis_url: str, kafka: str) -> FastAPI:
    """The whole API. Opens nothing until a request needs it; its lifespan closes all of it.

    Parameters
    ----------
    settings
        Topic, group, key prefix, boards file and allowed origins.
    redis_url
        Such as `redis://127.0.0.1:6379/0`.
    kafka
        As host:port; only `/api/pipeline` asks it.

    Raises
    ------
    SettingsError
        when the boards file is wrong.
    """
    reads = Reads(connect(redis_url), source_of(settings))
    board = Board(reads.board)
    hub = Hub(board)
    services = Services(
        settings=settings,
        reads=reads,
        board=board,
        hub=hub,
        metrics=ApiMetrics(board, hub),
        inspection=Inspection(Inspector(kafka, settings.group, wire=wire_of(settings)), reads),
    )
    app = _Api(
        title="Leaderboard API",
        version="1.0",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.services = services
    app.router.routes.extend(plain_routes(board))
    app.include_router(board_routes.router)
    app.include_router(board_routes.of_players)
    app.include_router(routes.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    app.add_exception_handler(QuestionError, refuse)
    app.add_exception_handler(StoreError, _unavailable)
    app.add_exception_handler(ServersError, _unavailable)
    _allow_origins(app, settings)
    app.add_middleware(pages.SecurityHeaders)
    app.add_middleware(MeasureRequests, metrics=services.metrics)
    return app


class _Api(FastAPI):
    """FastAPI, with the WebSocket route in the schema."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = with_live(super().openapi())
        return self.openapi_schema


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    yield
    await services.hub.close()
    await services.board.close()
    await services.inspection.close()
    await services.reads.close()


def _allow_origins(app: FastAPI, settings: Settings) -> None:
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET"],
            allow_headers=["If-None-Match"],
            expose_headers=["ETag", "Age"],
        )


async def _unavailable(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, LeaderboardError)
    return JSONResponse({"detail": str(error)}, 503, headers={"Retry-After": "1"})
