"""What the routes need, one per application, and how a route gets it."""

from typing import Annotated

from fastapi import Depends
from msgspec import Struct
from starlette.requests import HTTPConnection

from leaderboard.api.inspection import Inspection
from leaderboard.api.live import Hub
from leaderboard.api.metrics import ApiMetrics
from leaderboard.api.reads import Reads
from leaderboard.api.snapshot import Board
from leaderboard.settings import Settings


class Services(Struct, frozen=True):
    """The application's parts."""

    settings: Settings
    reads: Reads
    board: Board
    hub: Hub
    metrics: ApiMetrics
    inspection: Inspection


async def _services(connection: HTTPConnection) -> Services:
    services: Services = connection.app.state.services
    return services


Api = Annotated[Services, Depends(_services)]
