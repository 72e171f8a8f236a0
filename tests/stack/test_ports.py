"""Ports and pings: a stranger on a port is neither free space nor our server."""

import socket
import threading
from collections.abc import Iterator

import pytest

from leaderboard.stack.ping import kafka_answers, redis_answers, zookeeper_answers
from leaderboard.stack.ports import HOST, accepts, free_port, taken

PINGS = [kafka_answers, redis_answers, zookeeper_answers]


@pytest.fixture
def stranger() -> Iterator[int]:
    """A program on a port that answers anything with an HTTP error; its port."""
    with socket.create_server((HOST, free_port())) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(100)
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_the_wanted_port_is_used_when_it_is_free():
    port = free_port()
    assert free_port(port) == port


def test_a_taken_port_is_replaced_by_one_below_the_ephemeral_range(stranger: int):
    assert taken(stranger)
    other = free_port(stranger)
    assert other != stranger
    assert 1024 < other < 32768


def test_a_listener_on_every_address_takes_the_port():
    with socket.create_server(("", free_port())) as listener:
        assert taken(listener.getsockname()[1])


def test_a_port_to_avoid_is_not_chosen():
    port = free_port()
    assert free_port(port, avoid=frozenset({port})) != port


@pytest.mark.parametrize("answers", PINGS)
def test_a_stranger_is_no_server(stranger: int, answers):
    assert accepts(HOST, stranger)
    assert not answers(HOST, stranger)


@pytest.mark.parametrize("answers", PINGS)
def test_silence_and_nobody_are_no_server(answers):
    with socket.create_server((HOST, free_port())) as silent:
        assert not answers(HOST, silent.getsockname()[1], 0.1)
    assert not answers(HOST, free_port(), 0.1)
