"""Faults on real servers: after each one, nothing is lost and nothing counted twice."""

import json
import signal
import threading

import psutil
import pytest
from kafka import KafkaAdminClient

from leaderboard.errors import OffsetGapError, VerifyError
from leaderboard.pipeline.topics import ensure_topics
from leaderboard.store.state import delete_state
from tests.pipeline.pipes import Pipe
from tests.waiting import until

PLACES = ["polled", "before_apply", "sent", "after_apply", "batch_done"]


def applied(pipe: Pipe) -> int:
    return int(pipe.redis.hget(pipe.keys.counts, "applied") or 0)


@pytest.mark.parametrize("place", PLACES)
def test_mistake_01_sigkill_at_any_line_counts_each_event_once(pipe: Pipe, place: str):
    pipe.send(pipe.events(500))
    with pipe.victim(place) as victim:
        assert victim.wait(60) == -signal.SIGKILL
    died_at = applied(pipe)
    pipe.drain()
    assert 0 < died_at < 500
    pipe.assert_right(500)


def test_a_paused_zombie_is_refused(pipe: Pipe):
    """Frozen inside a batch for longer than its session; another owner goes on; it wakes up."""
    pipe.send(pipe.events(500))
    with pipe.victim("before_apply", "stop") as zombie:
        until(lambda: psutil.Process(zombie.pid).status() == psutil.STATUS_STOPPED)
        pipe.drain()
        pipe.assert_right(500)
        zombie.send_signal(signal.SIGCONT)
        output, _ = zombie.communicate(timeout=60)
    assert json.loads(output)["refused"] > 0
    pipe.assert_right(500)


def test_sigterm_inside_a_batch_finishes_it_and_leaves_in_order(pipe: Pipe):
    pipe.send(pipe.events(500))
    with pipe.victim("before_apply", "term") as victim:
        output, _ = victim.communicate(timeout=60)
    assert victim.returncode == 0
    assert json.loads(output)["applied"] == applied(pipe) > 0
    pipe.drain()
    pipe.assert_right(500)


def test_redelivery_after_the_group_went_back_changes_nothing(pipe: Pipe):
    pipe.send(pipe.events(200))
    pipe.drain()
    with KafkaAdminClient(bootstrap_servers=pipe.settings.kafka) as admin:
        admin.delete_groups([pipe.settings.group])
    assert pipe.drain().totals.records == 0
    pipe.assert_right(200)


def test_a_join_that_outlasts_one_poll_is_completed(pipe: Pipe):
    """kafka-python 3.0.12 forgot such a join: no partitions and no heartbeats, for ever."""
    pipe.send(pipe.events(100))
    with pipe.processor() as processor:
        coordinator = processor._consumer._client._coordinator
        until(lambda: processor.step() and len(processor.positions) == 3)
        coordinator._assignment_snapshot = {}  # as after new metadata
        until(lambda: processor.step(timeout_s=0.001) and processor.positions == {})
        until(lambda: coordinator._join_task is None or coordinator._join_task.is_done)
        until(lambda: processor.step() and len(processor.positions) == 3)
    pipe.assert_right(100)


def test_mistake_13_a_rebalance_does_not_end_the_loop(pipe: Pipe):
    """Members come and go while records flow."""
    pipe.send(pipe.events(200))
    with pipe.running(max_poll_records=20) as first:
        for seed in (2, 3):
            with pipe.running(max_poll_records=20) as second:
                pipe.send(pipe.events(200, seed))
                until(lambda second=second: second.positions)
            until(lambda: len(first.positions) == 3)
        until(lambda: applied(pipe) == 600)
    pipe.assert_right(600)


def test_two_processors_one_killed(pipe: Pipe):
    with pipe.victim("after_apply", nth=3) as victim, pipe.running(max_poll_records=50):
        for seed in range(6):
            pipe.send(pipe.events(200, seed))
        killed = victim.wait(60)
        until(lambda: applied(pipe) == 1200)
    assert killed in (-signal.SIGKILL, 0)  # 0: it drained before it got three batches
    pipe.assert_right(1200)


def test_a_lost_state_is_rebuilt_from_the_start_of_the_log(pipe: Pipe):
    """While running, with no new records to trigger it (FLUSHALL, for one prefix)."""
    pipe.send(pipe.events(300))
    with pipe.running() as processor:
        until(lambda: applied(pipe) == 300)
        assert delete_state(pipe.redis, pipe.keys) > 0
        until(lambda: applied(pipe) == 300)
    assert processor.totals.applied == 600
    pipe.assert_right(300)


