"""Clients that never read, vanish, say too much or come by the thousand disturb nobody."""

import asyncio
import base64
import contextlib
import os
import re
import socket
import struct
import time
from collections.abc import Callable

import pytest
from websockets.asyncio.client import connect
from websockets.sync.client import connect as connect_sync

from leaderboard.api import live
from tests.proxy import Proxy
from tests.serving import Feed, Serving, scored
from tests.waiting import until

CLOSED_1009 = re.compile(rb"\x88.\x03\xf1", re.DOTALL)
"""A close frame with the code for a message too big (RFC 6455, 7.4.1)."""


def handshake(query: str = "") -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /ws{query} HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def never_reading(api: Serving, query: str = "") -> socket.socket:
    """A socket after a WebSocket handshake, with the smallest buffer there is."""
    host, _, port = api.url.removeprefix("http://").partition(":")
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    sock.connect((host, int(port)))
    sock.sendall(handshake(query))
    assert sock.recv(12).endswith(b"101")
    return sock


def reset(sock: socket.socket) -> None:
    """Its end will be an RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.timeout(300)
def test_mistake_14_one_that_never_reads_is_dropped_and_others_go_on(
    api: Serving, feed: Feed, monkeypatch: pytest.MonkeyPatch
):
    """Big names make big pushes, which fill its buffers; pushes are hurried to save time."""
    monkeypatch.setattr(live, "PUSH_EVERY_S", 0.01)
    monkeypatch.setattr(live, "POLL_EVERY_S", 0.01)
    monkeypatch.setattr(live, "SEND_TIMEOUT_S", 1.0)
    feed(*(scored(f"p{i:03}", i, name="W" * 128) for i in range(100)))
    with api.live("?top=1") as reader, never_reading(api, "?top=100"):
        until(lambda: api.services.hub.clients == 2)
        dropped_by = time.monotonic() + 200
        pushes = 0
        while api.services.hub.clients == 2 and time.monotonic() < dropped_by:
            feed(scored("p000", 1))
            reader.recv(30)  # fails when the other stalls it
            pushes += 1

        assert api.services.hub.clients == 1
        assert pushes > 5
        feed(scored("p000", 1))
        assert reader.recv(30)


def test_one_that_never_reads_does_not_delay_the_end(api: Serving, feed: Feed):
    feed(*(scored(f"p{i:03}", i, name="W" * 128) for i in range(100)))
    with never_reading(api, "?top=100"):
        until(lambda: api.services.hub.clients == 1)

        api.stop()
    api.start()


def test_connections_cut_off_in_the_middle_are_no_error(
    api: Serving, feed: Feed, caplog: pytest.LogCaptureFixture
):
    feed(scored("p", 1))
    for _ in range(20):
        with never_reading(api) as sock:
            reset(sock)
        feed(scored("p", 1))

    until(lambda: api.services.hub.clients == 0)
    assert [r for r in caplog.records if r.levelname in ("ERROR", "CRITICAL")] == []


@pytest.mark.timeout(300)
def test_a_thousand_connections(api: Serving, feed: Feed):
    feed(scored("p", 1))

    async def all_at_once() -> None:
        url = f"{api.url.replace('http', 'ws')}/ws"
        async with contextlib.AsyncExitStack() as stack:
            few = asyncio.Semaphore(50)

            async def one() -> None:
                async with few:
                    client = await stack.enter_async_context(
                        connect(url, proxy=None, open_timeout=60, ping_interval=None)
                    )
                    assert '"total_players":1' in str(await client.recv())

            await asyncio.gather(*(one() for _ in range(1000)))
            await asyncio.to_thread(until, lambda: api.services.hub.clients == 1000)

    asyncio.run(all_at_once())
    until(lambda: api.services.hub.clients == 0)


@pytest.mark.timeout(300)
def test_a_thousand_connects_in_a_burst_most_of_them_cut_off(
    api: Serving,
    feed: Feed,
    caplog: pytest.LogCaptureFixture,
    record_property: Callable[[str, object], None],
):
    """A third is reset inside its handshake, a third right after it, a third stays and reads."""
    feed(scored("p", 1))
    host, _, port = api.url.removeprefix("http://").partition(":")

    async def one(number: int) -> asyncio.StreamWriter | None:
        reader, writer = await asyncio.open_connection(host, int(port))
        if number % 3 == 0:
            writer.write(handshake()[:20])
        else:
            writer.write(handshake())
            await reader.readuntil(b"101")
        if number % 3 < 2:
            reset(writer.get_extra_info("socket"))
            writer.transport.abort()
            return None
        await reader.readuntil(b'"total_players":1')
        return writer

    async def burst() -> float:
        began = time.monotonic()
        stay = [w for w in await asyncio.gather(*map(one, range(1000))) if w]
        seconds = time.monotonic() - began
        assert len(stay) == 333
        await asyncio.to_thread(until, lambda: api.services.hub.clients == 334)
        for writer in stay:
            writer.close()
        return seconds

    with api.live() as client:
        client.recv(30)
        record_property("burst_s", round(asyncio.run(burst()), 2))
        feed(scored("p", 1))
        assert '"score":2' in client.recv(30)
    until(lambda: api.services.hub.clients == 0)
    assert [r for r in caplog.records if r.levelname in ("ERROR", "CRITICAL")] == []


def test_a_half_open_client_is_dropped_and_others_go_on(
    api: Serving, feed: Feed, monkeypatch: pytest.MonkeyPatch
):
    """It takes every byte and answers no ping. (A ping comes every 20 s otherwise.)"""
    feed(scored("p", 1))
    with Proxy(api.url.removeprefix("http://")) as proxy, api.live() as client:
        client.recv(30)
        monkeypatch.setattr(api.server.config, "ws_ping_interval", 0.2)
        monkeypatch.setattr(api.server.config, "ws_ping_timeout", 1.0)
        with connect_sync(f"ws://{proxy.address}/ws", proxy=None, ping_interval=None) as other:
            other.recv(30)
            proxy.half_open = True
            until(lambda: api.services.hub.clients == 1)
            feed(scored("p", 1))
            assert '"score":2' in client.recv(30)
            proxy.reset()


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(b"\x81\xff" + struct.pack(">Q", 1 << 40) + bytes(4), id="a frame of 1 TB"),
        pytest.param(b"\x81\xfe" + struct.pack(">H", 1025) + bytes(4 + 1025), id="1025 bytes"),
        pytest.param(
            b"\x01\xfe" + struct.pack(">H", 1000) + bytes(4 + 1000)
            + b"\x80\xfe" + struct.pack(">H", 1000) + bytes(4 + 1000), id="in two parts",
        ),
    ],
)  # fmt: skip
def test_who_says_too_much_is_closed_with_1009_and_others_go_on(
    api: Serving, feed: Feed, frames: bytes
):
    """The length alone decides: nobody waits for what a frame of 1 TB says it holds."""
    feed(scored("p", 1))
    with api.live() as client, never_reading(api) as sock:
        client.recv(30)
        sock.sendall(frames)
        sock.settimeout(30)
        answer = b""
        while piece := sock.recv(4096):
            answer += piece
        assert CLOSED_1009.search(answer)
        feed(scored("p", 1))
        assert '"score":2' in client.recv(30)
    until(lambda: api.services.hub.clients == 0)
