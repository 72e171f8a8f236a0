"""uvicorn's WebSocket protocol, plus writing frames that were made once for all clients.

ASGI's `send` frames a message anew for each client and may wait; for thousands of clients that
costs nine times the write itself. Here a frame is bytes, and writing never waits: whoever does not
keep up is skipped.
"""

from typing import Any, Final, Protocol

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

EXTENSION: Final = "leaderboard.push"
"""Where a WebSocket's ASGI scope has its `Pusher`, in `extensions`."""


class Pusher(Protocol):
    """A connection that frames can be written to."""

    def push(self, frame: bytes) -> bool:
        """Write `frame`, unless the client still has more to read than fits the buffers."""

    def drop(self) -> None:
        """Cut the connection off, with what was not sent yet."""


class PushProtocol(WebSocketsSansIOProtocol):
    """A connection of uvicorn's that is a `Pusher`; compression must be off."""

    async def run_asgi(self) -> None:
        extensions: dict[str, Any] = {**(self.scope["extensions"] or {}), EXTENSION: self}
        self.scope["extensions"] = extensions
        await super().run_asgi()

    def push(self, frame: bytes) -> bool:
        if not self.writable.is_set():
            return False
        if not (self.close_sent or self.disconnected or self.transport.is_closing()):
            self.transport.write(frame)
        return True

    def drop(self) -> None:
        self.transport.abort()


def text_frame(text: bytes) -> bytes:
    """A whole message of UTF-8 text, as a server sends it: not masked (RFC 6455, 5.1)."""
    return bytes(Frame(Opcode.TEXT, text).serialize(mask=False))
