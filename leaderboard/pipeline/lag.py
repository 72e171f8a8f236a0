"""Who reads the topic: the members of the consumer group and their partitions."""

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from leaderboard.errors import ServersError
from leaderboard.pipeline.client import client


def owners(admin: KafkaAdminClient, group: str, topic: str) -> dict[int, str]:
    """Client id of the member that reads each partition of `topic`; partitions nobody reads lack.

    Raises `KafkaError` when Kafka is away.
    """
    found = {}
    for member in admin.describe_groups([group])[group]["members"]:
        assignment = member["member_assignment"]
        if not assignment:
            continue
        for part in assignment["assigned_partitions"]:
            if part["topic"] == topic:
                found.update(dict.fromkeys(part["partitions"], member["client_id"]))
    return found


def active_members(kafka: str, group: str) -> list[str]:
    """Client ids of the group's members.

    Raises
    ------
    ServersError
        when Kafka can not be reached.
    """
    try:
        with KafkaAdminClient(**client(kafka)) as admin:
            return sorted(m["client_id"] for m in admin.describe_groups([group])[group]["members"])
    except KafkaError as error:
        raise ServersError(f"cannot ask Kafka at {kafka} about {group}: {error}") from error
