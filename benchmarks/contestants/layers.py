"""What each layer of ours costs by itself, from memory, and the least it could cost.

Not a contestant: it reads the topic once, then decodes, folds and applies it batch by batch, and
prints CPU microseconds per event of each. The pre-built calls are the writer's own, recorded as
bytes and sent again to an empty Redis by nobody who would have to build them.
"""

from __future__ import annotations

import gc
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, TypeAlias

from redis import ConnectionPool, Redis
from redis.connection import Connection

from benchmarks import stopwatch
from benchmarks.contestants.sums import sum_events
from benchmarks.servers import server_seconds
from benchmarks.stopwatch import Spec
from leaderboard.cli.process import COLLECT_AFTER
from leaderboard.model.boards import DEFAULTS, GLOBAL, Board
from leaderboard.model.events import from_json
from leaderboard.model.fold import Record, fold
from leaderboard.model.tally import Book
from leaderboard.pipeline.log import read_log
from leaderboard.pipeline.schemas import local_wire
from leaderboard.store.keys import Keys
from leaderboard.store.writer import Writer

BATCH = 20_000
"""Records that are decoded and folded at once, all of one partition."""

Raw: TypeAlias = tuple[int, bytes, int | None]
"""Offset, value, and time of the log in microseconds (None: unknown)."""
Run: TypeAlias = tuple[int, list[Raw]]
"""A partition and some of its records."""


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
    gc.set_threshold(*COLLECT_AFTER)  # as the processor's command does
    log = read_log(spec.kafka, spec.topic)
    runs = cut(
        (r.partition, (r.offset, r.value, r.timestamp * 1000 if r.timestamp >= 0 else None))
        for r in log
    )
    values = [value for _, raws in runs for _, value, _ in raws]
    us: dict[str, float] = {}
    works: dict[str, Callable[[], Any]] = {
        "typed decode": lambda: consume(map(from_json, values)),
        "decode and sum": lambda: sum_events({}, values),
    }
    for name, work in works.items():
        began = time.process_time()
        work()
        us[name] = (time.process_time() - began) * 1e6 / len(values)
    for name, boards in (("one", (GLOBAL,)), ("nine", DEFAULTS)):
        us |= Boards(spec, name, boards).measure(runs)
    stopwatch.say("end", us)


def consume(items: Iterable[Any]) -> None:
    """Make every item and keep none."""
    for _ in items:
        pass


def cut(records: Iterable[tuple[int, Raw]]) -> list[Run]:
    """Runs of one partition, of at most `BATCH` records, the partitions in turn."""
    parts: dict[int, list[Raw]] = {}
    for partition, record in records:
        parts.setdefault(partition, []).append(record)
    longest = max(map(len, parts.values()))
    return [
        (p, raws[i : i + BATCH])
        for i in range(0, longest, BATCH)
        for p, raws in parts.items()
        if raws[i:]
    ]


class Boards:
    """One pass for these boards: like the processor, it keeps no more than a batch at a time."""

    def __init__(self, spec: Spec, name: str, boards: tuple[Board, ...]) -> None:
        self._url = spec.redis
        self._name = name
        self._pool = ConnectionPool.from_url(spec.redis, connection_class=Tap)
        self._redis = Redis(connection_pool=self._pool)
        self._writer = Writer(self._redis, Keys(), spec.topic, boards=boards)
        self._book = Book(boards)
        self._wire = local_wire()
        self._marks: dict[int, int | None] = {}

    def measure(self, runs: list[Run]) -> dict[str, float]:
        """CPU microseconds per event of each layer, and of the same calls pre-built.

        Redis is left as the pre-built calls have filled it.
        """
        events = sum(len(raws) for _, raws in runs)
        self._redis.flushall()
        Tap.sent, Tap.open = [], True
        server = server_seconds(self._redis)
        moments = [self._batch(*run) for run in runs]
        server = server_seconds(self._redis) - server
        Tap.open = False
        decode, folding, calling = (sum(times) for times in zip(*moments, strict=True))
        client, again = self._repeat()
        seconds = {
            "decode": decode,
            f"fold, {self._name}": folding,
            f"pack and call, {self._name}": calling,
            f"redis, {self._name}": server,
            f"pre-built client, {self._name}": client,
            f"pre-built redis, {self._name}": again,
        }
        self._pool.disconnect()
        return {layer: value * 1e6 / events for layer, value in seconds.items()}

    def _batch(self, partition: int, raws: list[Raw]) -> tuple[float, float, float]:
        """Seconds to decode, fold and call; every call must be applied."""
        decode, began = self._wire.decode, time.process_time()
        records = [Record(offset, decode(value), at) for offset, value, at in raws]
        decoded = time.process_time()
        mark = self._marks.get(partition)
        changes = list(fold(records, raws[0][0], book=self._book, watermark=mark))
        folded = time.process_time()
        outcomes = self._writer.apply([(partition, c) for c in changes], self._wire.knows)
        called = time.process_time()
        self._marks[partition] = changes[-1].watermark
        if not all(outcome.applied for outcome in outcomes):
            raise AssertionError("changes were refused")
        return decoded - began, folded - decoded, called - folded

    def _repeat(self) -> tuple[float, float]:
        """Seconds of client and server for the recorded calls, on an empty Redis."""
        self._redis.flushall()
        calls, server, began = b"".join(Tap.sent), server_seconds(self._redis), time.process_time()
        repeat(self._url, calls)
        return time.process_time() - began, server_seconds(self._redis) - server


def repeat(url: str, calls: bytes) -> None:
    """Send `calls` again, and wait until the last one is answered."""
    host, _, port = url.removeprefix("redis://").partition("/")[0].partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(calls + b"PING\r\n")
        received = b""
        while not received.endswith(b"+PONG\r\n"):
            received = received[-16:] + connection.recv(1 << 16)


if __name__ == "__main__":
    main()
