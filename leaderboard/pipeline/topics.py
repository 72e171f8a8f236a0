"""Topics: what they are called is a setting, what they keep is decided here."""

from collections.abc import Callable

from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import KafkaConnectionError, KafkaError, TopicAlreadyExistsError
from tenacity import (
    retry,
    retry_if_exception_type,
    retry_if_result,
    stop_after_delay,
    wait_fixed,
)

from leaderboard.errors import ServersError
from leaderboard.pipeline.client import client
from leaderboard.settings import Settings

FAIL_OVER_S = 10.0
"""So long, with a margin, do the other brokers of a cluster still name one that has just died."""


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
    created: list[str] = []

    def create_missing(admin: KafkaAdminClient) -> None:
        present = set(admin.list_topics())
        for name in (n for n in names if n not in present):
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
            created.append(name)
        if created:
            _wait_for(admin, created)

    try:
        _administer(kafka, create_missing)
    except KafkaError as error:
        raise ServersError(f"cannot create topics {names} on Kafka at {kafka}: {error}") from error
    return created


@retry(
    retry=retry_if_result(lambda is_there: not is_there),
    stop=stop_after_delay(FAIL_OVER_S),
    wait=wait_fixed(0.02),
    retry_error_callback=lambda _: None,
)
def _wait_for(admin: KafkaAdminClient, names: list[str]) -> bool:
    """A broker learns of a new topic a moment after the controller has made it."""
    return all(topic["partitions"] for topic in admin.describe_topics(names))


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


def delete_topics(settings: Settings, kafka: str) -> None:
    """Delete the event topic and those of its letters, with all records. Missing ones are fine.

    Raises
    ------
    ServersError
        when Kafka can not be reached or refuses.
    """
    names = {settings.topic, settings.dead_letter_topic, settings.late_topic}

    def delete_present(admin: KafkaAdminClient) -> None:
        present = sorted(names & set(admin.list_topics()))
        if present:
            admin.delete_topics(present)

    try:
        _administer(kafka, delete_present)
    except KafkaError as error:
        raise ServersError(f"cannot delete topics {sorted(names)} on {kafka}: {error}") from error


@retry(
    retry=retry_if_exception_type(KafkaConnectionError),
    stop=stop_after_delay(FAIL_OVER_S),
    wait=wait_fixed(0.5),
    reraise=True,
)
def _administer(kafka: str, work: Callable[[KafkaAdminClient], None]) -> None:
    """Let `work` use a client; with a new one again, should it be sent to a dead broker."""
    with KafkaAdminClient(**client(kafka)) as admin:
        work(admin)
