"""A Kafka of one test's own, for what a shared one must not suffer: kill, restart, bad networks."""

import logging

import psutil

from leaderboard.settings import Settings
from leaderboard.stack import kafka
from leaderboard.stack.install import install
from leaderboard.stack.launch import Job, Launched, stop_process
from leaderboard.stack.ping import kafka_answers
from leaderboard.stack.ports import HOST, free_port
from tests.proxy import Proxy


class PrivateKafka:
    """A broker on a port and in a folder that stay the same over restarts."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.address = f"{HOST}:{settings.kafka_port}"
        self._launched: Launched | None = None

    def start(self) -> "PrivateKafka":
        """Start it and wait until it answers."""
        folder = self.settings.data_dir
        folder.mkdir(parents=True, exist_ok=True)
        job = Job("kafka", self._prepared(), folder / "kafka.log", folder)
        self._launched = Launched([job], guard=True)
        self._launched.wait("kafka", lambda: kafka_answers(HOST, self.settings.kafka_port))
        return self

    def _prepared(self) -> list[str]:
        program = install(self.settings, logging.getLogger(__name__).info)
        return kafka.prepare(self.settings, program, self.settings.kafka_port, frozenset())

    @property
    def pid(self) -> int:
        assert self._launched is not None, "not started"
        return self._launched.processes["kafka"].pid

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone; `start` starts it again."""
        psutil.Process(self.pid).kill()
        self.end()

    def stop(self) -> None:
        """For good: SIGTERM if it runs, and wait until it is gone."""
        self.end()

    def end(self) -> None:
        """SIGTERM if it runs, and wait until it is gone; `start` starts it again."""
        if self._launched is not None:
            stop_process(self._launched.processes["kafka"])
            self._launched.release()
            self._launched = None


class ProxiedKafka(PrivateKafka):
    """One with a second address, `proxied`, that leads through `proxy`, as do all it advertises.

    A client that starts there never learns of `address`, which stays undisturbed for the tests'
    own questions. The proxy starts with the broker and goes on over its restarts until `stop`.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._listens = free_port(avoid=frozenset({settings.kafka_port}))
        self.proxy = Proxy(f"{HOST}:{self._listens}")
        self.proxied = self.proxy.address
        self._proxying = False

    def start(self) -> "ProxiedKafka":
        if not self._proxying:
            self.proxy.start()
            self._proxying = True
        super().start()
        return self

    def stop(self) -> None:
        super().stop()
        self.proxy.stop()

    def _prepared(self) -> list[str]:
        command = super()._prepared()
        path = self.settings.data_dir / "kafka.properties"
        lines = dict(line.split("=", 1) for line in path.read_text("ascii").splitlines())
        lines["listeners"] += f",PROXIED://{HOST}:{self._listens}"
        lines["advertised.listeners"] += f",PROXIED://{self.proxied}"
        lines["listener.security.protocol.map"] += ",PROXIED:PLAINTEXT"
        path.write_text("".join(f"{key}={value}\n" for key, value in lines.items()), "ascii")
        return command
