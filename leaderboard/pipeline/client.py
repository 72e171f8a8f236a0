"""What every Kafka client of ours is told, in one place."""

from typing import Any


def client(kafka: str) -> dict[str, Any]:
    """Keyword arguments for any kafka-python client; `kafka` is host:port, or several by comma.

    A broker that does not answer within 10 s is an error, not a wait.
    """
    return {"bootstrap_servers": kafka.split(","), "bootstrap_timeout_ms": 10_000}
