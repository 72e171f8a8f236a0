"""The lab on real servers: what a notebook's cells do, and each trap they could fall into."""

import threading
import time
from collections.abc import Callable

import psutil
import pytest
from kafka.admin import KafkaAdminClient
from redis import Redis

from leaderboard import Lab
from leaderboard.errors import NotebookError, StageError
from leaderboard.lab import frames
from tests.waiting import until

Make = Callable[..., Lab]


def test_the_whole_story(make_lab: Make):
    lab = make_lab(serve=True, seed=7)
    assert lab.predict("sent", 300, unit="events").value == 300
    lab.run(events=300)
    done = lab.wait()
    assert (done.sent, done.applied, done.total_lag) == (300, 300, 0)
    assert lab.grade("sent", done.sent).correct
    laws = {finding.law for finding in lab.check().findings}
    assert {"REST = Redis", "WebSocket = Redis"} <= laws
    assert len(lab.frames.events(limit=None)) == 300
    assert lab.frames.board(5)["rank"].tolist() == [1, 2, 3, 4, 5]
    assert len(lab.frames.players()) == done.total_players
    assert lab.frames.achievements()["unlocked"].sum() == sum(done.unlocked.values())
    assert set(lab.frames.lag()["partition"]) == {0, 1, 2}
    assert lab.history["applied"].iloc[-1] == 300


def test_run_returns_at_once(make_lab: Make):
    """Trap 1: a cell must return, or the sliders die."""
    lab = make_lab()
    lab.run(seconds=600)
    assert lab.state["producer"] in ("starting", "running") if lab.state else True
    until(lambda: lab.sample.sent > 0)
    assert not lab._engine.experiment.over.is_set()


def test_a_slider_on_another_thread_reaches_the_producer(make_lab: Make):
    """Trap 2: callbacks may run on any thread."""
    lab = make_lab(rate=10)
    lab.run(seconds=600)
    until(lambda: lab.state.get("producer") == "running")
    threading.Thread(target=lab.set, kwargs={"rate": 400}).start()
    until(lambda: lab.sample.send_rate > 200)
    threading.Thread(target=lab.set, kwargs={"paused": True}).start()
    until(lambda: lab.state["producer"] == "paused")


def test_a_dead_stage_turns_the_next_cell_red(make_lab: Make):
    """Trap 4."""
    lab = make_lab()
    lab.run(seconds=600)
    until(lambda: lab.state.get("processor-1") == "running")
    psutil.Process(lab._engine.crew.stage("processor-1").pid).kill()
    with pytest.raises(StageError, match=r"processor-1 .* signal 9"):
        lab.wait()
    assert lab.state["processor-1"] == "failed"


def test_a_failure_is_raised_by_close_when_nobody_else_did(make_lab: Make):
    lab = make_lab()
    lab.run(seconds=600)
    until(lambda: lab.state.get("producer") == "running")
    psutil.Process(lab._engine.crew.stage("producer").pid).kill()
    until(lambda: lab.state["producer"] == "failed")
    with pytest.raises(StageError, match="producer"):
        lab.close()
    assert lab.closed


def test_a_kill_loses_nothing(make_lab: Make):
    lab = make_lab(processors=2, rate=200)
    lab.run(seconds=4)
    until(lambda: lab.sample.applied > 50)
    name = lab.kill("processor")
    until(lambda: lab.state[name] == "killed")
    lab.set(processors=2)
    until(lambda: lab.state[name] == "running")
    lab.wait()
    lab.check()


def test_waiting_for_nobody_is_refused(make_lab: Make):
    lab = make_lab(processors=0)
    lab.run(events=20)
    with pytest.raises(StageError, match=r"20 events wait and no processor .*processors=1"):
        lab.wait()
    lab.set(processors=1)
    lab.wait()
    lab.check()


def test_there_must_be_a_run_with_an_end_to_wait_for(make_lab: Make):
    lab = make_lab()
    with pytest.raises(StageError, match="nothing was started"):
        lab.wait()
    lab.run()
    with pytest.raises(StageError, match="no end"):
        lab.wait()
    lab.stop()
    assert "running" not in lab.state.values()


def test_a_run_without_an_end_ends_with_its_producer(make_lab: Make):
    lab = make_lab()
    lab.run()
    until(lambda: lab.sample.sent > 0)
    with pytest.raises(StageError, match="got 'producers'; known: producer, processor-1"):
        lab.stop("producers")
    lab.stop("producer")
    done = lab.wait()
    assert (done.applied, done.total_lag) == (done.sent, 0)
    assert lab.state == {"producer": "stopped", "processor-1": "running"}
    lab.check()


