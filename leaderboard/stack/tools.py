"""Kafka's own command-line tools, from the jars of the broker, pointed at the running broker."""

import logging
import subprocess
from collections.abc import Callable, Sequence

from leaderboard.errors import ServersError
from leaderboard.settings import Settings
from leaderboard.stack import java, kafka
from leaderboard.stack.fetch import fetch
from leaderboard.stack.find import kafka_address

log = logging.getLogger(__name__)

# name -> main class, as in the kafka-<name>.sh scripts of a Kafka distribution
TOOLS = {
    "topics": "org.apache.kafka.tools.TopicCommand",
    "groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "configs": "kafka.admin.ConfigCommand",
    "offsets": "org.apache.kafka.tools.GetOffsetShell",
    "consume": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "produce": "org.apache.kafka.tools.ConsoleProducer",
    "delete-records": "org.apache.kafka.tools.DeleteRecordsCommand",
    "api-versions": "org.apache.kafka.tools.BrokerApiVersionsCommand",
    "log-dirs": "org.apache.kafka.tools.LogDirsCommand",
    "quorum": "org.apache.kafka.tools.MetadataQuorumCommand",
    "features": "org.apache.kafka.tools.FeatureCommand",
    "transactions": "org.apache.kafka.tools.TransactionsCommand",
    "consume-speed": "org.apache.kafka.tools.ConsumerPerformance",
    "produce-speed": "org.apache.kafka.tools.ProducerPerformance",
    "dump-log": "org.apache.kafka.tools.DumpLogSegments",
}
OFFLINE = {"dump-log"}  # reads files: there is no broker to point it at
BOOTSTRAP = "--bootstrap-server"


def kafka_tool_command(
    settings: Settings,
    name: str,
    args: Sequence[str],
    *,
    report: Callable[[str], None] = log.info,
) -> list[str]:
    """The command line that runs one tool; `--bootstrap-server` is supplied unless given.

    Raises
    ------
    ServersError
        when no tool has that name.
    ServersDownError
        when the tool needs a broker and none runs.
    """
    if name not in TOOLS:
        raise ServersError(f"kafka {name}: no such tool; there are: {', '.join(sorted(TOOLS))}")
    where = []
    if name not in OFFLINE and BOOTSTRAP not in args:
        where = [BOOTSTRAP, kafka_address(settings)]
    program = kafka.installed(settings)
    fetch(program.lock, settings.cache_dir, report)
    return program.command(TOOLS[name], *where, *args)


def run_kafka_tool(settings: Settings, name: str, args: Sequence[str]) -> int:
    """Run one of TOOLS with our input and output; its exit status. Errors as above."""
    command = kafka_tool_command(settings, name, args)
    with subprocess.Popen(command, env=java.environment()) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the tool got it too, and ends in its own way
                continue
