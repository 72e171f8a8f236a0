"""What every Kafka client of ours is told, in one place."""

from typing import Any

ANSWER_TIMEOUT_S = 10.0
"""A request without an answer for this long has failed: the connection is closed, and it is made
again on another. A peer that vanished without a word is only found out by this."""


def client(kafka: str) -> dict[str, Any]:
    """Keyword arguments for any kafka-python client; `kafka` is host:port, or several by comma.

    A broker that does not answer within `ANSWER_TIMEOUT_S` is an error, not a wait. One that comes
    back is found within about a second: by default the pauses between tries grow to half a minute.
    """
    limit_ms = int(ANSWER_TIMEOUT_S * 1000)
    return {
        "bootstrap_servers": kafka.split(","),
        "bootstrap_timeout_ms": limit_ms,
        "request_timeout_ms": limit_ms,
        "reconnect_backoff_max_ms": 1_000,
    }
