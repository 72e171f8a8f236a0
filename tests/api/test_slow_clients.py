"""Clients that never read, vanish, or come by the thousand disturb nobody."""

import asyncio
import base64
import contextlib
import os
import socket
import struct
import time

import pytest
from websockets.asyncio.client import connect

from leaderboard.api import live
from tests.serving import Feed, Serving, scored
from tests.waiting import until


def never_reading(api: Serving, query: str = "") -> socket.socket:
    """A socket after a WebSocket handshake, with the smallest buffer there is."""
    host, _, port = api.url.removeprefix("http://").partition(":")
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    sock.connect((host, int(port)))
    key = base64.b64encode(os.urandom(16)).decode()
    sock.sendall(
        f"GET /ws{query} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert sock.recv(12).endswith(b"101")
    return sock


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
        sock = never_reading(api)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()  # resets the connection
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
            assert api.services.hub.clients == 1000

    asyncio.run(all_at_once())
    until(lambda: api.services.hub.clients == 0)
