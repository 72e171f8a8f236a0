"""The fixtures other tests build on: real servers, names of their own, a Redis to break."""

from contextlib import closing

import pytest
from kafka.admin import KafkaAdminClient, NewTopic
from redis import Redis

from leaderboard.settings import Settings
from tests.private_kafka import PrivateKafka
from tests.private_redis import PrivateRedis


def test_the_sessions_servers_take_a_topic_and_a_key(
    settings: Settings, admin: KafkaAdminClient
) -> None:
    admin.create_topics([NewTopic(settings.topic, 1, 1)])
    assert settings.topic in admin.list_topics()
    with Redis.from_url(settings.redis) as redis:
        redis.set(settings.key_prefix + "key", 1)


def test_a_private_kafka_keeps_its_data_over_a_kill(private_kafka: PrivateKafka):
    with admin_of(private_kafka) as admin:
        admin.create_topics([NewTopic("kept", 1, 1)])
    private_kafka.kill()
    private_kafka.start()
    with admin_of(private_kafka) as admin:
        assert "kept" in admin.list_topics()


def admin_of(kafka: PrivateKafka) -> "closing[KafkaAdminClient]":
    return closing(KafkaAdminClient(bootstrap_servers=kafka.address))


@pytest.mark.parametrize("redis_binary", ["valkey", "redis-server"])
def test_a_private_redis_keeps_its_data_over_a_kill(private_redis: PrivateRedis) -> None:
    with private_redis.client() as client:
        client.set("key", "value")
    private_redis.kill()
    private_redis.start()
    with private_redis.client() as client:
        assert client.get("key") == b"value"
