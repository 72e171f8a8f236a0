"""Run ids: names of one run's own, so that reruns and other runs never meet, and their removal."""

import re
import time
from typing import Final

from kafka import KafkaAdminClient
from kafka.admin import MemberToRemove
from kafka.errors import CoordinatorNotAvailableError, KafkaError
from redis import Redis
from redis.exceptions import RedisError

from leaderboard.errors import ServersError, SettingsError, StoreError
from leaderboard.pipeline.client import client
from leaderboard.pipeline.topics import delete_topics, ensure_topics
from leaderboard.settings import Settings
from leaderboard.store.keys import Keys
from leaderboard.store.state import delete_state

RUN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
ATTEMPTS: Final = 50
PAUSE_S: Final = 0.1


def settings_of(run_id: str, settings: Settings) -> Settings:
    """`settings` with topic, group and key prefix of that run; an empty id changes nothing.

    Raises
    ------
    SettingsError
        when the id can not be part of a topic's name.
    """
    if not run_id:
        return settings
    if not RUN_ID.fullmatch(run_id):
        raise SettingsError(
            f"run_id: expected letters, digits, '.', '_' or '-', at most 60, got {run_id!r}"
        )
    return settings.with_(
        topic=f"{settings.topic}-{run_id}",
        group=f"{settings.group}-{run_id}",
        key_prefix=f"{settings.key_prefix}{run_id}:",
    )


def empty(settings: Settings, kafka: str, redis: Redis) -> None:
    """Start from nothing: no group, no keys, and new, empty topics. No stage may run.

    Raises
    ------
    ServersError, StoreError
        when Kafka or Redis is away or refuses.
    """
    remove(settings, kafka, redis)
    for _ in range(ATTEMPTS):  # Kafka deletes in the background: an old name may linger a moment
        ensure_topics(settings, kafka)
        if _exist(settings, kafka):
            return
        time.sleep(PAUSE_S)
    raise ServersError(f"topic {settings.topic} on Kafka at {kafka} could not be made anew")


def remove(settings: Settings, kafka: str, redis: Redis) -> None:
    """Delete the group, the topics and the keys of `settings`; what is not there is fine.

    Raises
    ------
    ServersError, StoreError
        when Kafka or Redis is away or refuses.
    """
    forget(settings, kafka, redis)
    delete_topics(settings, kafka)


def forget(settings: Settings, kafka: str, redis: Redis) -> None:
    """Delete the group and the keys of `settings`, not its topics. Raises as `remove`."""
    _remove_group(settings.group, kafka)
    delete_state(redis, Keys(settings.key_prefix))


def _remove_group(group: str, kafka: str) -> None:
    """Put out members that were killed and did not leave, then delete the group."""
    for left in reversed(range(ATTEMPTS)):
        try:
            with KafkaAdminClient(**client(kafka)) as admin:
                members = admin.describe_groups([group])[group]["members"]
                if members:
                    gone = [MemberToRemove(member_id=m["member_id"]) for m in members]
                    admin.remove_group_members(group, gone)
                admin.delete_groups([group])
            return
        except KafkaError as error:
            if not (left and isinstance(error, CoordinatorNotAvailableError)):
                raise ServersError(
                    f"cannot delete group {group} on Kafka at {kafka}: {error}"
                ) from error
            time.sleep(PAUSE_S)  # a new Kafka sets up its first group


def _exist(settings: Settings, kafka: str) -> bool:
    try:
        with KafkaAdminClient(**client(kafka)) as admin:
            names = {settings.topic, settings.dead_letter_topic, settings.late_topic}
            return names <= set(admin.list_topics())
    except KafkaError as error:
        raise ServersError(f"no Kafka answers at {kafka}: {error}") from error


def sweep(run_id: str, kafka: str, redis: Redis) -> list[str]:
    """Delete whatever still carries `run_id` in its name; returns what that was, in words.

    Raises
    ------
    ServersError, StoreError
        when Kafka or Redis is away or refuses.
    """
    try:
        with KafkaAdminClient(**client(kafka)) as admin:
            topics = sorted(name for name in admin.list_topics() if run_id in name)
            groups = sorted(g["group_id"] for g in admin.list_groups() if run_id in g["group_id"])
            if topics:
                admin.delete_topics(topics)
    except KafkaError as error:
        raise ServersError(f"cannot sweep run {run_id} on Kafka at {kafka}: {error}") from error
    for group in groups:
        _remove_group(group, kafka)
    try:
        keys = list(redis.scan_iter(match=f"*{run_id}*", count=1000))
        if keys:
            redis.delete(*keys)
    except RedisError as error:
        raise StoreError(f"cannot sweep run {run_id} in Redis: {error}") from error
    found = [f"topic {name}" for name in topics] + [f"group {name}" for name in groups]
    return found + ([f"{len(keys)} Redis keys"] if keys else [])
