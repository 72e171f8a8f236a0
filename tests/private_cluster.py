"""Three Kafka brokers of a test's own, each of which can be killed and come back. About 650 MB."""

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from leaderboard.settings import Settings
from leaderboard.stack import kafka
from leaderboard.stack.install import install
from leaderboard.stack.launch import Job, Launched, run_to_end
from leaderboard.stack.ping import kafka_answers
from leaderboard.stack.ports import HOST, free_port

NODES = (1, 2, 3)
SAFE = {
    # a record is acknowledged once two brokers have it: the loss of any one loses nothing
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
}


class PrivateCluster:
    """Brokers 1 to 3 on ports and in folders that stay the same; each is a controller, too.

    `address` names all three, separated by commas.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.folder = folder
        self._settings = settings
        ports: list[int] = []
        for _ in range(2 * len(NODES)):
            ports.append(free_port(avoid=frozenset(ports)))
        self._ports = dict(zip(NODES, ports, strict=False))
        self._controllers = dict(zip(NODES, ports[len(NODES) :], strict=True))
        self._launched: dict[int, Launched] = {}
        self.address = ",".join(f"{HOST}:{port}" for port in self._ports.values())

    def start(self) -> "PrivateCluster":
        """Start all three and wait until each answers."""
        program = install(self._settings, logging.getLogger(__name__).info)
        with ThreadPoolExecutor() as pool:  # Java takes a second to format each folder
            commands = pool.map(lambda node: self._prepare(program, node), NODES)
        self._commands = dict(zip(NODES, commands, strict=True))
        self.start_missing()
        return self

    def start_missing(self) -> None:
        """Start the brokers that were killed and wait until they answer."""
        missing = [node for node in NODES if node not in self._launched]
        for node in missing:
            self._launch(node)
        for node in missing:
            self._wait(node)

    def kill(self, node: int) -> None:
        """SIGKILL, and wait until it is gone."""
        launched = self._launched.pop(node)
        psutil.Process(launched.processes[f"kafka-{node}"].pid).kill()
        launched.release()

    def stop(self) -> None:
        """Kill all that run: in order, the last two would wait for a third that has gone."""
        for node in list(self._launched):
            self.kill(node)

    def _launch(self, node: int) -> None:
        name, folder = f"kafka-{node}", self.folder / str(node)
        job = Job(name, self._commands[node], folder / "log", folder)
        self._launched[node] = Launched([job], guard=True)

    def _wait(self, node: int) -> None:
        self._launched[node].wait(f"kafka-{node}", lambda: kafka_answers(HOST, self._ports[node]))

    def _prepare(self, program: kafka.Program, node: int) -> list[str]:
        folder = self.folder / str(node)
        folder.mkdir(parents=True)
        path = folder / "kafka.properties"
        path.write_text(kafka.properties(self._configuration(node, folder / "data")), "ascii")
        how = ("format", "--cluster-id", kafka.CLUSTER_ID, "--config", str(path))
        run_to_end("Kafka's storage format", program.command("kafka.tools.StorageTool", *how))
        return program.command("kafka.Kafka", str(path))

    def _configuration(self, node: int, data: Path) -> dict[str, str]:
        voters = (f"{n}@{HOST}:{port}" for n, port in self._controllers.items())
        here, controller = (f"{HOST}:{ports[node]}" for ports in (self._ports, self._controllers))
        alone = kafka.configuration(self._settings, self._ports[node], 0, data)
        return alone | SAFE | {
            "node.id": str(node),
            "controller.quorum.voters": ",".join(voters),
            "listeners": f"PLAINTEXT://{here},CONTROLLER://{controller}",
        }  # fmt: skip
