"""Many WebSocket clients in one process, that read what comes; some of them never do.

Told by arguments: port, how many that read, how many that never do, and the path to ask for with a
WebSocket handshake (empty: none, bytes come at once). Says `ready`, then answers lines with what
came. A client that reads is sent the smaller pushes, one that never does the biggest there are.
"""

from __future__ import annotations

import base64
import os
import selectors
import socket
import sys
import threading
import time
from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from benchmarks.answering import say
from benchmarks.http_load import HEAD_END

SAMPLED: Final = 50
"""Clients whose pushes are kept with the times they came."""
SMALL: Final = 125
MEDIUM: Final = 126
"""Of a frame's length: up to the first it is itself, the second: two bytes follow, else eight."""
TEXT: Final = 0x81
PING: Final = 0x89
PONG: Final = 0x8A
NO_MASK: Final = bytes(4)


class Came(Struct, frozen=True):
    """What came until now.

    `last` holds the last message of each client that reads, once each: equal ones are one. `open`
    counts them, `cut` the clients that never read and were cut off. `sampled` has the times
    (seconds, monotonic) and the counts of events of the pushes to some.
    """

    messages: int
    size: int
    last: list[str]
    open: int
    sampled: list[list[tuple[float, int]]]


class _Update(Struct):
    data: dict[str, Any]


class Reader:
    """A client that reads: cuts what comes into messages (RFC 6455, 5.2), answers pings."""

    def __init__(self, sock: socket.socket, sampled: list[tuple[float, int]] | None) -> None:
        self._sock = sock
        self._got = b""
        self._sampled = sampled
        self.messages = 0
        self.last = b""
        self.is_open = True

    def read(self) -> None:
        """Take what has come."""
        try:
            more = self._sock.recv(262_144)
        except ConnectionError:
            more = b""
        self.is_open = bool(more)
        self._got += more
        while message := self._message():
            self.last = message
            self.messages += 1
            if self._sampled is not None:
                self._sampled.append((time.monotonic(), _counted(message)))

    def _message(self) -> bytes:
        """The next whole message of text; others are left out. Empty: none is complete."""
        while len(self._got) >= 2:
            length, at = self._got[1], 2
            if length > SMALL:
                at = 4 if length == MEDIUM else 10
                length = int.from_bytes(self._got[2:at], "big")
            if len(self._got) < at + length:
                break
            kind, payload = self._got[0], self._got[at : at + length]
            self._got = self._got[at + length :]
            if kind == TEXT:
                return payload
            if kind == PING:
                self._sock.send(bytes([PONG, 0x80 | length]) + NO_MASK + payload)
        return b""


def connect(port: int, path: str, receive_buffer: int = 0) -> socket.socket:
    """A connection, after a WebSocket handshake where there is a path."""
    sock = socket.socket()
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(60)
    sock.connect(("127.0.0.1", port))
    if path:
        key = base64.b64encode(os.urandom(16)).decode()
        sock.sendall(
            f"GET {path} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = b""
        while not head.endswith(HEAD_END):
            byte = sock.recv(1)
            if not byte:
                raise ConnectionError("the server refused a WebSocket")
            head += byte
    sock.setblocking(False)
    return sock


def main(port: int, reading: int, never: int, path: str) -> None:
    """Connect, say so, read until killed."""
    selector = selectors.DefaultSelector()
    readers: list[Reader] = []
    sampled: list[list[tuple[float, int]]] = []
    for number in range(reading):
        sock = connect(port, path)
        if path and number < SAMPLED:
            sampled.append([])
        readers.append(Reader(sock, sampled[number] if path and number < SAMPLED else None))
        selector.register(sock, selectors.EVENT_READ, readers[-1])
    silent = [connect(port, f"{path}?top=100&limit=50", receive_buffer=1) for _ in range(never)]
    say("ready")
    threading.Thread(target=_answer, args=(readers, sampled), daemon=True).start()
    while silent or readers:
        for key, _ in selector.select():
            reader = cast("Reader", key.data)
            reader.read()
            if not reader.is_open:
                selector.unregister(key.fileobj)


def _answer(readers: list[Reader], sampled: list[list[tuple[float, int]]]) -> None:
    for _ in sys.stdin:
        last = sorted({reader.last for reader in readers})
        came = Came(
            messages=sum(reader.messages for reader in readers),
            size=max(map(len, last), default=0),
            last=[message.decode() for message in last[:3]],
            open=sum(reader.is_open for reader in readers),
            sampled=sampled,
        )
        say(msgspec.json.encode(came).decode())


def _counted(message: bytes) -> int:
    update = msgspec.json.decode(message, type=_Update)
    board = update.data.get("leaderboard")
    return int(board["counts"]["applied"]) if board else 0


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
