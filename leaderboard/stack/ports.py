"""Loopback ports: is one taken, and which to use instead.

Never answers with a port of the ephemeral range (32768 and up on Linux): the system hands
those to outgoing connections at random, so a server's restart could find its own port gone.
"""

import random
import socket

HOST = "127.0.0.1"
CHOICES = range(20_000, 32_768)
ATTEMPTS = 200


def taken(port: int) -> bool:
    """Whether something holds this loopback port, listening or bound."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    # macOS lets a second socket bind 127.0.0.1 while another listens on every address
    return accepts(HOST, port, timeout_s=0.2)


def accepts(host: str, port: int, timeout_s: float = 2.0) -> bool:
    """Whether a connection to this address opens within `timeout_s` seconds."""
    try:
        with socket.create_connection((host, port), timeout_s):
            return True
    except OSError:
        return False


def free_port(*preferred: int, avoid: frozenset[int] = frozenset()) -> int:
    """The first of `preferred` that is free, else a random free one below the ephemeral range.

    Random, not counted up: two test runs that start together would pick the same one.
    """
    chosen = random.SystemRandom().sample(CHOICES, ATTEMPTS)
    for port in (*preferred, *chosen):
        if port not in avoid and not taken(port):
            return port
    raise OSError(f"none of {ATTEMPTS} ports tried in {CHOICES} is free")
