"""A stage's metrics over HTTP, for a Prometheus server to fetch. The API has a route instead."""

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server

from leaderboard.errors import ServersError

log = logging.getLogger(__name__)


@contextmanager
def exposed(registry: CollectorRegistry, host: str, port: int | None) -> Iterator[None]:
    """Answer `GET /metrics` at `host` and `port` (0: any free one; None: not at all).

    The address is logged. Answers are given in a thread of their own, from what `registry` holds
    when they are asked for.

    Raises
    ------
    ServersError
        when the port is taken or the address is not this machine's.
    """
    if port is None:
        yield
        return
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise ServersError(_why_not(host, port, error)) from error
    name = f"[{host}]" if ":" in host else host
    log.info("metrics at http://%s:%d/metrics", name, server.server_port)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()  # `shutdown` alone keeps the port
        thread.join()


def _why_not(host: str, port: int, error: OSError) -> str:
    where = f"cannot serve metrics on {host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where}: something else listens there; choose another --metrics-port, or 0 (any)"
    return f"{where}: {error.strerror or error}; check --metrics-host and --metrics-port"
