"""The pages: files of `static/`, sent under a strict Content-Security-Policy.

`/docs` is a page of ours that reads `openapi.json`, because FastAPI's loads Swagger UI from a
CDN, which a class room without internet does not have, and the packages that bring its files
would add 10 MB to the set-up for one page.
"""

from pathlib import Path

from fastapi import APIRouter
from starlette.datastructures import MutableHeaders
from starlette.responses import FileResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STATIC = Path(__file__).parent / "static"

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; "
        # a notebook on this machine may show the dashboard in a frame
        "frame-ancestors 'self' http://localhost:* http://127.0.0.1:*"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

router = APIRouter(include_in_schema=False, default_response_class=FileResponse)


@router.get("/")
async def dashboard() -> FileResponse:
    """The live dashboard."""
    return _page("index.html")


@router.get("/pipeline")
async def pipeline() -> FileResponse:
    """Kafka from the inside, read-only."""
    return _page("pipeline.html")


@router.get("/docs")
async def docs() -> FileResponse:
    """The API reference."""
    return _page("docs.html")


def _page(name: str) -> FileResponse:
    return FileResponse(STATIC / name, headers={"Cache-Control": "no-cache"})


class SecurityHeaders:
    """ASGI middleware that adds `HEADERS` to every HTTP answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)
