"""The stages as commands: what a shell and what the lab sees of them."""

import signal
import subprocess
import sys

import psutil
import pytest

from leaderboard.settings import Settings
from tests.cli.commands import COMMAND, child, environment, run
from tests.waiting import until


def test_the_whole_path_by_commands(settings: Settings):
    produced = run(settings, "produce", "--events", "300", "--rate", "0", "--seed", "1")
    assert (produced.returncode, "300 events acknowledged" in produced.stdout) == (0, True)
    processed = run(settings, "process", "--drain", "--show-every", "300")
    assert processed.returncode == 0
    assert "NightHawk" in processed.stdout
    for word in ("applied 300", "lag 0", "duplicates 0", "dead letters 0"):
        assert word in processed.stderr
    verified = run(settings, "verify")
    assert (verified.returncode, "drift 0" in verified.stdout) == (0, True)
    assert "NightHawk" in run(settings, "top", "-n", "1").stdout


def test_drain_of_an_empty_topic_ends(settings: Settings):
    assert run(settings, "process", "--drain").returncode == 0


def test_seed_and_start_repeat_to_the_byte_so_a_second_run_adds_nothing(settings: Settings):
    again = (
        "produce",
        "--events",
        "100",
        "--rate",
        "0",
        "--seed",
        "3",
        "--start",
        "2026-01-01T00:00:00",
    )
    for _ in range(2):
        run(settings, *again)
    run(settings, "process", "--drain", "--show-every", "0")
    verified = run(settings, "verify")
    assert "100 applied + 100 duplicates" in verified.stdout


def test_a_live_seed_tells_the_same_story_with_new_ids(settings: Settings):
    for _ in range(2):
        run(settings, "produce", "--events", "100", "--rate", "0", "--seed", "3")
    run(settings, "process", "--drain", "--show-every", "0")
    assert "200 applied + 0 duplicates" in run(settings, "verify").stdout


def test_verify_says_drift_with_status_1_and_can_not_compare_with_2(settings: Settings):
    from redis import Redis

    run(settings, "produce", "--events", "50", "--rate", "0")
    run(settings, "process", "--drain", "--show-every", "0")
    with Redis.from_url(settings.redis) as redis:
        redis.zincrby(f"{settings.key_prefix}leaderboard:global", 1, "player_001")
    wrong = run(settings, "verify")
    assert (wrong.returncode, "drift 1" in wrong.stdout) == (1, True)
    away = run(settings.with_(redis="redis://127.0.0.1:1/0"), "verify")
    assert away.returncode == 2
    assert "could not compare" in away.stderr
    missing = run(settings.with_(topic=f"{settings.topic}-none"), "verify")
    assert missing.returncode == 2


def test_rebuild_while_a_processor_runs(settings: Settings):
    from redis import Redis

    run(settings, "produce", "--events", "100", "--rate", "0")
    run(settings, "process", "--drain", "--show-every", "0")
    with Redis.from_url(settings.redis) as redis:
        redis.zincrby(f"{settings.key_prefix}leaderboard:global", 1, "player_001")
    with child(settings, "process") as running:
        running.hear("metrics", partitions=[0, 1, 2])
        rebuilt = run(settings, "rebuild")
        assert (rebuilt.returncode, "drift 0" in rebuilt.stdout) == (0, True)
        assert "swapped in: " in rebuilt.stdout
        for phase in ("counting", "verifying"):
            assert f"{phase}: 100%" in rebuilt.stderr
        run(settings, "produce", "--events", "50", "--rate", "0", "--seed", "2")
        running.hear("metrics", applied=50)
        running.tell(stop=True)
        assert running.process.wait(30) == 0
    verified = run(settings, "verify")
    assert (verified.returncode, "150 applied" in verified.stdout) == (0, True)


