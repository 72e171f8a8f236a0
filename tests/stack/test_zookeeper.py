"""The older topology, Kafka 3.9 with a ZooKeeper: our client produces, consumes and commits."""

import socket

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from leaderboard import stack


def test_a_group_reads_and_commits_what_was_sent(zookeeper_servers: stack.Servers):
    where = zookeeper_servers.kafka
    admin = KafkaAdminClient(bootstrap_servers=where)
    admin.create_topics([NewTopic("old", 1, 1)])
    producer = KafkaProducer(bootstrap_servers=where, acks="all")
    for number in range(3):
        producer.send("old", str(number).encode()).get(30)
    producer.close()
    consumer = KafkaConsumer(
        "old",
        bootstrap_servers=where,
        group_id="group",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        consumer_timeout_ms=30_000,
    )
    assert [next(consumer).value for _ in range(3)] == [b"0", b"1", b"2"]
    consumer.commit()
    assert consumer.committed(TopicPartition("old", 0)) == 3
    consumer.close()
    admin.close()


def test_the_tools_of_the_new_version_work_on_the_old(zookeeper_servers: stack.Servers, own, capfd):
    outside = own.with_(kafka=zookeeper_servers.kafka, redis=zookeeper_servers.redis)
    assert stack.run_kafka_tool(outside, "topics", ["--list"]) == 0


def test_the_broker_listens_on_loopback_only(zookeeper_servers: stack.Servers):
    port = int(zookeeper_servers.kafka.rpartition(":")[2])
    with socket.socket() as other:
        other.bind(("127.0.0.2", port))
