"""The least a push can cost: an asyncio server that writes the same bytes to every client.

Says its port, then answers lines with its CPU time and the number of writes.
"""

from __future__ import annotations

import asyncio
import sys

from benchmarks.answering import answer_lines, say
from leaderboard.api.pushing import text_frame


class Writers(set[asyncio.Transport]):
    """Connections, and how often any was written to."""

    writes = 0

    def protocol(self) -> asyncio.Protocol:
        """Of a new connection."""
        return _Connection(self)

    def write(self, data: bytes) -> None:
        """To all."""
        for transport in self:
            transport.write(data)
        self.writes += len(self)


class _Connection(asyncio.Protocol):
    def __init__(self, writers: Writers) -> None:
        self._writers = writers

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._writers.add(transport)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._writers.discard(self._transport)


async def main(size: int, every_s: float) -> None:
    """Write a message of `size` bytes every `every_s` seconds until SIGTERM."""
    frame, writers = text_frame(b"x" * size), Writers()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(writers.protocol, "127.0.0.1", 0, backlog=2048)
    say(str(server.sockets[0].getsockname()[1]))
    answer_lines(lambda: writers.writes, lambda: len(writers))
    while True:
        await asyncio.sleep(every_s)
        writers.write(frame)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
