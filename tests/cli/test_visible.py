"""Names, ids, games and reasons come from anybody: none of them acts on the terminal."""

import doctest
import json
import logging
import re
from datetime import UTC, datetime
from uuid import UUID

import pytest
from redis import Redis

from leaderboard.cli import visible as module
from leaderboard.cli.replies import for_people
from leaderboard.cli.visible import VisibleFormatter, visible
from leaderboard.model.events import AchievementUnlocked, PlayerScored, encode
from leaderboard.pipeline.producer import Producer
from leaderboard.pipeline.topics import ensure_topics
from leaderboard.settings import Settings
from tests.cli.commands import run

NASTY = "\x1b\n\x9b\u202e[/b]"
SHOWN = r"\u001b\u000a\u009b\u202e[/b]"
ACTING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
AT = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture
def nasty(settings: Settings) -> Settings:
    """An event, a letter and a Redis that hold such text everywhere."""
    who = {"timestamp": AT, "player_id": f"i{NASTY}", "player_name": f"n{NASTY}"}
    ensure_topics(settings, settings.kafka)
    with Producer(settings.kafka, settings.topic) as producer:
        producer.send(
            PlayerScored(
                event_id=UUID(int=1), points=100, game_id=f"game{NASTY}", action="kill", **who
            )
        )
        producer.send(
            AchievementUnlocked(
                event_id=UUID(int=2), achievement_name=f"ace{NASTY}", achievement_rarity="rare",
                **who,
            )
        )  # fmt: skip
        bad = json.loads(encode(PlayerScored(
            event_id=UUID(int=3), points=1, game_id="g", action="kill", **who)))  # fmt: skip
        producer.send_raw(json.dumps(bad | {"action": NASTY}).encode(), NASTY.encode(),
                          [(NASTY, NASTY.encode())])  # fmt: skip
        producer.send_raw(NASTY.encode())
    return settings


def test_no_command_lets_it_through(nasty: Settings):
    reason = ("--reason", f"why{NASTY}", "--by", f"by{NASTY}")
    commands = [
        ("process", "--drain", "--show-every", "1"),
        ("top",),
        ("top", "--policy", "competition"),
        ("top", "--board", "game", "--game", f"game{NASTY}"),
        ("top", "--board", "game"),
        ("top", "--board", NASTY),
        ("boards", "list", "--json"),
        ("boards", "hide", f"i{NASTY}", *reason),
        ("boards", "unhide", f"i{NASTY}", *reason),
        ("boards", "audit"),
        ("boards", "audit", "--json"),
        ("deadletters", "list"),
        ("deadletters", "list", "--json"),
        *(("deadletters", "show", f"{nasty.topic}[{p}]@{o}") for p in range(3) for o in range(2)),
        ("deadletters", "replay"),
        ("verify",),
        ("verify", "--json"),
    ]
    with Redis.from_url(nasty.redis) as redis:
        for command in commands:
            if command[0] == "verify":
                redis.zadd(f"{nasty.key_prefix}leaderboard:global", {f"stray{NASTY}": 1})
            ended = run(nasty, *command)
            shown = ended.stdout + ended.stderr
            assert not ACTING.search(shown.replace("\r", "")), (command, shown)
            assert "Traceback" not in ended.stderr, (command, ended.stderr)
            if command == ("top",):
                assert f"n{SHOWN}" in shown
                assert f"i{SHOWN}" in shown


def test_json_stays_the_same_json():
    text = json.dumps({"name": NASTY}, ensure_ascii=False)
    assert json.loads(visible(text)) == {"name": NASTY}
    assert doctest.testmod(module).failed == 0


def test_a_log_line_stays_one_line():
    record = logging.LogRecord("x", logging.INFO, "", 0, "got %s", (NASTY,), None)
    assert VisibleFormatter("%(message)s").format(record) == f"got {SHOWN}"


def test_a_reply_of_redis_for_people():
    shown = for_people([f"\u00e9{NASTY}".encode()])
    assert shown == r'1) "é\x1b\n\u009b\u202e[/b]"'
