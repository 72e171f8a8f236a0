"""Faults of Kafka itself: a broker restarts, a leader dies. Nothing acknowledged is lost."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from leaderboard import stack
from leaderboard.pipeline.client import client
from leaderboard.settings import Settings
from tests.cli.commands import run
from tests.pipeline.flow import Flow, assert_whole
from tests.pipeline.pipes import Pipe
from tests.private_cluster import NODES, PrivateCluster
from tests.private_kafka import PrivateKafka
from tests.recovery import Recovery
from tests.waiting import until

pytestmark = pytest.mark.timeout(300)  # three brokers start on a busy machine


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateCluster]:
    """Three brokers."""
    cluster = PrivateCluster(Settings.load(), tmp_path_factory.mktemp("cluster"))
    with ExitStack() as stops:
        stops.callback(cluster.stop)
        yield cluster.start()


@pytest.fixture
def on_cluster(settings: Settings, cluster: PrivateCluster) -> Iterator[Settings]:
    """The test's names on the cluster; brokers it killed are there again afterwards."""
    yield settings.with_(kafka=cluster.address, session_timeout_s=3.0)
    cluster.start_missing()


def offsets(pipe: Pipe) -> dict[int, int]:
    """Stored offsets, by partition."""
    found = pipe.redis.hgetall(pipe.keys.offsets)
    return {int(field.rpartition(b":")[2]): int(offset) for field, offset in found.items()}


def ends(pipe: Pipe) -> dict[int, int]:
    with KafkaConsumer(**client(pipe.settings.kafka)) as consumer:
        parts = [TopicPartition(pipe.settings.topic, p) for p in range(3)]
        return {tp.partition: end for tp, end in consumer.end_offsets(parts).items()}


def moves_past(pipe: Pipe, ends: dict[int, int]) -> Callable[[], bool]:
    """Whether records written later than at these ends are counted, in each partition."""
    return lambda: all(offsets(pipe).get(p, 0) > end for p, end in ends.items())


def test_a_broker_restarts_while_events_flow(
    settings: Settings, private_kafka: PrivateKafka, recovery: Recovery
):
    pipe = Pipe(settings.with_(kafka=private_kafka.address, session_timeout_s=3.0))
    with pipe.running(), Flow(pipe) as flow:
        for end_it in (private_kafka.kill, private_kafka.end):
            until(moves_past(pipe, ends(pipe)))
            end_it()
            private_kafka.start()
            with recovery(f"broker restarted ({end_it.__name__})"):
                until(moves_past(pipe, ends(pipe)))
        flow.stop()
        until(lambda: offsets(pipe) == ends(pipe))
    assert_whole(pipe, flow)
    pipe.close()


def test_the_leader_dies_while_events_flow_and_comes_back(
    on_cluster: Settings, cluster: PrivateCluster, recovery: Recovery
):
    pipe = Pipe(on_cluster)
    with pipe.running(), Flow(pipe) as flow:
        until(moves_past(pipe, ends(pipe)))
        leader = partition_0(pipe)["leader_id"]
        cluster.kill(leader)
        with recovery("leader of a partition killed, two brokers left"):
            until(lambda: partition_0(pipe)["leader_id"] not in (leader, -1))
            until(moves_past(pipe, ends(pipe)))
        cluster.start_missing()
        until(lambda: len(partition_0(pipe)["isr_nodes"]) == len(NODES))
        until(moves_past(pipe, ends(pipe)))
        flow.stop()
        until(lambda: offsets(pipe) == ends(pipe))
    assert_whole(pipe, flow)
    pipe.close()


def partition_0(pipe: Pipe) -> dict[str, object]:
    """What the cluster says of it; nothing while the brokers still name a dead one of theirs."""
    try:
        with KafkaAdminClient(**client(pipe.settings.kafka)) as admin:
            (topic,) = admin.describe_topics([pipe.settings.topic])
    except KafkaError:
        return {"leader_id": -1, "isr_nodes": []}
    return next(p for p in topic["partitions"] if p["partition_index"] == 0)


def test_commands_take_several_addresses_though_the_first_is_dead(
    on_cluster: Settings, cluster: PrivateCluster
):
    cluster.kill(NODES[0])
    assert stack.connect(on_cluster).kafka == cluster.address
    for command in (
        ("produce", "--events", "100", "--rate", "0", "--seed", "1"),
        ("process", "--drain", "--show-every", "0"),
        ("verify",),
        ("doctor",),
        ("kafka", "topics", "--list"),
    ):
        result = run(on_cluster, *command)
        assert result.returncode == 0, (command, result.stdout, result.stderr)
    assert on_cluster.topic in result.stdout
