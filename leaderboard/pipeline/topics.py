"""Topics: what they are called is a setting, what they keep is decided here."""

from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from leaderboard.errors import ServersError
from leaderboard.pipeline.client import client
from leaderboard.settings import Settings


def topic_config(settings: Settings, name: str) -> dict[str, str]:
    """Of a topic we create, in Kafka's own names, milliseconds and bytes.

    A dead or late letter is larger than its record by our headers, so its topic takes larger ones.
    """
    retention = {"retention.ms": str(settings.retention_days * 24 * 3600 * 1000)}
    kept = (settings.dead_letter_topic, settings.late_topic)
    larger = {"max.message.bytes": str(4 << 20)} if name in kept else {}
    return retention | larger


def ensure_topics(settings: Settings, kafka: str) -> list[str]:
    """Create the event topic and those of dead and late letters where they are missing.

    Returns the names created. An existing topic is left as it is.

    Raises
    ------
    ServersError
        when Kafka can not be reached or refuses.
    """
    names = (settings.topic, settings.dead_letter_topic, settings.late_topic)
    try:
        with KafkaAdminClient(**client(kafka)) as admin:
            missing = [n for n in names if n not in set(admin.list_topics())]
            for name in missing:
                new = NewTopic(
                    name=name,
                    num_partitions=settings.partitions,
                    replication_factor=-1,
                    topic_configs=topic_config(settings, name),
                )
                try:
                    admin.create_topics([new])
                except TopicAlreadyExistsError:
                    continue
    except KafkaError as error:
        raise ServersError(f"cannot create topics {names} on Kafka at {kafka}: {error}") from error
    return missing


def delete_topics(settings: Settings, kafka: str) -> None:
    """Delete the event topic and those of its letters, with all records. Missing ones are fine.

    Raises
    ------
    ServersError
        when Kafka can not be reached or refuses.
    """
    names = {settings.topic, settings.dead_letter_topic, settings.late_topic}
    try:
        with KafkaAdminClient(**client(kafka)) as admin:
            present = sorted(names & set(admin.list_topics()))
            if present:
                admin.delete_topics(present)
    except KafkaError as error:
        raise ServersError(f"cannot delete topics {sorted(names)} on {kafka}: {error}") from error