def test_event_times_that_run_out_of_years_end_with_a_line_after_what_was_sent(settings: Settings):
    ended = run(
        settings, "produce", "--start", "9998-12-31T23:59:58", "--events", "5", "--rate", "1"
    )
    assert ended.returncode == 1
    assert "leaderboard: stopped after 2 acknowledged events: event times have left" in ended.stderr
    assert "Traceback" not in ended.stderr
    run(settings, "process", "--drain", "--show-every", "0")
    assert "2 applied + 0 duplicates + 0 dead letters" in run(settings, "verify").stdout


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("produce", "--rate", "-1"), "rate"),
        (("produce", "--players", "0"), "players"),
        *(
            (("produce", "--mix", mix), "--mix: expected a JSON object, a weight for each event")
            for mix in (
                "{",
                "{bad",
                "",
                "[]",
                "null",
                "3",
                '{"player_scored": "a"}',
                '{"player_scored": true}',
            )
        ),
        (("produce", "--mix", '{"player_scored": -1}'), "--mix: expected finite weights >= 0"),
        (("produce", "--start", "0001-01-01"), "--start: expected one of the years 1970 to 9998"),
        (("produce", "--start", "9999-01-01"), "--start: expected one of the years 1970 to 9998"),
        (("produce", "--mix", '{"flying": 1}'), "flying"),
        (("produce", "--events", "-1"), "--events"),
        (("top", "-n", "0"), "-n"),
        (("nonsense",), "nonsense"),
    ],
)
def test_wrong_use_is_status_2_and_says_what(args: tuple[str, ...], says: str):
    wrong = run(None, *args)
    assert wrong.returncode == 2
    assert says in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_no_broker_is_one_line_and_status_1(settings: Settings):
    away = run(settings.with_(kafka="127.0.0.1:1"), "produce", "--events", "1")
    assert away.returncode == 1
    assert "127.0.0.1:1" in away.stderr
    assert "Traceback" not in away.stderr


def test_a_producer_under_control(settings: Settings):
    with child(settings, "produce", "--rate", "20") as producer:
        producer.hear("ready")
        producer.tell(id=1, rate=200)
        producer.hear("ack", id=1)
        producer.hear("metrics", target=200.0)
        producer.tell(id=2, rate="fast")
        assert "rate" in producer.hear("error", id=2)["message"]
        producer.tell(id=3, pause=True)
        producer.hear("metrics", paused=True, rate=0.0)
        producer.tell(id=4, stop=True)
        assert producer.process.wait(30) == 0


def test_a_processor_under_control(settings: Settings):
    run(settings, "produce", "--events", "50", "--rate", "0")
    with child(settings, "process") as processor:
        processor.hear("ready")
        message = processor.hear("metrics", applied=50, partitions=[0, 1, 2])
        assert sum(message["positions"].values()) == 50
        processor.tell(id=1, fly=True)
        processor.hear("error", id=1)
        processor.tell(id=2, stop=True)
        assert processor.process.wait(30) == 0


@pytest.mark.parametrize("stage", ["produce", "process"])
def test_a_stage_ends_when_its_input_ends(settings: Settings, stage: str):
    with child(settings, stage) as running:
        running.hear("ready")
        assert running.process.stdin is not None
        running.process.stdin.close()
        assert running.process.wait(30) == 0


@pytest.mark.parametrize("stage", ["produce", "process"])
def test_a_stage_ends_when_its_parent_is_killed(settings: Settings, stage: str):
    """Its input stays open, held by another process: only the parent poll can notice."""
    code = (
        "import subprocess, sys, time\n"
        f"p = subprocess.Popen({[*COMMAND, stage, '--control']!r}, stdin=sys.stdin)\n"
        "print(p.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment(settings),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as parent:  # fmt: skip
        assert parent.stdout is not None
        stage_process = psutil.Process(int(parent.stdout.readline()))
        until(lambda: '"ready"' in parent.stdout.readline())
        parent.kill()
        stage_process.wait(30)


def test_sigterm_ends_a_plain_stage_in_order(settings: Settings):
    with subprocess.Popen(
        [*COMMAND, "process"], env=environment(settings), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        until(lambda: "assigned partitions" in process.stderr.readline())
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "applied 0" in errors
