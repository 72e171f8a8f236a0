"""Pushes to WebSocket clients, each in a task of its own, none waiting for another.

A client holds no queue, only the revision of the board it has seen: when it is ready for more it
takes the latest. One that takes longer than `SEND_TIMEOUT_S` for a message is dropped.
"""

import asyncio
import logging
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from leaderboard.api.models import Availability, ServiceStatus
from leaderboard.api.snapshot import Board
from leaderboard.errors import StoreError

PUSH_EVERY_S = 1.0
"""A client gets at most one push in this time."""
POLL_EVERY_S = 0.25
"""How often the board is read while somebody is connected."""
SEND_TIMEOUT_S = 5.0

log = logging.getLogger(__name__)


class Client:
    """One connection: what it asked for and what it was told."""

    def __init__(self, socket: WebSocket, top: int, limit: int) -> None:
        self._socket = socket
        self._top = top
        self._limit = limit
        self._sent: object = None
        self._problem = ""

    async def push(self, board: Board) -> int:
        """Send what is new to this client; returns how many messages."""
        messages = []
        if board.moment and board.moment is not self._sent:
            self._sent = board.moment
            messages.append(board.moment.update(self._top, self._limit))
        if bool(board.problem) != bool(self._problem):
            self._problem = board.problem
            status = Availability(available=not board.problem, reason=board.problem)
            messages.append(ServiceStatus(data=status).model_dump_json())
        async with asyncio.timeout(SEND_TIMEOUT_S):
            for message in messages:
                await self._socket.send_text(message)
        return len(messages)

    async def drain(self) -> None:
        """Ignore what the client sends until it goes."""
        while (await self._socket.receive())["type"] != "websocket.disconnect":
            continue


class Hub:
    """All connections. While there are any, one task reads the board."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._clients: set[Client] = set()
        self._poller: asyncio.Task[None] | None = None
        self.pushes = 0
        """Messages sent to clients."""

    @property
    def clients(self) -> int:
        """How many are connected."""
        return len(self._clients)

    async def serve(self, socket: WebSocket, top: int, limit: int) -> None:
        """Push to an accepted `socket` until it goes, or is too slow."""
        client = Client(socket, top, limit)
        self._clients.add(client)
        poller = self._polling()
        tasks = [asyncio.create_task(self._send(client)), asyncio.create_task(client.drain())]
        try:
            await asyncio.wait({*tasks, poller}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._clients.discard(client)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in (*tasks, poller):
            if task.done() and not task.cancelled():
                task.result()  # an unknown failure is not hidden

    async def close(self) -> None:
        """Stop reading the board."""
        if self._poller:
            self._poller.cancel()
            await asyncio.gather(self._poller, return_exceptions=True)

    async def _send(self, client: Client) -> None:
        with suppress(StoreError):
            await self._board.fresh()
        revision = -1
        try:
            while True:
                revision = await self._board.revised(revision)
                self.pushes += await client.push(self._board)
                await asyncio.sleep(PUSH_EVERY_S)
        except TimeoutError:
            log.info("a client took longer than %g s for a push: dropped", SEND_TIMEOUT_S)
        except (WebSocketDisconnect, WebSocketDisconnected):
            return

    def _polling(self) -> asyncio.Task[None]:
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())
        return self._poller

    async def _poll(self) -> None:
        while self._clients:
            with suppress(StoreError):  # the board keeps it as its `problem`
                await self._board.fresh()
            await asyncio.sleep(POLL_EVERY_S)
