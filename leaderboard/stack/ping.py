"""Does a server answer in its own protocol? Raw bytes: no client library, no retries."""

import socket
import struct

# https://kafka.apache.org/protocol: ApiVersions (key 18) version 0, correlation id 1, client "up"
_API_VERSIONS = struct.pack(">hhih2s", 18, 0, 1, 2, b"up")


def kafka_answers(host: str, port: int, timeout_s: float = 2.0) -> bool:
    """Whether a Kafka broker answers an ApiVersions request without an error."""
    reply = _ask(host, port, struct.pack(">i", len(_API_VERSIONS)) + _API_VERSIONS, 10, timeout_s)
    if len(reply) < 10:
        return False
    _size, correlation, error = struct.unpack(">iih", reply[:10])
    return bool(correlation == 1 and error == 0)


def redis_answers(host: str, port: int, timeout_s: float = 2.0) -> bool:
    """Whether a Redis server answers PING with PONG; false while it still loads its data."""
    return _ask(host, port, b"PING\r\n", 7, timeout_s) == b"+PONG\r\n"


def zookeeper_answers(host: str, port: int, timeout_s: float = 2.0) -> bool:
    """Whether a ZooKeeper answers its four-letter word `srvr`, which it only does when serving."""
    return _ask(host, port, b"srvr", 9, timeout_s).startswith(b"Zookeeper")


def _ask(host: str, port: int, request: bytes, size: int, timeout_s: float) -> bytes:
    """The first `size` bytes of the reply; fewer when the server closes or stays silent."""
    reply = b""
    try:
        with socket.create_connection((host, port), timeout_s) as connection:
            connection.sendall(request)
            while len(reply) < size and (part := connection.recv(size - len(reply))):
                reply += part
    except OSError:
        return reply
    return reply
