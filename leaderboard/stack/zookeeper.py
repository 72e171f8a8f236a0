"""The older topology: Kafka 3.9, the last line that can keep its metadata in a ZooKeeper.

Fetched only when used. Runs on the same Java as the KRaft broker; no extra flags are needed.
"""

from collections.abc import Callable

from leaderboard.settings import Settings
from leaderboard.stack import java
from leaderboard.stack.fetch import fetch
from leaderboard.stack.jars import jar_folder, read_lock
from leaderboard.stack.kafka import Program, common, properties
from leaderboard.stack.ports import HOST

LOCK = "kafka-zookeeper"


def install(settings: Settings, report: Callable[[str], None]) -> Program:
    """Fetch what is missing; no class archive: this topology is not started often."""
    lock = read_lock(LOCK)
    fetch(lock, settings.cache_dir, report)
    classpath = lock.classpath(jar_folder(settings.cache_dir))
    return Program(lock, classpath, java.archive_file(settings.cache_dir, LOCK, classpath))


def prepare(settings: Settings, program: Program, port: int) -> list[str]:
    """Write ZooKeeper's configuration; its command."""
    folder = settings.data_dir / "zookeeper"
    folder.mkdir(exist_ok=True)
    path = settings.data_dir / "zookeeper.properties"
    path.write_text(
        properties(
            {
                "dataDir": str(folder),
                "clientPort": str(port),
                "clientPortAddress": HOST,
                "admin.enableServer": "false",  # a web server on port 8080
                "4lw.commands.whitelist": "srvr",  # how we see that it serves
                "maxClientCnxns": "0",
            }
        ),
        "ascii",
    )
    return program.command("org.apache.zookeeper.server.quorum.QuorumPeerMain", str(path))


def prepare_kafka(
    settings: Settings, program: Program, port: int, zookeeper_port: int
) -> list[str]:
    """Write the broker's configuration; its command. It waits for the ZooKeeper by itself."""
    # apart from KRaft's folder: neither version reads the other's metadata
    folder = settings.data_dir / "kafka-zookeeper"
    folder.mkdir(exist_ok=True)
    path = settings.data_dir / "kafka-zookeeper.properties"
    own = {
        "broker.id": "1",
        "zookeeper.connect": f"{HOST}:{zookeeper_port}",
        "listeners": f"PLAINTEXT://{HOST}:{port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
    }
    path.write_text(properties({**own, **common(settings, folder)}), "ascii")
    return program.command("kafka.Kafka", str(path))
