"""The listening socket and the uvicorn server around the application."""

import errno
import socket
import sys

import uvicorn
from fastapi import FastAPI

from leaderboard.api.pushing import PushProtocol
from leaderboard.errors import ServersError

MESSAGE_BYTES = 1024
"""Largest WebSocket message a client may send; it has nothing to say."""
SEND_BUFFER_BYTES = 64 * 1024
"""What the kernel holds for one connection: a slow client gets few outdated pushes."""
DEAD_PEER_MS = 20_000
"""A peer that takes no byte for this long is cut off by the kernel (Linux, tcp(7))."""
GRACE_S = 2
"""How long the end waits for requests under way."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on `host` and `port` (0: any free one); accepted ones inherit it.

    Raises
    ------
    ServersError
        when the port is taken or the address is not ours.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # asyncio sends small answers without delay only on sockets that name their protocol
        sock = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ServersError(f"cannot listen on {host}:{port}: {error}; check --host") from error
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        if sys.platform == "linux":
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_PEER_MS)
        sock.bind(address)
        sock.listen(2048)
    except OSError as error:
        sock.close()
        raise ServersError(_why_not(host, port, error)) from error
    return sock


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"cannot listen on {host}:{port}: something else does; stop it, or choose another "
            "port: leaderboard serve --port 8001 (0: any free one)"
        )
    if error.errno == errno.EACCES:
        return f"cannot listen on {host}:{port}: not permitted; choose a port above 1023"
    return f"cannot listen on {host}:{port}: {error.strerror}; check --host"


def url_of(sock: socket.socket) -> str:
    """The address to open in a browser on this machine."""
    host, port = sock.getsockname()[:2]
    known = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
    name = known.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}"


def make_server(app: FastAPI) -> uvicorn.Server:
    """A server for `app`: give its `run` the sockets; `should_exit` ends it within `GRACE_S`."""
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws=PushProtocol,
        ws_max_size=MESSAGE_BYTES,
        ws_per_message_deflate=False,  # costs more CPU per client than it saves on these messages
        timeout_graceful_shutdown=GRACE_S,
    )
    return uvicorn.Server(config)