def test_check_refuses_while_events_are_made(make_lab: Make):
    lab = make_lab()
    lab.run(seconds=600)
    until(lambda: lab.state.get("producer") == "running")
    with pytest.raises(NotebookError, match="still runs"):
        lab.check()


def test_check_finds_a_board_that_was_tampered_with(make_lab: Make):
    lab = make_lab(seed=1)
    lab.run(events=100)
    lab.wait()
    best = lab.frames.board(1).iloc[0]
    lab.redis.zincrby(f"{lab.settings.key_prefix}leaderboard:global", 5, best["player_id"])
    with pytest.raises(NotebookError, match="drift"):
        lab.check()


def test_every_cell_twice_leaks_nothing(make_lab: Make):
    """Trap 7: the second time leaves as many threads, sockets and children as the first."""
    me = psutil.Process()

    def cells() -> tuple[int, int, int]:
        lab = make_lab()
        for _ in range(2):
            lab.run(events=10)
            lab.wait()
            lab.check()
        return (
            threading.active_count(), len(me.net_connections()), len(me.children(recursive=True)),
        )  # fmt: skip

    first = cells()
    assert cells() == first


def test_nothing_is_left_behind(make_lab: Make, admin: KafkaAdminClient):
    """Trap 11: names of a run of its own are removed, with its threads and processes."""
    before = {thread.name for thread in threading.enumerate()}
    children = len(psutil.Process().children(recursive=True))
    lab = make_lab(processors=2)
    settings = lab.settings
    lab.run(seconds=600)
    until(lambda: lab.sample.applied > 0)
    lab.kill("processor")
    lab.close()
    lab.close()
    assert len(psutil.Process().children(recursive=True)) == children
    until(lambda: {thread.name for thread in threading.enumerate()} <= before)
    until(lambda: settings.topic not in admin.list_topics())
    assert settings.group not in {group["group_id"] for group in admin.list_groups()}
    with Redis.from_url(settings.redis) as redis:
        assert list(redis.scan_iter(f"{settings.key_prefix}*")) == []


def test_a_new_lab_closes_the_one_before(make_lab: Make):
    first = make_lab()
    first.run(seconds=600)
    second = make_lab()
    assert first.closed
    assert not second.closed


def test_reset_starts_clean(make_lab: Make):
    lab = make_lab()
    lab.run(events=30)
    lab.wait()
    lab.reset()
    until(lambda: lab.sample.applied == 0 and lab.sample.total_lag == 0)
    lab.run(events=10)
    lab.wait()
    assert lab.sample.applied == 10
    lab.check()


def test_plain_names_are_not_emptied_by_accident(make_lab: Make):
    lab = make_lab(run_id="")
    with pytest.raises(StageError, match="confirm=True"):
        lab.reset()
    lab.run(events=10)
    lab.wait()
    topic = lab.settings.topic
    lab.close()
    again = make_lab(run_id="")
    assert again.settings.topic == topic
    until(lambda: again.sample.applied == 10)
    again.reset(confirm=True)
    until(lambda: again.sample.applied == 0)


def test_step_by_step_in_the_kernel(make_lab: Make):
    from datetime import UTC, datetime

    from leaderboard.model.simulate import simulate

    lab = make_lab(processors=0)
    producer, processor = lab.producer(), lab.processor()
    for event in simulate(1, datetime.now(UTC), n=5):
        producer.send(event)
    producer.flush()
    until(lambda: processor.step() and processor.totals.applied == 5)
    assert len(lab.frames.events()) == 5


def test_what_comes_first_is_escaped_and_one_line(make_lab: Make):
    lab = make_lab()
    assert "\n" not in repr(lab)
    assert "<Lab" not in lab._repr_html_()
    assert "&lt;Lab" in lab._repr_html_()


def test_empty_tables_keep_their_columns(make_lab: Make):
    lab = make_lab()
    for frame, columns in (
        (lab.frames.events(), frames.EVENTS),
        (lab.frames.board(), frames.BOARD),
        (lab.frames.players(), frames.PLAYERS),
        (frames.table([], frames.LAG), frames.LAG),
    ):
        assert list(frame.columns) == list(columns)
        assert len(frame) == 0


def test_threads_print_nothing(make_lab: Make, capfd: pytest.CaptureFixture[str]):
    """Trap 5: what the lab's thread has to say is in `lab.log`."""
    lab = make_lab()
    lab.run(events=10)
    lab.wait()
    time.sleep(0.5)
    lab.stop()
    assert capfd.readouterr() == ("", "")
    assert any("processor-1" in line for line in lab.log)
