"""A TCP proxy with faults that are switched on and off while it runs. It asserts nothing.

    with Proxy("127.0.0.1:6379") as proxy:
        client = Redis.from_url(f"redis://{proxy.address}/0")
        proxy.latency_s = 0.2       # each way, of whatever passes from now on
        proxy.bytes_per_s = 50_000  # per connection and way; 0: as fast as it goes
        proxy.half_open = True      # accepts and swallows, answers nothing
        proxy.refusing = True       # new connections are refused; open ones stay
        proxy.reset()               # every open connection ends with an RST
        proxy.cut()                 # every open connection ends with a FIN
        proxy.lose_replies(2)       # the next two requests reach the target; instead of each
                                    # one's reply the client gets a FIN
        proxy.heal()                # everything as at the start; lost replies not yet lost, too

A connection that has swallowed anything stays silent until its client closes it, also after
`half_open` is off again: the bytes are gone, as with a peer that lost its state. `lose_replies`
takes a predicate on the bytes of a request, which get there in pieces of at most 64 KiB: a client
that talks in small requests and awaits each reply sends one piece for each.

A Kafka client goes on to the address that its broker advertises: see `ProxiedKafka` in
`tests/private_kafka.py`.
"""

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Self

from leaderboard.stack.ports import HOST, free_port

PIECE = 64 * 1024
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER, on and 0 seconds: closing sends an RST (socket(7))."""

Predicate = Callable[[bytes], bool]


class Proxy:
    """Forwards connections to `target` (host:port); as a context it stops at its end.

    The attributes may be set from any thread. `address` stays the same for all its life; `open`
    counts the connections there are, `accepted` all there ever were, and `lost` the replies lost
    since `lose_replies`.
    """

    def __init__(self, target: str, port: int = 0) -> None:
        self.target = target
        self.port = port or free_port()
        self.address = f"{HOST}:{self.port}"
        self.latency_s = 0.0
        self.bytes_per_s = 0
        self.half_open = False
        self.accepted = 0
        self.lost = 0
        self._to_lose = 0
        self._is_meant: Predicate = lambda _request: True
        self._refusing = False
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")
        self._server: asyncio.Server | None = None

    @property
    def open(self) -> int:
        return len(self._links)

    @property
    def refusing(self) -> bool:
        return self._refusing

    @refusing.setter
    def refusing(self, refusing: bool) -> None:
        if refusing != self._refusing:
            self._refusing = refusing
            self._do(self._deafen() if refusing else self._listen())

    def reset(self) -> None:
        """End every open connection with an RST, at both ends."""
        self._do(self._end(_Link.reset))

    def cut(self) -> None:
        """End every open connection with a FIN, at both ends."""
        self._do(self._end(_Link.cut))

    def lose_replies(self, n: int = 1, to: Predicate = lambda _request: True) -> None:
        """Lose the replies to the next `n` requests for which `to` is true."""
        self._is_meant, self._to_lose, self.lost = to, n, 0

    def heal(self) -> None:
        """No fault any more; connections that swallowed something stay silent."""
        self.latency_s, self.bytes_per_s, self.half_open = 0.0, 0, False
        self._to_lose = 0
        self.refusing = False

    def loses_reply_to(self, request: bytes) -> bool:
        """Whether this one's reply is to be lost; then it counts. For `_Link`."""
        if not self._to_lose or not self._is_meant(request):
            return False
        self._to_lose -= 1
        return True

    def start(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def stop(self) -> None:
        """Reset what is open and listen no more."""
        self._do(self._deafen())
        self.reset()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _do(self, work: Coroutine[None, None, None]) -> None:
        """Run it in the proxy's thread and wait until it is done."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, HOST, self.port, backlog=2048)

    async def _deafen(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _end(self, how: "Callable[[_Link], None]") -> None:
        links = list(self._links)
        for link in links:
            how(link)
        await asyncio.gather(*(link.ended.wait() for link in links))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self, reader, writer)
        self.accepted += 1
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)
            link.ended.set()


class _Link:
    """One connection through the proxy: the client's end and the target's."""

    def __init__(
        self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.ended = asyncio.Event()
        self._proxy = proxy
        self._reader, self._writers = reader, [writer]
        self._silent = False
        self._loses = False
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Until one side ends: then so does the other."""
        self._task = asyncio.ensure_future(self._run())
        await asyncio.wait({self._task})
        for writer in self._writers:
            writer.close()
        if not self._task.cancelled():
            self._task.result()

    async def _run(self) -> None:
        host, _, port = self._proxy.target.rpartition(":")
        if self._proxy.half_open:
            self._silent = True
            await self._swallow(self._reader)
            return
        try:
            reader, writer = await asyncio.open_connection(host, int(port))
        except OSError:
            self._reset(self._writers[0])  # the nearest to the refusal that a target gives
            return
        self._writers.append(writer)
        there = _Way(self._proxy, self._reader, writer, self._asked)
        back = _Way(self._proxy, reader, self._writers[0], self._answered)
        ways = [asyncio.ensure_future(way.run()) for way in (there, back)]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if self._silent:  # the target has closed; a half-open peer never says so
                await ways[0]
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    def _asked(self, piece: bytes) -> bool:
        """Whether a piece of a request goes on to the target."""
        self._silent = self._silent or self._proxy.half_open
        if not self._silent and not self._loses:
            self._loses = self._proxy.loses_reply_to(piece)
        return not self._silent

    def _answered(self, _piece: bytes) -> bool:
        """Whether a piece of a reply goes back to the client."""
        self._silent = self._silent or self._proxy.half_open
        if self._loses:
            self._loses = False
            self._proxy.lost += 1
            self.cut()
            return False
        return not self._silent

    async def _swallow(self, reader: asyncio.StreamReader) -> None:
        try:
            while await reader.read(PIECE):
                continue
        except OSError:
            return

    def cut(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def reset(self) -> None:
        for writer in self._writers:
            self._reset(writer)
        self.cut()

    @staticmethod
    def _reset(writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        if sock.fileno() < 0:
            return  # closed meanwhile
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()


class _Way:
    """One direction of a link: pieces wait for their time, then leave at the link's speed."""

    def __init__(
        self,
        proxy: Proxy,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        passes: Predicate,
    ) -> None:
        self._proxy = proxy
        self._reader, self._writer = reader, writer
        self._passes = passes
        self._under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(16)

    async def run(self) -> None:
        """Until the sender ends, or either end is broken."""
        sending = asyncio.ensure_future(self._send())
        try:
            while piece := await self._reader.read(PIECE):
                if self._passes(piece):
                    await self._under_way.put((time.monotonic() + self._proxy.latency_s, piece))
            await self._under_way.put((time.monotonic() + self._proxy.latency_s, b""))
            await sending
        except OSError:
            return
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _send(self) -> None:
        while True:
            due, piece = await self._under_way.get()
            if not piece:
                return
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self._write(piece)

    async def _write(self, piece: bytes) -> None:
        while piece:
            speed = self._proxy.bytes_per_s
            size = min(speed // 20 + 1, len(piece)) if speed else len(piece)
            if speed:
                await asyncio.sleep(size / speed)
            self._writer.write(piece[:size])
            await self._writer.drain()
            piece = piece[size:]
