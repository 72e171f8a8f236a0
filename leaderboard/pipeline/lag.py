"""Who reads the topic: the members of the consumer group and their partitions."""

from kafka import KafkaAdminClient


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
