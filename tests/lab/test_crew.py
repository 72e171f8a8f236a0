"""Which stages run, and what they are told."""

from collections.abc import Iterator

import pytest

from leaderboard.errors import StageError
from leaderboard.lab.crew import Crew
from leaderboard.lab.wishes import Wishes
from tests.lab.fakes import Starter
from tests.waiting import until


@pytest.fixture
def starter() -> Starter:
    return Starter()


@pytest.fixture
def crew(starter: Starter) -> Iterator[Crew]:
    crew = Crew({}, starter)
    yield crew
    crew.stop_all()


def reach(crew: Crew, states: dict[str, str]) -> None:
    until(lambda: crew.pump() is not None and crew.states == states)


def test_the_producer_gets_what_is_wished(crew: Crew, starter: Starter):
    crew.produce(Wishes(rate=5, players=9), seconds=2, events=None, seed=7)
    name, arguments = starter.started[0]
    assert name == "producer"
    assert arguments[:3] == ["produce", "--rate", "5.0"]
    assert arguments[-4:] == ["--seconds", "2", "--seed", "7"]


def test_only_what_changed_is_told(crew: Crew):
    crew.produce(Wishes(), seconds=None, events=None, seed=None)
    reach(crew, {"producer": "running"})
    crew.tell(Wishes())
    crew.tell(Wishes(rate=99))
    until(lambda: crew.pump() is not None and crew.stage("producer").metrics)
    assert crew.stage("producer").metrics["told"] == {"rate": 99.0}
    assert crew.stage("producer").metrics["sent"] == 1


def test_processors_come_and_go(crew: Crew):
    crew.scale(3)
    reach(crew, dict.fromkeys(("processor-1", "processor-2", "processor-3"), "running"))
    crew.scale(1)
    reach(crew, {"processor-1": "running", "processor-2": "stopped", "processor-3": "stopped"})
    crew.scale(2)
    reach(crew, {"processor-1": "running", "processor-2": "running"})


def test_a_killed_processor_stays_dead_until_asked_for(crew: Crew):
    crew.scale(2)
    reach(crew, dict.fromkeys(("processor-1", "processor-2"), "running"))
    name = crew.kill("processor")
    until(lambda: crew.pump() == [] and crew.states[name] == "killed")
    crew.tell(Wishes(processors=2))
    assert crew.states[name] == "killed"
    crew.scale(2)
    reach(crew, dict.fromkeys(("processor-1", "processor-2"), "running"))


def test_there_must_be_something_to_kill(crew: Crew):
    with pytest.raises(StageError, match="running: nothing"):
        crew.kill("processor")


def test_a_failure_is_told_once(crew: Crew, starter: Starter):
    starter.how["processor-1"] = "short"
    crew.scale(1)
    failures: list[str] = []
    until(lambda: failures.extend(crew.pump()) or failures)
    assert "processor-1" in failures[0]
    assert crew.pump() == []


def test_a_failure_while_stopping_is_told(crew: Crew, starter: Starter):
    starter.how["processor-1"] = "sore"
    crew.scale(1)
    reach(crew, {"processor-1": "running"})
    failures = crew.stop_all()
    assert "processor-1" in failures[0]
    assert crew.pump() == []


def test_sent_counts_all_producers(crew: Crew):
    for _ in range(2):
        crew.produce(Wishes(), seconds=None, events=None, seed=None)
        crew.tell(Wishes(rate=2))
        until(lambda: crew.pump() is not None and crew.stage("producer").metrics)
    assert crew.sent == 2


def test_nothing_runs_after_stop_all(crew: Crew):
    crew.produce(Wishes(), seconds=None, events=None, seed=None)
    crew.scale(2)
    crew.stop_all()
    assert crew.alive == []
    assert set(crew.states.values()) == {"stopped"}
