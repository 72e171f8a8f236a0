"""Kafka in KRaft mode: one process is broker and controller, on loopback only."""

from dataclasses import dataclass
from pathlib import Path

from leaderboard.settings import Settings
from leaderboard.stack import java
from leaderboard.stack.jars import Lock, jar_folder, read_lock
from leaderboard.stack.launch import run_to_end
from leaderboard.stack.ports import HOST, free_port

LOCK = "kafka"
CLUSTER_ID = "bGVhZGVyYm9hcmQtZGV2MA"  # any 16 bytes; the one of docker-compose.yml
SERVERS = {"kafka.Kafka", "org.apache.zookeeper.server.quorum.QuorumPeerMain"}
HEAP_MB = 256


@dataclass(frozen=True)
class Program:
    """Kafka's jars on this machine, and the class archive made of them."""

    lock: Lock
    classpath: str
    archive: Path

    def command(self, main: str, *arguments: str, flags: tuple[str, ...] = ()) -> list[str]:
        """The command line of one of Kafka's main classes."""
        logging = java.SERVER_LOGGING if main in SERVERS else java.TOOL_LOGGING
        flags = (*java.with_archive(self.archive), *logging, *flags)
        return java.java_command(self.classpath, main, *arguments, heap_mb=HEAP_MB, flags=flags)


def installed(settings: Settings) -> Program:
    """Kafka as it would be installed, whether it is or not."""
    lock = read_lock(LOCK)
    classpath = lock.classpath(jar_folder(settings.cache_dir))
    return Program(lock, classpath, java.archive_file(settings.cache_dir, LOCK, classpath))


def configuration(
    settings: Settings, port: int, controller_port: int, folder: Path
) -> dict[str, str]:
    """The settings of a broker that is its own controller."""
    kraft = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        # a killed broker is let in again once its last life is missed: after 3 s instead of 9
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "4",
    }
    return {**kraft, **common(settings, folder)}


def properties(values: dict[str, str]) -> str:
    """The text of a Java properties file: ASCII, with escapes for all else.

    >>> properties({"log.dirs": "/data/zoë"})
    'log.dirs=/data/zo\\\\u00eb\\n'
    """
    text = "".join(f"{key}={value}\n" for key, value in values.items()).replace("\\", "\\\\")
    units = text.encode("utf-16-be")
    codes = [int.from_bytes(units[i : i + 2]) for i in range(0, len(units), 2)]
    return "".join(chr(code) if code < 128 else f"\\u{code:04x}" for code in codes)


def common(settings: Settings, folder: Path) -> dict[str, str]:
    """Settings of a single teaching broker, whatever keeps its metadata."""
    return {
        "log.dirs": str(folder),
        "log.retention.hours": str(24 * settings.retention_days),
        # a misspelt topic is an error, not a new topic with one partition
        "auto.create.topics.enable": "false",
        # internal topics can not have three copies on one broker, nor need they 50 partitions
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        # a group of one need not wait 3 s for others
        "group.initial.rebalance.delay.ms": "0",
        # LEADERBOARD_SESSION_TIMEOUT_S may be as short as this; Kafka's own floor is 6 s
        "group.min.session.timeout.ms": "1000",
        # memory: the default buffer alone is 128 MB
        "log.cleaner.dedupe.buffer.size": "8388608",
        "num.network.threads": "2",
        "num.io.threads": "4",
    }


def prepare(settings: Settings, program: Program, port: int, avoid: frozenset[int]) -> list[str]:
    """Write the configuration, format an empty data folder, and give the broker's command."""
    folder = settings.data_dir / "kafka"
    controller_port = free_port(avoid=avoid | {port})
    path = settings.data_dir / "kafka.properties"
    path.write_text(properties(configuration(settings, port, controller_port, folder)), "ascii")
    if not (folder / "meta.properties").exists():
        folder.mkdir(parents=True, exist_ok=True)
        format_command = ("format", "--cluster-id", CLUSTER_ID, "--config", str(path))
        run_to_end(
            "Kafka's storage format", program.command("kafka.tools.StorageTool", *format_command)
        )
    return program.command("kafka.Kafka", str(path))
