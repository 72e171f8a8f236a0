"""The log counted anew while everything runs: whole boards at any moment, and right at the end."""

import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient, NewPartitions
from redis import Redis

from leaderboard.errors import BoardsChangedError, OffsetGapError, StageError, VerifyError
from leaderboard.pipeline.topics import ensure_topics
from leaderboard.store.hiding import audit_trail, hide, unhide
from leaderboard.store.state import delete_state
from tests.pipeline.onlookers import Crowd, Onlooker
from tests.pipeline.pipes import Pipe
from tests.private_redis import PrivateRedis
from tests.store.content import content
from tests.waiting import until

VICTIM = Path(__file__).with_name("rebuild_victim.py")
OTHER_BOARDS = '[[board]]\nname = "shifts"\nwindow = "fixed"\nsize_s = 28800\n'


def applied(pipe: Pipe) -> int:
    return int(pipe.redis.hget(pipe.keys.counts, "applied") or 0)


def left_over(pipe: Pipe) -> list[bytes]:
    return list(pipe.redis.scan_iter(f"{pipe.keys.prefix}rebuild:*"))


def live(pipe: Pipe) -> dict[bytes, object]:
    """Everything Redis holds of the live counts."""
    found = content(pipe.redis, f"{pipe.keys.prefix}*")
    return {key: held for key, held in found.items() if key not in left_over(pipe)}


def tamper(pipe: Pipe) -> None:
    """A wrong score, a player and boards that no event made, counted ids lost, a key of another
    type."""
    redis, keys = pipe.redis, pipe.keys
    redis.zincrby(keys.board, 1_000_000, "player_001")
    redis.hset(keys.player("ghost"), "player_name", "Ghost")
    redis.zadd(f"{keys.of_boards['board']}daily:19700101T000000Z", {"ghost": 1})
    redis.delete(*redis.scan_iter(f"{keys.processed_prefix}*"))
    redis.delete(keys.achievement_counts)
    redis.set(keys.achievement_counts, "no hash")


def test_under_load_readers_see_whole_boards_that_never_go_back(pipe: Pipe):
    """Two processors and a producer go on, and somebody looks at the boards all the time."""
    pipe.send(pipe.events(600))
    pipe.drain()
    with Onlooker(pipe) as onlooker, Crowd(pipe) as crowd:
        with pipe.running(max_poll_records=100), pipe.running(max_poll_records=100):
            until(lambda: applied(pipe) > 600)
            rebuilt = pipe.rebuild()
            then = applied(pipe)
            until(lambda: applied(pipe) > then)
        crowd.stop()
        pipe.drain()
        epochs = {None, pipe.redis.get(pipe.keys.epoch)}
        until(lambda: onlooker.is_over or onlooker.seen_epochs == epochs)
    assert rebuilt.report.drift == 0
    assert rebuilt.swap is not None
    assert rebuilt.swap.keys > 30
    pipe.assert_right(600 + crowd.sent)
    assert left_over(pipe) == []


def test_killed_at_any_place_it_has_changed_nothing_or_all(pipe: Pipe):
    pipe.send(pipe.events(300))
    pipe.drain()
    tamper(pipe)
    before = live(pipe)
    for place, nth in (("counting", 2), ("counted", 1), ("swapping", 1)):
        with pipe.victim(place, nth=nth, program=VICTIM) as victim:
            assert victim.wait(60) == -signal.SIGKILL
        assert live(pipe) == before, place
        assert left_over(pipe) != [], place
    with pipe.victim("verified", "int", nth=1, program=VICTIM) as victim:
        assert victim.wait(60) != 0
    assert live(pipe) == before
    assert left_over(pipe) == [], "it put itself in order, and what the killed ones had left"
    with pipe.victim("swapped", nth=1, program=VICTIM) as victim:
        assert victim.wait(60) == -signal.SIGKILL
    pipe.assert_right(300)
    assert left_over(pipe) == []
    pipe.rebuild()
    pipe.assert_right(300)


