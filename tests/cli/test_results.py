"""top, verify and rebuild: what they say where something is not as it should be."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis
from typer.testing import CliRunner

from leaderboard.cli import results
from leaderboard.cli.commands import app
from leaderboard.cli.results import _Phases
from leaderboard.settings import Settings
from tests.cli.commands import environment, run


def test_verify_names_the_key_that_is_wrong(settings: Settings):
    run(settings, "produce", "--events", "20", "--rate", "0")
    run(settings, "process", "--drain", "--show-every", "0")
    prefix = settings.key_prefix
    with Redis.from_url(settings.redis) as redis:
        redis.zincrby(f"{prefix}leaderboard:global", 5000, "big2")
        redis.zadd(f"{prefix}leaderboard:global", {"endless": "inf"})
        redis.hset(f"{prefix}player:stats:stray", "total_score", "7")
    said = run(settings, "verify")
    assert said.returncode == 1
    assert said.stdout.splitlines()[:-1] == [
        "leaderboard:global big2: expected None, Redis holds 5000.0",
        "leaderboard:global endless: expected None, Redis holds inf",
        "player:stats:stray: expected None, Redis holds {'total_score': '7'}",
    ]


def test_one_bar_for_each_phase_of_a_rebuild(capsys: pytest.CaptureFixture[str]):
    with _Phases() as phases:
        for phase in ("counting", "verifying"):
            for done in range(11):
                phases.show(phase, done, 10)
    bars = capsys.readouterr().err.strip("\n").split("\n")
    assert ["counting: 100%" in bars[0], "verifying: 100%" in bars[1], len(bars)] == [True, True, 2]


def test_top_and_list_say_when_redis_counts_other_boards(settings: Settings, tmp_path: Path):
    run(settings, "process", "--drain")
    file = tmp_path / "boards.toml"
    file.write_text('[[board]]\nname = "own"\nwindow = "daily"\n')
    assert run(settings, "produce", "--events", "10", "--rate", "0").returncode == 0
    other = settings.with_(boards_file=str(file))
    assert run(other, "process", "--drain", "--show-every", "0").returncode == 0
    assert run(other, "top", "--board", "own").returncode == 0
    for command in (("top", "--board", "daily"), ("top", "--board", "game"), ("boards", "list")):
        refused = run(settings, *command)
        assert refused.returncode == 1
        assert "Redis holds counts of other boards than the 9 declared here" in refused.stderr
    assert run(settings, "top").returncode == 0, "the global board is the same everywhere"


def test_top_says_what_may_be_asked(settings: Settings):
    assert "nothing was counted" in run(settings, "top", "--board", "game").stderr
    run(settings, "produce", "--events", "100", "--rate", "0", "--seed", "1")
    run(settings, "process", "--drain", "--show-every", "0")
    for args, says in (
        (("--board", "game"), "say which with --game: game_alpha, game_beta, game_gamma"),
        (("--pane", "x"), "pane 'x': expected one of latest, on_time"),
        (("--board", "daily", "--at", "9999-12-31"), "a year from 1970 to 9998"),
    ):
        refused = run(settings, "top", *args)
        assert (refused.returncode, says in refused.stderr) == (2, True), refused.stderr


@pytest.mark.parametrize("swapped", [False, True])
def test_an_interrupted_rebuild_says_what_it_changed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, swapped: bool
):
    class Interrupted:
        def __init__(self, settings: Settings, kafka: str, redis: Redis, **_: object) -> None:
            self._set = lambda: redis.set(f"{settings.key_prefix}processed:epoch", "new")

        def run(self) -> None:
            if swapped:
                self._set()
            raise KeyboardInterrupt

    monkeypatch.setattr(results, "Rebuild", Interrupted)
    monkeypatch.setattr(results, "on_stop_signal", lambda _: None)
    ended = CliRunner().invoke(app, ["rebuild"], env=settings.environment())
    assert ended.exit_code == 130
    assert ("the new counts are in place" if swapped else "nothing was changed") in ended.stderr


def test_an_interrupted_verify_changed_nothing(monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(results, "_verify", interrupted)
    ended = CliRunner().invoke(app, ["verify"])
    assert (ended.exit_code, "nothing was changed" in ended.stderr) == (130, True)


def test_ctrl_c_while_the_program_loads_is_silent():
    code = """
import sys
class Pressed:
    def find_spec(self, name, path, target=None):
        if name == 'leaderboard.cli.commands':
            raise KeyboardInterrupt
sys.meta_path.insert(0, Pressed())
from leaderboard.cli import main
main()
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment(None), capture_output=True, timeout=30
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")


def test_the_report_as_json_names_the_same_keys(settings: Settings):
    run(settings, "process", "--drain")
    with Redis.from_url(settings.redis) as redis:
        redis.zadd(f"{settings.key_prefix}leaderboard:global", {"big2": 1})
    report = json.loads(run(settings, "verify", "--json").stdout)
    assert [d["where"] for d in report["differences"]] == ["leaderboard:global big2"]
