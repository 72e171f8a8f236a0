"""Keep-alive HTTP clients that ask one question as fast as they are answered.

Bytes in, bytes out, no HTTP library: a client that costs more than the server measures itself.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter

from msgspec import Struct

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


class Answers(Struct, frozen=True):
    """What came back: how many answers by status, in how many seconds."""

    statuses: dict[int, int]
    seconds: float

    @property
    def count(self) -> int:
        return sum(self.statuses.values())


def request(path: str, **headers: str) -> bytes:
    """A GET request, as bytes.

    >>> request("/", if_none_match="x")
    b'GET / HTTP/1.1\\r\\nHost: bench\\r\\nif-none-match: x\\r\\n\\r\\n'
    """
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: bench", *lines, "", ""]).encode()


def size_of(answer: bytes) -> int:
    """Bytes of the first answer in `answer`, head and body; 0 while its head is not complete.

    >>> size_of(b"HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\n{}HTTP")
    40
    >>> size_of(b"HTTP/1.1 304 Not Modified\\r\\netag: x\\r\\n\\r\\n")
    38
    """
    end = answer.find(HEAD_END)
    if end < 0:
        return 0
    head = answer[:end].lower()
    at = head.find(LENGTH)
    body = int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
    return end + len(HEAD_END) + body


class Answer(Struct, frozen=True):
    """One answer: its entity tag (empty: none) and body."""

    etag: str
    body: bytes


def answer_to(host: str, port: int, asked: bytes) -> Answer:
    """Ask once. Raises `OSError` when the server can not be reached, or closes the connection."""
    got = b""
    with socket.create_connection((host, port), timeout=30) as connection:
        connection.sendall(asked)
        while not (size := size_of(got)) or len(got) < size:
            more = connection.recv(65_536)
            if not more:
                raise ConnectionError("the server closed a connection")
            got += more
    head, _, body = got.partition(HEAD_END)
    fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
    return Answer(fields.get(b"etag", b"").decode(), body)


class _Client(asyncio.Protocol):
    """One connection: asks again as soon as it was answered, until told to stop."""

    def __init__(self, asked: bytes, statuses: Counter[int]) -> None:
        self._asked = asked
        self._statuses = statuses
        self._got = b""
        self.stopped = False
        self.gone = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._asked)

    def data_received(self, data: bytes) -> None:
        self._got += data
        size = size_of(self._got)
        if not size or len(self._got) < size:
            return
        self._statuses[int(self._got[9:12])] += 1
        self._got = self._got[size:]
        if self.stopped:
            self._transport.close()
        else:
            self._transport.write(self._asked)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.stopped:
            self.gone.set_result(None)
        else:
            self.gone.set_exception(exc or ConnectionError("the server closed a connection"))


async def ask(host: str, port: int, asked: bytes, connections: int, seconds: float) -> Answers:
    """Ask for `seconds` over so many connections, longer until there are as many answers.

    Raises
    ------
    OSError
        when the server can not be reached, or closes a connection.
    """
    statuses: Counter[int] = Counter()
    loop = asyncio.get_running_loop()
    began = time.monotonic()
    opened = [
        await loop.create_connection(lambda: _Client(asked, statuses), host, port)
        for _ in range(connections)
    ]
    clients = [client for _, client in opened]
    wait_s = seconds
    while wait_s == seconds or sum(statuses.values()) < connections:
        await asyncio.wait([client.gone for client in clients], timeout=wait_s)
        wait_s = seconds / 10
    took = time.monotonic() - began
    found = dict(statuses)
    for client in clients:
        client.stopped = True
    await asyncio.gather(*(client.gone for client in clients))
    return Answers(found, took)
