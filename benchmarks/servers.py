"""A Kafka and a Valkey of the benchmarks' own, kept to their cores, and the CPU time they use."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from msgspec import Struct
from redis import Redis

from leaderboard import stack
from leaderboard.settings import Settings
from leaderboard.stack.launch import Job, Launched, stop_process
from leaderboard.stack.ping import redis_answers
from leaderboard.stack.ports import HOST, free_port
from leaderboard.stack.state import read_state
from leaderboard.stack.valkey import redis_command, redis_program


class Used(Struct, frozen=True):
    """CPU seconds used since the start, of each server."""

    broker: float
    redis: float


class Servers:
    """Both servers, running; `redis` is a client of ours, `folder` takes what contestants write."""

    def __init__(self, settings: Settings, kafka: str, redis: str) -> None:
        self.settings = settings
        self.kafka = kafka
        self.redis_url = redis
        self.redis = Redis.from_url(redis)
        self.folder = settings.data_dir
        self.cores = sorted(os.sched_getaffinity(0)) if can_pin() else []
        running = read_state(settings.data_dir).servers
        self._pids = {name: running[name].process.pid for name in ("kafka", "redis")}

    def used(self) -> Used:
        """What each server has used until now."""
        times = psutil.Process(self._pids["kafka"]).cpu_times()
        return Used(times.user + times.system, server_seconds(self.redis))

    def keep_to(self, cores: set[int]) -> None:
        """Run both servers, and this process, on these cores only; none: where they are."""
        if not cores:
            return
        for pid in (*self._pids.values(), os.getpid()):
            for task in Path(f"/proc/{pid}/task").iterdir():
                try:
                    os.sched_setaffinity(int(task.name), cores)
                except ProcessLookupError:
                    continue  # a thread that has ended meanwhile

    def empty_redis(self) -> None:
        """Delete everything, and begin the append-only file anew, so that no run finds it long."""
        self.redis.flushall()
        self.redis.bgrewriteaof()
        while self.redis.info("persistence")["aof_rewrite_in_progress"]:
            time.sleep(0.01)  # Redis tells no other way when it has done
        self.redis.config_resetstat()


def server_seconds(redis: Redis) -> float:
    """CPU seconds that the server of this client has used since its start."""
    found = redis.info("cpu")
    return float(found["used_cpu_sys"]) + float(found["used_cpu_user"])


def can_pin() -> bool:
    """Whether processes can be kept to cores here, and there are two of them."""
    return hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1


@contextmanager
def servers() -> Iterator[Servers]:
    """Both servers with their data in a folder of their own; they stop with the block."""
    with tempfile.TemporaryDirectory(prefix="leaderboard-bench-") as folder:
        kafka_port = free_port()
        settings = Settings.load(
            kafka="",
            redis="",
            data_dir=Path(folder),
            kafka_port=kafka_port,
            redis_port=free_port(avoid=frozenset({kafka_port})),
        )
        with stack.running(settings, report=lambda _: None) as found:
            running = Servers(settings, found.kafka, found.redis)
            try:
                yield running
            finally:
                running.redis.close()
                running.keep_to(set(running.cores))


@contextmanager
def valkey() -> Iterator[Redis]:
    """A Valkey alone, that keeps its data in memory only."""
    with tempfile.TemporaryDirectory(prefix="leaderboard-bench-") as name:
        folder, port = Path(name), free_port()
        command = [*redis_command(redis_program(), port, folder), "--appendonly", "no"]
        launched = Launched([Job("redis", command, folder / "log", folder)], guard=True)
        try:
            launched.wait("redis", lambda: redis_answers(HOST, port))
            with Redis(HOST, port) as redis:
                yield redis
        finally:
            stop_process(launched.processes["redis"])
            launched.release()
