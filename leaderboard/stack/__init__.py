"""The embedded servers: a real Kafka broker and a real Valkey, from packages, without root.

Here: fetching and verifying the program files, starting, finding and stopping servers.
Never here: anything that knows what an event or a leaderboard is.
"""

from leaderboard.stack.doctor import Check, doctor
from leaderboard.stack.find import Servers, connect, shown, status
from leaderboard.stack.java import environment as java_environment
from leaderboard.stack.owner import Owner, owner
from leaderboard.stack.servers import down, running, still_up, up
from leaderboard.stack.tools import TOOLS, kafka_tool_command, run_kafka_tool

__all__ = [
    "TOOLS",
    "Check",
    "Owner",
    "Servers",
    "connect",
    "doctor",
    "down",
    "java_environment",
    "kafka_tool_command",
    "owner",
    "run_kafka_tool",
    "running",
    "shown",
    "status",
    "still_up",
    "up",
]
