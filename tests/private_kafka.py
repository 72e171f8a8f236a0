"""A Kafka of one test's own, for what a shared one must not suffer: kill, restart."""

from contextlib import ExitStack

import psutil

from leaderboard import stack
from leaderboard.settings import Settings
from leaderboard.stack.launch import wait_released
from leaderboard.stack.state import read_state


class PrivateKafka:
    """A broker on a port and in a folder that stay the same over restarts."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.address = f"127.0.0.1:{settings.kafka_port}"
        self._running = ExitStack()

    def start(self) -> "PrivateKafka":
        """Start it and wait until it answers."""
        servers = self._running.enter_context(stack.running(self.settings))
        assert servers.kafka == self.address, "its port was taken meanwhile"
        return self

    @property
    def pid(self) -> int:
        return read_state(self.settings.data_dir).servers["kafka"].process.pid

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        process = read_state(self.settings.data_dir).servers["kafka"].process
        psutil.Process(process.pid).kill()
        wait_released(process)
        self.stop()

    def stop(self) -> None:
        """SIGTERM if it runs, and wait until it is gone."""
        self._running.close()
