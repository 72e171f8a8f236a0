"""What a push costs for each client, and what clients see, with 1 % of them never reading.

CPU time of the server per client and push, against an asyncio server that writes the same bytes to
as many sockets and does nothing else. Those who never read must be dropped, the others must get
the last content, and get every push meanwhile.
"""

from __future__ import annotations

import json
import resource
import time
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct
from tqdm import tqdm

from benchmarks.feed import PLAYERS, Feed
from benchmarks.programs import Program, Used, program
from benchmarks.quantiles import quantiles
from benchmarks.results import Options, Part, Row, rounded
from benchmarks.servers import Servers, servers
from benchmarks.socket_clients import Came
from leaderboard.settings import Settings

CLIENTS: Final = (100, 1000, 5000)
SHORT_CLIENTS: Final = (20,)
HEADLINE: Final = 1000
SECONDS: Final = 25.0
"""Long enough for the biggest pushes, one a second, to fill the buffers of who never reads."""
SHORT_HURRY: Final = 20.0
RAW_WRITES: Final = 20_000
RAW_EVERY_S: Final = 0.25
SETTLE_S: Final = 30.0
FILES: Final = 16_384
"""Connections of one process and some more."""


def run(options: Options) -> Part:
    """Measure every number of clients."""
    allow_files()
    with servers() as running:
        sizes = SHORT_CLIENTS if options.short else CLIENTS
        rows = [measure(running, n, options) for n in tqdm(sizes, disable=not options.progress)]
    headline = next((r for r in rows if r["clients"] == HEADLINE), rows[0])
    ratio = {"websocket/raw write": headline["ratio"]}
    return Part("websocket", ratio, {"pushes": rows}, {"headline_clients": headline["clients"]})


def allow_files() -> None:
    """Let this process and those it starts open a socket for each client."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def measure(running: Servers, clients: int, options: Options) -> Row:
    """Push to so many clients for a while, then write as much to as many bare sockets."""
    running.empty_redis()
    settings = running.settings.with_(kafka=running.kafka, redis=running.redis_url)
    feed = Feed(running.redis, settings)
    feed.count(500 if options.short else PLAYERS)
    hurry = SHORT_HURRY if options.short else 1.0
    never = max(1, clients // 100)
    ours = push(settings, feed, clients - never, never, hurry)
    raw_us = write(settings, clients, ours.size, 200 if options.short else RAW_WRITES)
    return {
        "contestant": "ours",
        "clients": clients,
        "never_reading": never,
        "message_bytes": ours.size,
        "cpu_us": rounded(ours.cpu_us),
        "raw_us": rounded(raw_us),
        "ratio": rounded(ours.cpu_us / raw_us),
        "memory_kb_per_client": rounded(ours.memory_kb),
        **quantiles("event_to_client_ms", ours.delays_ms),
        "wrong": ours.wrong,
    }


class Pushed(Struct, frozen=True):
    """What pushing took, and what came of it."""

    cpu_us: float
    size: int
    memory_kb: float
    delays_ms: list[float]
    wrong: str


def push(settings: Settings, feed: Feed, reading: int, never: int, hurry: float) -> Pushed:
    """Push a changing board to clients."""
    with program(settings, "-m", "benchmarks.api_server", str(hurry)) as server:
        url = urlsplit(server.line())
        alone_mb = server.rss_mb()
        arguments = [str(url.port), str(reading), str(never), "/ws"]
        with program(settings, "-m", "benchmarks.socket_clients", *arguments) as clients:
            clients.line()
            memory_kb = 1e3 * (server.rss_mb() - alone_mb) / (reading + never)
            before = server.ask(Used)
            with feed.changing():
                time.sleep(SECONDS / hurry)
                after = server.ask(Used)
            came, wrong = settle(clients, reading, feed.counted[-1][1])
            wrong = wrong or drop(server, reading)
    return Pushed(
        1e6 * (after.cpu_s - before.cpu_s) / max(1, after.done - before.done),
        came.size,
        memory_kb,
        delays(feed.counted, came.sampled),
        wrong,
    )


def settle(clients: Program, reading: int, counted: int) -> tuple[Came, str]:
    """Wait until all clients that read show `counted` events; what came, and what is wrong."""
    deadline = time.monotonic() + SETTLE_S
    while True:
        came = clients.ask(Came)
        shown = {counted_in(message) for message in came.last}
        if came.open == reading and shown == {counted}:
            return came, ""
        if time.monotonic() > deadline:
            return came, (
                f"{came.open} of {reading} clients are connected and show {sorted(shown)} events, "
                f"expected {counted}"
            )
        time.sleep(0.1)


def drop(server: Program, reading: int) -> str:
    """Wait until only the clients that read are connected; what is wrong otherwise."""
    deadline = time.monotonic() + SETTLE_S
    while (connected := server.ask(Used).connected) > reading:
        if time.monotonic() > deadline:
            return f"{connected - reading} clients that never read were not dropped"
        time.sleep(0.1)
    return ""


def write(settings: Settings, clients: int, size: int, writes: int) -> float:
    """Microseconds of CPU time of one write of `size` bytes to a bare socket."""
    arguments = [str(size), str(RAW_EVERY_S)]
    with program(settings, "-m", "benchmarks.raw_sockets", *arguments) as server:
        arguments = [server.line(), str(clients), "0", ""]
        with program(settings, "-m", "benchmarks.socket_clients", *arguments) as reading:
            reading.line()
            before = after = server.ask(Used)
            while after.done - before.done < writes:
                time.sleep(RAW_EVERY_S)
                after = server.ask(Used)
    return 1e6 * (after.cpu_s - before.cpu_s) / (after.done - before.done)


def delays(
    counted: Sequence[tuple[float, int]], sampled: Sequence[Sequence[tuple[float, int]]]
) -> list[float]:
    """Milliseconds from the events' being in Redis to the first push that holds them.

    Both hold times and how many events there were then; of each client, what came before it was
    connected is left out.

    >>> delays([(1.0, 10), (2.0, 20), (3.0, 30)], [[(1.5, 10), (3.25, 30)]])
    [1250.0, 250.0]
    """
    found = []
    for pushes in sampled:
        numbers = [n for _, n in pushes]
        for at, n in counted:
            place = bisect_left(numbers, n)
            if 0 < place < len(pushes):
                found.append(1e3 * (pushes[place][0] - at))
    return found


def counted_in(message: str) -> int:
    """How many events a push says were counted."""
    return int(json.loads(message)["data"]["leaderboard"]["counts"]["applied"])
