"""What every Kafka client of ours is told, in one place."""

from typing import Any

ANSWER_TIMEOUT_S = 10.0
"""A request without an answer for this long has failed: the connection is closed, and it is made
again on another. A peer that vanished without a word is only found out by this."""


LARGE: dict[str, Any] = {
    "compression_type": "gzip",
    "max_request_size": 64 << 20,
    "enable_idempotence": False,
    "max_in_flight_requests_per_connection": 1,
}
"""For a producer of what others may have sent compressed. Kafka limits what is compressed, but
kafka-python what is not; a broker takes no request of 100 MiB. An idempotent producer of
kafka-python 3.0.12 sends nothing any more once a record was too large; with one request under way
the order stays, and a record sent twice must do no harm."""


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
