"""One supervised child: its states, its answers, and every way it can end."""

from collections.abc import Callable, Iterator

import psutil
import pytest

from leaderboard.lab.stages import Stage
from tests.lab.fakes import fake_stage
from tests.waiting import until

Start = Callable[..., Stage]


@pytest.fixture
def start() -> Iterator[Start]:
    made: list[Stage] = []

    def begin(how: str = "good", **options: object) -> Stage:
        made.append(fake_stage("stage", how, **options))
        return made[-1]

    yield begin
    for stage in made:
        stage.kill()
        stage.wait()


def pumped(stage: Stage, state: str) -> bool:
    stage.pump()
    return stage.state == state


def test_it_starts_runs_and_stops(start: Start):
    stage = start()
    assert stage.state == "starting"
    until(lambda: pumped(stage, "running"))
    assert stage.ready["url"] == "http://nowhere"
    stage.stop()
    until(lambda: pumped(stage, "stopped"))
    assert stage.failure == ""


def test_it_takes_commands_and_reports(start: Start):
    stage = start()
    stage.tell(pause=True)
    until(lambda: pumped(stage, "paused"))
    assert stage.metrics["told"] == {"pause": True}
    stage.tell(pause=False)
    until(lambda: pumped(stage, "running"))


def test_a_session_of_its_own_keeps_the_interrupt_button_away(start: Start):
    import os

    stage = start()
    assert os.getsid(stage.pid) == stage.pid


def test_a_crash_is_a_failure_that_quotes_the_last_words(start: Start):
    stage = start()
    stage.tell(crash=3)
    until(lambda: pumped(stage, "failed"))
    assert "exit status 3" in stage.failure
    assert "these are my last words" in stage.failure


def test_a_kill_that_was_asked_for_is_none(start: Start):
    stage = start()
    until(lambda: pumped(stage, "running"))
    stage.kill()
    until(lambda: pumped(stage, "killed"))
    assert stage.failure == ""


def test_a_kill_by_someone_else_is_one(start: Start):
    stage = start()
    until(lambda: pumped(stage, "running"))
    psutil.Process(stage.pid).kill()
    until(lambda: pumped(stage, "failed"))
    assert "signal 9" in stage.failure


def test_ending_unasked_is_a_failure_unless_it_may(start: Start):
    lazy = start("short")
    until(lambda: pumped(lazy, "failed"))
    assert "nobody had asked" in lazy.failure
    done = start("short", may_end=True)
    until(lambda: pumped(done, "stopped"))


def test_a_refused_command_is_a_failure(start: Start):
    stage = start()
    stage.tell(bad=1)
    until(lambda: pumped(stage, "failed"))
    assert "no such thing" in stage.failure


def test_no_answer_is_a_failure(start: Start):
    stage = start("silent", answer_timeout_s=0.3)
    stage.tell(pause=True)
    until(lambda: pumped(stage, "failed"))
    assert "has not answered" in stage.failure


def test_one_that_ignores_stop_is_killed_and_has_failed(start: Start):
    stage = start("stubborn", stop_timeout_s=0.3)
    until(lambda: pumped(stage, "running"))
    stage.stop()
    until(lambda: pumped(stage, "failed") and not stage.alive)
    assert "did not stop" in stage.failure


def test_only_the_last_log_lines_are_kept(start: Start):
    stage = start("chatty")
    until(lambda: pumped(stage, "running"))
    until(lambda: stage.pump() or "log line 99" in stage.log)
    assert len(stage.log) == 40
