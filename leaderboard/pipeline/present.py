"""Whether Kafka has a topic yet."""

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from leaderboard.errors import ServersError
from leaderboard.pipeline.client import client


def is_present(kafka: str, topic: str) -> bool:
    """Whether `topic` is there: the first producer or processor makes it.

    Raises
    ------
    ServersError
        when Kafka does not answer.
    """
    try:
        with KafkaAdminClient(**client(kafka)) as admin:
            return topic in admin.list_topics()
    except KafkaError as error:
        raise ServersError(f"no Kafka answers at {kafka}: {error}") from error
