"""What every Kafka client of ours is told, in one place."""

from typing import Any


def client(kafka: str) -> dict[str, Any]:
    """Keyword arguments for any kafka-python client; `kafka` is host:port, or several by comma.

    A broker that does not answer within 10 s is an error, not a wait. One that comes back is found
    within about a second: by default the pauses between tries grow to half a minute.
    """
    return {
        "bootstrap_servers": kafka.split(","),
        "bootstrap_timeout_ms": 10_000,
        "reconnect_backoff_max_ms": 1_000,
    }
