"""The proxy that other tests break networks with does what it says."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from kafka import KafkaAdminClient

from leaderboard.stack.ports import HOST
from tests.private_kafka import ProxiedKafka
from tests.proxy import Proxy
from tests.waiting import until


@pytest.fixture
def heard() -> list[bytes]:
    """What the echo server has received, piece by piece."""
    return []


@pytest.fixture
def proxy(heard: list[bytes]) -> Iterator[Proxy]:
    """In front of a server that echoes."""
    with closing(socket.create_server((HOST, 0))) as server:
        thread = threading.Thread(target=_echo_each, args=(server, heard))
        thread.start()
        with Proxy("{}:{}".format(*server.getsockname())) as proxy:
            yield proxy
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def _echo_each(server: socket.socket, heard: list[bytes]) -> None:
    threads = []
    try:
        while True:
            threads.append(threading.Thread(target=_echo, args=(server.accept()[0], heard)))
            threads[-1].start()
    except OSError:  # shut down
        for thread in threads:
            thread.join()


def _echo(sock: socket.socket, heard: list[bytes]) -> None:
    with sock:
        try:
            while piece := sock.recv(1 << 16):
                heard.append(piece)
                sock.sendall(piece)
        except OSError:
            return


@contextmanager
def connected(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection((HOST, proxy.port), 10) as client:
        yield client


def ask(client: socket.socket, text: bytes = b"hello") -> bytes:
    client.sendall(text)
    return client.recv(100)


def test_it_forwards_both_ways_and_counts(proxy: Proxy):
    with connected(proxy) as one, connected(proxy) as other:
        assert (ask(one, b"a"), ask(other, b"b")) == (b"a", b"b")
        assert (proxy.open, proxy.accepted) == (2, 2)
    until(lambda: proxy.open == 0)


def test_latency_and_speed(proxy: Proxy):
    with connected(proxy) as client:
        proxy.latency_s = 0.1
        began = time.monotonic()
        ask(client)
        assert time.monotonic() - began >= 0.2

        proxy.heal()
        proxy.bytes_per_s = 10_000
        began = time.monotonic()
        client.sendall(b"x" * 1000)
        left = 1000
        while left:
            left -= len(client.recv(left))
        assert time.monotonic() - began >= 0.1


def test_reset_and_cut(proxy: Proxy):
    with connected(proxy) as client:
        ask(client)
        proxy.cut()
        assert client.recv(1) == b""
    with connected(proxy) as client:
        ask(client)
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    assert proxy.open == 0


def test_half_open_stays_so_for_those_it_has_met(proxy: Proxy, heard: list[bytes]):
    with connected(proxy) as old:
        ask(old)
        proxy.half_open = True
        with connected(proxy) as new:
            for client in (old, new):
                client.settimeout(0.05)
                for _ in range(2):
                    with pytest.raises(TimeoutError):
                        ask(client, b"lost")
                    proxy.half_open = False
                proxy.half_open = True
    proxy.heal()
    with connected(proxy) as client:
        assert ask(client) == b"hello"
    assert b"lost" not in b"".join(heard)


def test_refusing_leaves_open_connections_alone(proxy: Proxy):
    with connected(proxy) as old:
        ask(old)
        proxy.refusing = True
        with pytest.raises(ConnectionRefusedError), connected(proxy):
            pass
        assert ask(old) == b"hello"
    proxy.heal()
    with connected(proxy) as client:
        assert ask(client) == b"hello"


def test_lost_replies_are_to_requests_that_arrived(proxy: Proxy, heard: list[bytes]):
    proxy.lose_replies(2, to=lambda request: b"lose" in request)
    with connected(proxy) as client:
        assert ask(client, b"keep") == b"keep"
        assert ask(client, b"lose 1") == b""
    with connected(proxy) as client:
        assert ask(client, b"lose 2") == b""
    with connected(proxy) as client:
        assert ask(client, b"lose 3") == b"lose 3"
    assert heard == [b"keep", b"lose 1", b"lose 2", b"lose 3"]
    assert proxy.lost == 2


def test_a_target_that_is_away_is_a_reset():
    with (
        Proxy(f"{HOST}:1") as proxy,
        pytest.raises(ConnectionResetError),  # while connecting or after
        connected(proxy) as client,
    ):
        client.recv(1)


def test_a_kafka_client_stays_behind_it(proxied_kafka: ProxiedKafka):
    """It goes on to where the broker says it is."""
    with closing(KafkaAdminClient(bootstrap_servers=proxied_kafka.proxied)) as admin:
        nodes = {f"{b['host']}:{b['port']}" for b in admin.describe_cluster()["brokers"]}
    assert nodes == {proxied_kafka.proxied}
