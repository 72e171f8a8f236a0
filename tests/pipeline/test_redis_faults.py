"""Faults of Redis itself, on a private server that can be killed, emptied and cut off."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from leaderboard.errors import RefusedError, StoreError
from leaderboard.settings import Settings
from tests.pipeline.pipes import Pipe
from tests.private_redis import PrivateRedis
from tests.recovery import Recovery
from tests.waiting import until, within


@pytest.fixture
def server(private_redis: PrivateRedis) -> PrivateRedis:
    return private_redis


@pytest.fixture
def pipe(settings: Settings, server: PrivateRedis) -> Iterator[Pipe]:
    pipe = Pipe(settings.with_(redis=server.url))
    yield pipe
    pipe.close()


def applied(pipe: Pipe) -> int:
    return int(pipe.redis.hget(pipe.keys.counts, "applied") or 0)


def test_flushall_rebuilds_from_the_start_of_the_log_by_itself(pipe: Pipe):
    pipe.send(pipe.events(300))
    with pipe.running():
        until(lambda: applied(pipe) == 300)
        pipe.redis.flushall()
        pipe.send(pipe.events(50, seed=2))
        until(lambda: applied(pipe) == 350)
    pipe.assert_right(350)


def test_redis_killed_and_started_again_while_events_flow(pipe: Pipe, server: PrivateRedis):
    pipe.send(pipe.events(300))
    with pipe.running(max_poll_records=50):
        until(lambda: applied(pipe) >= 50)
        server.kill()
        pipe.send(pipe.events(300, seed=2))
        server.start()
        until(lambda: applied(pipe) == 600)
    pipe.assert_right(600)


@pytest.mark.parametrize("cut", [1, 100, 5000])
def test_an_append_only_file_cut_short_is_made_good(pipe: Pipe, server: PrivateRedis, cut: int):
    """The server loses its newest writes; the log still has them."""
    pipe.send(pipe.events(300))
    pipe.drain(max_poll_records=40)
    server.kill()
    newest = server.append_only_files()[-1]
    with newest.open("r+b") as file:
        file.truncate(max(0, newest.stat().st_size - cut))
    server.start()
    pipe.drain()
    pipe.assert_right(300)


def test_an_append_only_file_cut_at_random_bytes(
    pipe: Pipe, server: PrivateRedis, record_property: Callable[[str, object], None]
):
    """Anywhere, also in the middle of a transaction; how far it lost its memory differs."""
    seed = int(os.environ.get("FAULT_SEED") or Random().randrange(10**6))
    record_property("seed", seed)
    print(f"FAULT_SEED={seed}")  # noqa: T201  # pytest shows it when the test fails
    random = Random(seed)
    for cut in range(4):
        pipe.send(pipe.events(100, seed=cut))
        pipe.drain(max_poll_records=20)
        server.kill()
        newest = server.append_only_files()[-1]
        os.truncate(newest, random.randrange(newest.stat().st_size))
        server.start()
    pipe.drain()
    pipe.assert_right(400)


def test_a_server_restored_from_an_older_copy(pipe: Pipe, server: PrivateRedis, tmp_path: Path):
    pipe.send(pipe.events(200))
    pipe.drain()
    server.kill()
    copy = tmp_path.parent / f"{tmp_path.name}-copy"
    shutil.copytree(server.folder, copy)
    server.start()
    pipe.send(pipe.events(200, seed=2))
    pipe.drain()
    server.kill()
    shutil.rmtree(server.folder)
    shutil.copytree(copy, server.folder)
    server.start()
    assert applied(pipe) == 200
    pipe.drain()
    pipe.assert_right(400)


def test_a_server_replaced_by_an_older_copy_while_events_flow(
    pipe: Pipe, server: PrivateRedis, tmp_path: Path, recovery: Recovery
):
    """The processor is not told: it finds its call refused, and goes back in the log."""
    copy = tmp_path.parent / f"{tmp_path.name}-copy"
    pipe.send(pipe.events(200))
    with pipe.running(max_poll_records=50):
        until(lambda: applied(pipe) == 200)
        server.kill()
        shutil.copytree(server.folder, copy)
        server.start()
        pipe.send(pipe.events(200, seed=2))
        until(lambda: applied(pipe) == 400)
        server.kill()
        shutil.rmtree(server.folder)
        shutil.copytree(copy, server.folder)
        server.start()
        with recovery("Redis: an older copy"):
            pipe.send(pipe.events(200, seed=3))
            until(lambda: applied(pipe) == 600)
    pipe.assert_right(600)


def test_scripts_forgotten_while_events_flow(pipe: Pipe):
    """As after a failover to a replica that never saw them."""
    with pipe.running(max_poll_records=20) as processor:
        for seed in range(10):
            pipe.send(pipe.events(100, seed))
            pipe.redis.script_flush()
            pipe.redis.function_flush()
            until(lambda seed=seed: applied(pipe) > 100 * seed)
        until(lambda: applied(pipe) == 1000)
        assert processor.totals.refused == 0
    pipe.assert_right(1000)


def test_out_of_memory_waits_and_goes_on(pipe: Pipe):
    pipe.redis.config_set("maxmemory", "1mb")
    pipe.send(pipe.events(300))
    with pipe.running() as processor:
        until(lambda: processor.positions == {})  # refused, and asked anew
        assert applied(pipe) == 0
        pipe.redis.config_set("maxmemory", "0")
        until(lambda: applied(pipe) == 300)
    pipe.assert_right(300)


def test_a_reply_lost_after_the_call_was_applied(pipe: Pipe):
    """The retry finds the offset moved on."""
    pipe.send(pipe.events(300))
    lost = []
    with pipe.processor(max_poll_records=100) as processor:
        send = processor._writer.send

        def send_and_lose_the_first_reply(prepared):
            applying = send(prepared)
            if not lost:
                lost.append(applying.outcomes())
                raise StoreError("the reply was lost")
            return applying

        processor._writer.send = send_and_lose_the_first_reply  # type: ignore[method-assign]  # the fault
        processor.run(drain=True)
    assert all(outcome.applied for outcome in lost[0])
    pipe.assert_right(300)


def test_connections_cut_again_and_again(pipe: Pipe):
    pipe.send(pipe.events(2000))
    with pipe.running(max_poll_records=20):
        for _ in range(10):
            within(0.2, lambda: applied(pipe) == 2000)
            pipe.redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        until(lambda: applied(pipe) == 2000)
    pipe.assert_right(2000)


@pytest.mark.parametrize(
    "name", ["board", "offsets", "watermarks", "epoch", "topics", "partitions", "definitions"]
)
def test_a_key_of_another_type_stops_the_processor(pipe: Pipe, name: str):
    """No second try would help: it says so at once, and once the key is gone nothing was lost."""
    key = getattr(pipe.keys, name)
    pipe.send(pipe.events(100))
    pipe.redis.xadd(key, {"none": "of ours"})
    with pytest.raises(RefusedError, match=f"{key} is a stream, expected a "):
        pipe.drain()
    pipe.redis.delete(key)
    pipe.drain()
    pipe.assert_right(100)


@pytest.mark.parametrize("name", ["offsets", "watermarks"])
def test_a_value_that_is_none_of_ours_stops_the_processor(pipe: Pipe, name: str):
    key, field = getattr(pipe.keys, name), pipe.keys.offset_field(pipe.settings.topic, 0)
    with pipe.processor() as processor:

        def overwritten() -> bool:
            if len(processor.positions) == 3:
                pipe.redis.hset(key, field, "soon")
            return False

        with pytest.raises(RefusedError, match=f"{key} {field}: expected a "):
            processor.run(stopped=overwritten)
    pipe.redis.hdel(key, field)
    pipe.send(pipe.events(100))
    pipe.drain()
    pipe.assert_right(100)


def test_a_cluster_stops_the_processor(
    settings: Settings, private_redis_factory: Callable[..., PrivateRedis]
):
    server = private_redis_factory(cluster=True)
    pipe = Pipe(settings.with_(redis=server.url))
    pipe.redis.execute_command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
    until(lambda: pipe.redis.cluster("INFO")["cluster_state"] == "ok")
    pipe.send(pipe.events(10))
    for stops in (pipe.drain, pipe.verify, pipe.rebuild):
        with pytest.raises(RefusedError, match="It is a Redis Cluster, expected one server"):
            stops()
    pipe.close()