def test_redis_restored_from_an_older_copy_is_brought_up_to_date(pipe: Pipe):
    pipe.send(pipe.events(150))
    pipe.drain()
    copy = {key: pipe.redis.dump(key) for key in pipe.redis.scan_iter(f"{pipe.keys.prefix}*")}
    pipe.send(pipe.events(150, seed=2))
    with pipe.running() as processor:
        until(lambda: applied(pipe) == 300)
        delete_state(pipe.redis, pipe.keys)
        for key, dump in copy.items():
            pipe.redis.restore(key, 0, dump, replace=True)
        until(lambda: applied(pipe) == 300)
    assert processor.totals.applied >= 300
    pipe.assert_right(300)


def test_a_topic_made_anew_stops_the_processor_with_what_to_do(pipe: Pipe):
    pipe.send(pipe.events(100))
    pipe.drain()
    with KafkaAdminClient(bootstrap_servers=pipe.settings.kafka) as admin:
        admin.delete_topics([pipe.settings.topic])
        until(lambda: pipe.settings.topic not in admin.list_topics())
        ensure_topics(pipe.settings, pipe.settings.kafka)
    pipe.send(pipe.events(10))
    with pytest.raises(OffsetGapError, match="leaderboard rebuild"):
        pipe.drain()
    with pytest.raises(VerifyError, match="another log"):
        pipe.verify()
    assert applied(pipe) == 100


def test_records_removed_before_they_were_applied_stop_the_processor(pipe: Pipe):
    pipe.send(pipe.events(100))
    pipe.drain()
    pipe.send(pipe.events(100, seed=2))
    pipe.delete_records()
    with pytest.raises(OffsetGapError, match="retention"):
        pipe.drain()
    assert applied(pipe) == 100


def test_a_log_whose_start_is_gone_is_read_from_what_is_left(pipe: Pipe):
    pipe.send(pipe.events(100))
    pipe.delete_records()
    pipe.send(pipe.events(100, seed=2))
    assert pipe.drain().totals.applied == 100


def test_verify_finds_a_wrong_score_and_the_record_that_explains_it(pipe: Pipe):
    pipe.send(pipe.events(200))
    pipe.drain()
    pipe.redis.zincrby(pipe.keys.board, 100, "player_001")
    report = pipe.verify()
    assert report.drift == 1
    (difference,) = report.differences
    assert difference.got - difference.expected == 100
    assert f"{pipe.settings.topic}[" in difference.explained_by
    assert "counted twice" in difference.explained_by


@pytest.mark.parametrize("spoil", ["hash", "extra player", "achievement", "count", "name"])
def test_verify_finds_any_other_difference(pipe: Pipe, spoil: str):
    pipe.send(pipe.events(200))
    pipe.drain()
    redis, keys = pipe.redis, pipe.keys
    match spoil:
        case "hash":
            redis.hincrby(keys.player("player_001"), "events_count", 1)
        case "extra player":
            redis.zadd(keys.board, {"ghost": 5})
        case "achievement":
            redis.lpop(keys.achievements)
        case "count":
            redis.hincrby(keys.achievement_counts, "Ace", 1)
        case "name":
            redis.hset(keys.player("player_001"), "player_name", "Impostor")
    assert pipe.verify().drift == 1


def test_verify_says_when_it_can_not_read_what_redis_holds(pipe: Pipe):
    pipe.send(pipe.events(50))
    pipe.drain()
    pipe.redis.lpush(pipe.keys.achievements, "junk")
    with pytest.raises(VerifyError, match="none of ours"):
        pipe.verify()


def test_load_and_kills_at_once(pipe: Pipe):
    """A producer goes on while one victim after another dies; a last processor drains."""
    total, stop = [0], threading.Event()

    def produce() -> None:
        seed = 0
        while not stop.is_set():
            pipe.send(pipe.events(100, seed))
            total[0] += 100
            seed += 1

    thread = threading.Thread(target=produce)
    thread.start()
    try:
        for place in ("before_apply", "sent", "after_apply"):
            with pipe.victim(place) as victim:
                assert victim.wait(90) == -signal.SIGKILL
    finally:
        stop.set()
        thread.join()
    pipe.drain()
    pipe.assert_right(total[0])
