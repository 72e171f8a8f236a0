"""Pushes to WebSocket clients: one task reads the board and writes to all, waiting for none.

All get what is new at the same time, so that a board which changes all the time is read once for
each push. A client holds no queue, only what of the board it has seen: when it can take more it
gets the latest. One that takes nothing for longer than `SEND_TIMEOUT_S` is dropped.
"""

import asyncio
import logging
import time
from contextlib import suppress

from starlette.websockets import WebSocket

from leaderboard.api.models import Availability, ServiceStatus
from leaderboard.api.pushing import EXTENSION, Pusher, text_frame
from leaderboard.api.snapshot import Board
from leaderboard.errors import StoreError

PUSH_EVERY_S = 1.0
"""Clients are pushed to at most once in this time, after their first push."""
POLL_EVERY_S = 0.25
"""How often the board is read while somebody is connected and there was nothing to push."""
SEND_TIMEOUT_S = 5.0
AT_ONCE = 100
"""Clients that are written to before requests get their turn: a few milliseconds."""

log = logging.getLogger(__name__)


class Client:
    """One connection: what it asked for and what it was told."""

    def __init__(self, pusher: Pusher, top: int, limit: int) -> None:
        self._pusher = pusher
        self._top = top
        self._limit = limit
        self._revision = -1
        self._sent: object = None
        self._available = True
        self._stalled_at: float | None = None

    def push(self, board: Board, now: float) -> int:
        """Write what is new at `now` (seconds, monotonic); returns how many messages."""
        if self._revision == board.revision:
            return 0
        frames = []
        if board.moment and board.moment is not self._sent:
            frames.append(board.moment.update(self._top, self._limit))
        if self._available is bool(board.problem):
            status = Availability(available=not board.problem, reason=board.problem)
            frames.append(text_frame(ServiceStatus(data=status).model_dump_json().encode()))
        if frames and not self._pusher.push(b"".join(frames)):
            self._stalled(now)
            return 0
        self._revision, self._sent, self._available = (
            board.revision, board.moment, not board.problem,
        )  # fmt: skip
        self._stalled_at = None
        return len(frames)

    def _stalled(self, now: float) -> None:
        if self._stalled_at is None:
            self._stalled_at = now
        elif now - self._stalled_at > SEND_TIMEOUT_S:
            log.info("a client took nothing for %g s: dropped", SEND_TIMEOUT_S)
            self._pusher.drop()


class Hub:
    """All connections. While there are any, one task reads the board and writes to them."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._clients: set[Client] = set()
        self._pushing: asyncio.Task[None] | None = None
        self.pushes = 0
        """Messages sent to clients."""

    @property
    def clients(self) -> int:
        """How many are connected."""
        return len(self._clients)

    async def serve(self, socket: WebSocket, top: int, limit: int) -> None:
        """Push to an accepted `socket` until it goes, or is too slow.

        Its server must be one of `make_server`, which lets frames be written.
        """
        client = Client(socket.scope["extensions"][EXTENSION], top, limit)
        with suppress(StoreError):  # the board keeps it as its `problem`
            await self._board.fresh()
        self.pushes += client.push(self._board, time.monotonic())
        self._clients.add(client)
        pushing, drained = self._push(), asyncio.create_task(_drain(socket))
        try:
            await asyncio.wait({drained, pushing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._clients.discard(client)
            drained.cancel()
            await asyncio.gather(drained, return_exceptions=True)
        for task in (drained, pushing):
            if task.done() and not task.cancelled():
                task.result()  # an unknown failure is not hidden

    async def close(self) -> None:
        """Stop reading the board."""
        if self._pushing:
            self._pushing.cancel()
            await asyncio.gather(self._pushing, return_exceptions=True)

    def _push(self) -> asyncio.Task[None]:
        if self._pushing is None or self._pushing.done():
            self._pushing = asyncio.create_task(self._push_on())
        return self._pushing

    async def _push_on(self) -> None:
        while self._clients:
            with suppress(StoreError):
                await self._board.fresh()
            pushes = await self._push_to_all()
            self.pushes += pushes
            await asyncio.sleep(PUSH_EVERY_S if pushes else POLL_EVERY_S)

    async def _push_to_all(self) -> int:
        now, pushes = time.monotonic(), 0
        for place, client in enumerate(tuple(self._clients), start=1):
            pushes += client.push(self._board, now)
            if place % AT_ONCE == 0:
                await asyncio.sleep(0)
        return pushes


async def _drain(socket: WebSocket) -> None:
    """Ignore what the client sends until it goes."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        continue
