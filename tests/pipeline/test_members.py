"""Members come and go, and one partition has nearly all the work."""

import signal
from contextlib import ExitStack

from msgspec import structs

from leaderboard.model.simulate import player_id, player_name
from tests.pipeline.flow import Flow, Weather, assert_whole
from tests.pipeline.pipes import Pipe
from tests.waiting import until


def applied(pipe: Pipe) -> int:
    return int(pipe.redis.hget(pipe.keys.counts, "applied") or 0)


def test_one_member_four_and_one_again_while_events_flow(pipe: Pipe):
    """Three partitions: one of the four waits with none."""
    with Flow(pipe) as flow, pipe.running() as first:
        until(lambda: len(first.positions) == 3 and applied(pipe) > 50)
        with ExitStack() as others:
            more = [others.enter_context(pipe.running()) for _ in range(3)]
            until(lambda: sorted(len(p.positions) for p in (first, *more)) == [0, 1, 1, 1])
            before = applied(pipe)
            until(lambda: applied(pipe) > before + 50)
        until(lambda: len(first.positions) == 3)
        flow.stop()
        until(lambda: applied(pipe) == len(flow.points))
    assert_whole(pipe, flow)


def test_nine_events_of_ten_are_one_players(pipe: Pipe):
    flow = Flow(pipe, rate=1000)
    flow.weather = Weather(hot=0.9, again=0.05)
    with flow, pipe.running() as processor:
        until(lambda: applied(pipe) > 3000)
        flow.stop()
        until(lambda: applied(pipe) == len(flow.points))
    report = assert_whole(pipe, flow)
    assert processor.totals.records == report.records
    hot = pipe.redis.hget(pipe.keys.player(player_id(0)), "events_count")
    assert int(hot or 0) > 0.85 * report.applied


def test_the_owner_of_the_hot_player_dies(pipe: Pipe):
    events = [
        structs.replace(event, player_id=player_id(0), player_name=player_name(0)) if n % 10
        else event
        for n, event in enumerate(pipe.events(2000))
    ]  # fmt: skip
    pipe.send(events)
    with pipe.victim("after_apply", nth=5) as victim:
        assert victim.wait(60) == -signal.SIGKILL
    pipe.drain(max_poll_records=100)
    assert pipe.assert_right(2000).applied == 2000
