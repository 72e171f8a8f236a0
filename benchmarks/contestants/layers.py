"""What each layer of ours costs by itself, from memory, and the least it could cost.

Not a contestant: it reads the topic once, then runs one layer after the other on all events and
prints CPU microseconds per event. The pre-built calls are the writer's own, recorded as bytes and
sent again to an empty Redis by nobody who would have to build them.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from redis import ConnectionPool, Redis
from redis.connection import Connection

from benchmarks import stopwatch
from benchmarks.contestants.sums import sum_events
from benchmarks.servers import server_seconds
from benchmarks.stopwatch import Spec
from leaderboard.model.boards import DEFAULTS, GLOBAL, Board
from leaderboard.model.events import from_json
from leaderboard.model.fold import Changes, Record, fold
from leaderboard.model.tally import Book
from leaderboard.pipeline.deadletter import read_log
from leaderboard.pipeline.schemas import local_wire
from leaderboard.store.keys import Keys
from leaderboard.store.writer import Writer

BATCH = 10_000
"""Records of one partition that are folded at once."""


class Tap(Connection):
    """A connection that keeps a copy of what it sends, while asked to."""

    sent: ClassVar[list[bytes]] = []
    open: ClassVar[bool] = False

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        """As redis-py does."""
        if Tap.open:
            Tap.sent += [command] if isinstance(command, bytes) else command
        super().send_packed_command(command, check_health)  # type: ignore[no-untyped-call]


def main() -> None:
    """Measure and print."""
    spec = Spec.read()
    log = [
        (r.partition, r.offset, r.value, r.timestamp * 1000)
        for r in read_log(spec.kafka, spec.topic)
    ]
    values = [value for _, _, value, _ in log]
    wire = local_wire()
    us: dict[str, float] = {}
    _, us["typed decode"] = timed(len(log), lambda: consume(map(from_json, values)))
    _, us["decode and sum"] = timed(len(log), lambda: sum_events({}, values))
    records, us["decode"] = timed(
        len(log), lambda: [(p, Record(o, wire.decode(v), at)) for p, o, v, at in log]
    )
    runs = cut(records)
    for name, boards in (("one", (GLOBAL,)), ("nine", DEFAULTS)):
        changes, us[f"fold, {name}"] = timed(len(log), lambda b=boards: folded(runs, b))  # type: ignore[misc]  # a default of a lambda
        us |= apply(spec, changes, boards, name, wire.knows, len(log))
    stopwatch.say("end", us)


def timed(events: int, work: Callable[[], Any]) -> tuple[Any, float]:
    """What `work` returns, and its CPU microseconds per event."""
    began = time.process_time()
    result = work()
    return result, (time.process_time() - began) * 1e6 / events


def consume(items: Iterable[Any]) -> None:
    """Make every item and keep none."""
    for _ in items:
        pass


def cut(records: list[tuple[int, Record]]) -> list[tuple[int, list[Record]]]:
    """Runs of one partition, of at most `BATCH` records, the partitions in turn."""
    parts: dict[int, list[Record]] = {}
    for partition, record in records:
        parts.setdefault(partition, []).append(record)
    longest = max(map(len, parts.values()))
    return [
        (p, rs[i : i + BATCH])
        for i in range(0, longest, BATCH)
        for p, rs in parts.items()
        if rs[i:]
    ]


def folded(
    runs: list[tuple[int, list[Record]]], boards: tuple[Board, ...]
) -> list[list[tuple[int, Changes]]]:
    """The changes of each run, as the processor folds them."""
    book, marks, found = Book(boards), dict[int, int | None](), []
    for partition, records in runs:
        start = records[0].offset
        changes = list(fold(records, start, book=book, watermark=marks.get(partition)))
        marks[partition] = changes[-1].watermark
        found.append([(partition, c) for c in changes])
    return found


def apply(
    spec: Spec,
    changes: list[list[tuple[int, Changes]]],
    boards: tuple[Board, ...],
    name: str,
    knows: str,
    events: int,
) -> dict[str, float]:
    """The client's and the server's cost of the writer's calls, and of the same ones pre-built.

    Redis is left as the pre-built calls have filled it.
    """
    pool = ConnectionPool.from_url(spec.redis, connection_class=Tap)
    redis = Redis(connection_pool=pool)
    redis.flushall()
    writer = Writer(redis, Keys(), spec.topic, boards=boards)
    Tap.sent, Tap.open = [], True
    server, client = (
        on_server(redis, events),
        timed(events, lambda: call(writer, changes, knows))[1],
    )
    Tap.open = False
    us = {f"pack and call, {name}": client, f"redis, {name}": on_server(redis, events) - server}
    redis.flushall()
    calls, server = b"".join(Tap.sent), on_server(redis, events)
    _, us[f"pre-built client, {name}"] = timed(events, lambda: repeat(spec.redis, calls))
    us[f"pre-built redis, {name}"] = on_server(redis, events) - server
    pool.disconnect()
    return us


def call(writer: Writer, changes: list[list[tuple[int, Changes]]], knows: str) -> None:
    """Make all calls; each must be applied."""
    for some in changes:
        if not all(outcome.applied for outcome in writer.apply(some, knows)):
            raise AssertionError("changes were refused")


def repeat(url: str, calls: bytes) -> None:
    """Send `calls` again, and wait until the last one is answered."""
    host, _, port = url.removeprefix("redis://").partition("/")[0].partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(calls + b"PING\r\n")
        received = b""
        while not received.endswith(b"+PONG\r\n"):
            received = received[-16:] + connection.recv(1 << 16)


def on_server(redis: Redis, events: int) -> float:
    """CPU microseconds per event that the server has used."""
    return server_seconds(redis) * 1e6 / events


if __name__ == "__main__":
    main()