def test_a_tampered_state_is_mended_under_a_running_processor(pipe: Pipe):
    """Nothing is sent meanwhile: the offsets are the same before and after, and yet the processor
    must not go on from the watermarks that it read."""
    pipe.send(pipe.events(300))
    pipe.drain()
    tamper(pipe)
    for partition in range(3):
        field = pipe.keys.offset_field(pipe.settings.topic, partition)
        pipe.redis.hset(pipe.keys.watermarks, field, "2026-12-31T00:00:00.000000Z")
    with pipe.running() as processor:
        until(lambda: len(processor.watermarks) == 3)
        pipe.rebuild()
        pipe.send(pipe.events(600))  # the same 300 and as many new ones
        until(lambda: applied(pipe) == 600)
    report = pipe.assert_right(900)
    assert report.duplicates == 300
    assert pipe.redis.exists(pipe.keys.player("ghost")) == 0


def test_whoever_is_hidden_or_shown_meanwhile_is_so_afterwards(pipe: Pipe):
    pipe.send(pipe.events(300))
    pipe.drain()
    now = datetime(2026, 1, 2, tzinfo=UTC)
    hide(pipe.redis, pipe.keys, "player_001", reason="cheats", by="me", now=now)
    hide(pipe.redis, pipe.keys, "player_002", reason="cheats", by="me", now=now)

    def probe(place: str) -> None:
        if place == "counted":
            unhide(pipe.redis, pipe.keys, "player_001", reason="appeal", by="me", now=now)
        if place == "swapping":
            hide(pipe.redis, pipe.keys, "player_003", reason="cheats", by="me", now=now)

    pipe.rebuild(probe=probe)
    pipe.assert_right(300)
    assert pipe.redis.smembers(pipe.keys.hidden) == {b"player_002", b"player_003"}
    shown = {member.decode() for member in pipe.redis.zrange(pipe.keys.board, 0, -1)}
    assert {f"player_{n:03d}" for n in range(1, 5)} & shown == {"player_001", "player_004"}
    assert len(audit_trail(pipe.redis, pipe.keys)) == 4


def test_other_boards_while_a_processor_of_the_old_ones_runs(
    pipe: Pipe, make_pipe: Callable[..., Pipe], tmp_path: Path
):
    """It stops, idle as it is, and does no harm to the new boards."""
    pipe.send(pipe.events(300))
    declared = tmp_path / "boards.toml"
    declared.write_text(OTHER_BOARDS)
    other = make_pipe(boards_file=str(declared))
    with pipe.processor() as processor:
        until(lambda: processor.step() and applied(pipe) == 300)
        other.rebuild()
        with pytest.raises(BoardsChangedError, match="start this program again with"):
            processor.run()
    other.assert_right(300)
    other.send(other.events(300, seed=2))
    other.drain()
    other.assert_right(600)
    names = {key.decode() for key in live(other)}
    assert any(":leaderboard:shifts:" in name for name in names)
    assert not any(":leaderboard:daily" in name for name in names)


def test_other_partitions(make_pipe: Callable[..., Pipe], admin: KafkaAdminClient):
    pipe = make_pipe(partitions=1)
    pipe.send(pipe.events(100))
    pipe.drain()
    admin.create_partitions({pipe.settings.topic: NewPartitions(2)})
    until(lambda: len(pipe.partitions()) == 2)
    pipe.send(pipe.events(100, seed=2))
    with pytest.raises(BoardsChangedError, match="leaderboard rebuild"):
        pipe.drain()
    pipe.rebuild()
    pipe.drain()
    pipe.assert_right(200)


