"""The lab's thread: what it notices, and that nobody can miss a failure (trap 4)."""

import threading
import time
from collections.abc import Iterator

import pytest

from leaderboard.errors import StageError
from leaderboard.lab import engine as engine_module
from leaderboard.lab.crew import Crew
from leaderboard.lab.engine import Engine
from leaderboard.lab.experiment import Experiment
from leaderboard.lab.monitor import Reading
from leaderboard.lab.sample import Sample
from leaderboard.lab.wishes import Wishes
from tests.lab.fakes import FakeMonitor, Starter
from tests.waiting import until


@pytest.fixture
def monitor() -> FakeMonitor:
    return FakeMonitor()


@pytest.fixture
def starter() -> Starter:
    return Starter()


@pytest.fixture
def engine(monitor: FakeMonitor, starter: Starter) -> Iterator[Engine]:
    engine = Engine(Crew({}, starter), lambda: monitor, Wishes())
    engine.start()
    yield engine
    engine.close()


def begin(engine: Engine, **limits: float) -> Experiment:
    experiment = Experiment(**limits)

    def start() -> None:
        engine.crew.produce(engine.wishes, seconds=None, events=None, seed=None)
        engine.experiment = experiment

    engine.ask(start)
    return experiment


def test_samples_come_five_a_second(engine: Engine):
    until(lambda: len(engine.samples) >= 5)
    steps = [b.t_s - a.t_s for a, b in zip(engine.samples, engine.samples[1:], strict=False)]
    assert min(steps) > 0.05


def test_a_subscriber_gets_every_sample_in_the_lab_thread(engine: Engine):
    seen: list[tuple[str, Sample]] = []
    end = engine.subscribe(lambda s: seen.append((threading.current_thread().name, s)))
    until(lambda: len(seen) >= 2)
    end()
    assert {name for name, _ in seen} == {"lab"}
    count = len(seen)
    engine.ask(lambda: None)
    time.sleep(0.5)
    assert len(seen) <= count + 1


def test_a_wish_reaches_the_running_producer(engine: Engine):
    begin(engine)
    until(lambda: engine.sample.stages == {"producer": "running"})
    threading.Thread(target=engine.wish, args=({"rate": 77},)).start()
    until(lambda: engine.crew.stage("producer").metrics.get("told") == {"rate": 77.0})
    assert engine.sample.target_rate == 77.0


def test_a_wrong_wish_changes_nothing(engine: Engine):
    with pytest.raises(ValueError, match="rate"):
        engine.wish({"rate": -1})
    assert engine.wishes.rate == Wishes().rate


def test_a_dead_child_ends_the_experiment_and_is_raised_once(engine: Engine):
    experiment = begin(engine)
    engine.ask(lambda: engine.crew.stage("producer").tell(crash=5))
    assert experiment.over.wait(30)
    with pytest.raises(StageError, match="exit status 5"):
        engine.raise_failures()
    engine.raise_failures()


def test_a_dead_thread_is_raised_by_whoever_asks(engine: Engine, monitor: FakeMonitor):
    monitor.broken = RuntimeError("the wheels came off")
    until(lambda: not engine.alive)
    with pytest.raises(StageError, match="the wheels came off"):
        engine.ask(lambda: None)


def test_a_dead_thread_leaves_no_children(engine: Engine, monitor: FakeMonitor):
    begin(engine)
    monitor.broken = RuntimeError("gone")
    until(lambda: not engine.alive)
    assert engine.crew.alive == []


def test_a_failing_subscriber_is_dropped_and_told(engine: Engine):
    calls: list[float] = []

    def broken(sample: Sample) -> None:
        calls.append(sample.t_s)
        raise ValueError("no picture today")

    engine.subscribe(broken)
    until(lambda: calls)
    until(lambda: len(engine.samples) > 3)
    assert len(calls) == 1
    with pytest.raises(StageError, match="no picture today"):
        engine.raise_failures()


def test_servers_away_for_a_moment_are_no_failure(engine: Engine, monitor: FakeMonitor):
    monitor.away = True
    count = len(engine.samples)
    until(lambda: len(engine.samples) > count + 2)
    monitor.away = False
    engine.raise_failures()


def test_servers_away_for_long_are_one(
    engine: Engine, monitor: FakeMonitor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(engine_module, "AWAY_LIMIT_S", 0.3)
    monitor.away = True
    experiment = begin(engine)
    assert experiment.over.wait(30)
    with pytest.raises(StageError, match="nobody there"):
        engine.raise_failures()


def test_an_experiment_is_over_when_the_producer_ended_and_all_is_applied(
    engine: Engine, monitor: FakeMonitor
):
    monitor.reading = Reading({0: 5}, {0: 3}, {}, 0, [], {}, {})
    experiment = begin(engine)
    until(lambda: experiment.phase == "running")
    engine.ask(lambda: engine.crew.stop("producer"))
    until(lambda: experiment.phase == "draining")
    assert not experiment.over.wait(0.6)
    monitor.reading = Reading({0: 5}, {0: 5}, {}, 0, [], {}, {})
    assert experiment.over.wait(30)


def test_what_an_asked_action_raises_comes_back(engine: Engine):
    with pytest.raises(KeyError):
        engine.ask(lambda: {}["nothing"])
    assert engine.ask(lambda: 42) == 42


def test_close_twice(engine: Engine):
    engine.close()
    engine.close()
    with pytest.raises(StageError, match="closed"):
        engine.ask(lambda: None)