def test_a_topic_made_anew_is_counted_from_its_start(pipe: Pipe, admin: KafkaAdminClient):
    """The stored offsets lie beyond this log; bad records at the same places are told apart."""
    pipe.send(pipe.events(100))
    pipe.send_raw(b"old junk")
    pipe.drain()
    admin.delete_topics([pipe.settings.topic])
    until(lambda: pipe.settings.topic not in admin.list_topics())
    ensure_topics(pipe.settings, pipe.settings.kafka)
    pipe.send(pipe.events(10, seed=2))
    with pytest.raises(OffsetGapError, match="leaderboard rebuild"):
        pipe.drain()
    pipe.rebuild()
    pipe.send_raw(b"new junk", key=b"player_001")
    pipe.send(pipe.events(10, seed=3))
    pipe.drain()
    pipe.assert_right(21)
    assert [letter.value for letter in pipe.letters()] == [b"old junk", b"new junk"]


def test_a_log_whose_start_is_gone_is_counted_and_verified_from_there(pipe: Pipe):
    """Retention removed what was never applied."""
    pipe.send(pipe.events(100))
    pipe.drain()
    pipe.send(pipe.events(100, seed=2))
    pipe.delete_records()
    pipe.send(pipe.events(100, seed=3))
    with pytest.raises(OffsetGapError, match="leaderboard rebuild"):
        pipe.drain()
    pipe.rebuild()
    pipe.drain()
    pipe.assert_right(100)
    pipe.delete_records()
    with pytest.raises(VerifyError, match="retention"):
        pipe.verify()


def test_of_two_at_once_the_newer_one_goes_on(pipe: Pipe):
    pipe.send(pipe.events(300))
    pipe.drain()
    tamper(pipe)

    def another(place: str) -> None:
        if place == "counted":
            pipe.rebuild()

    with pytest.raises(StageError, match="another was begun"):
        pipe.rebuild(probe=another)
    pipe.assert_right(300)
    assert left_over(pipe) == []


def test_it_gives_up_on_processors_that_stay_ahead(pipe: Pipe):
    """Before every try one more event is sent and counted by them."""
    pipe.send(pipe.events(300))
    pipe.drain()
    with pipe.processor() as processor:

        def run_ahead(place: str) -> None:
            if place == "swapping":
                before = processor.totals.applied
                pipe.send(pipe.events(1, seed=1000 + before))
                until(lambda: processor.step() and processor.totals.applied > before)

        until(lambda: processor.step() and len(processor.positions) == 3)
        with pytest.raises(StageError, match="stay at least 1 records ahead"):
            pipe.rebuild(probe=run_ahead, patience_s=0.5)
    assert left_over(pipe) == []
    pipe.assert_right(300 + processor.totals.applied)


def test_it_needs_room_in_redis_and_leaves_the_live_counts_theirs(
    make_pipe: Callable[..., Pipe], private_redis: PrivateRedis
):
    pipe = make_pipe(redis=private_redis.url)
    pipe.send(pipe.events(300))
    pipe.drain()
    pipe.redis.config_set("maxmemory", pipe.redis.info("memory")["used_memory"])
    with pytest.raises(StageError, match="needs room"):
        pipe.rebuild()
    pipe.redis.config_set("maxmemory", 0)
    pipe.assert_right(300)
    assert left_over(pipe) == []


def test_after_a_lost_state_the_epoch_is_gone_and_everything_goes_on(pipe: Pipe):
    pipe.send(pipe.events(200))
    pipe.rebuild()
    with pipe.running():
        pipe.send(pipe.events(100, seed=2))
        until(lambda: applied(pipe) == 300)
        delete_state(pipe.redis, pipe.keys)
        until(lambda: applied(pipe) == 300)
    pipe.assert_right(300)


def test_redis_away_while_it_counts_is_waited_for(
    make_pipe: Callable[..., Pipe], private_redis: PrivateRedis
):
    pipe = make_pipe(redis=private_redis.url)
    pipe.send(pipe.events(300))
    tries = iter(range(1000))

    def probe(place: str) -> None:
        if place == "counting" and next(tries) == 0:
            private_redis.kill()
            private_redis.start()

    with Redis.from_url(private_redis.url, socket_timeout=5) as redis:
        pipe.rebuild(redis, probe=probe)
    pipe.assert_right(300)
