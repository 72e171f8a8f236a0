"""Golden samples: bytes that were written once and must decode for ever.

`python -m tests.model.golden` writes those of versions that have none yet; it replaces nothing.
Each sample is a record's value (`.avro`, in Confluent's wire format) and the same event in JSON.
"""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

from leaderboard.model.events import (
    AchievementUnlocked,
    GameEvent,
    MatchFinished,
    PlayerJoined,
    PlayerScored,
    encode,
)
from leaderboard.model.wire import avro_encoder
from leaderboard.pipeline.schemas import known

FOLDER = Path(__file__).with_name("golden")
WHO = {"player_id": "player_001", "player_name": "Zoë 夜鷹"}
EVENTS: list[GameEvent] = [
    PlayerScored(
        event_id=UUID(int=1), timestamp=datetime(2026, 1, 1, tzinfo=UTC), **WHO,
        points=1_000_000, game_id="game_alpha", action="revive",
    ),
    PlayerJoined(
        event_id=UUID(int=2**128 - 1), timestamp=datetime(1970, 1, 1, tzinfo=UTC), **WHO,
        game_id="g" * 128,
    ),
    AchievementUnlocked(
        event_id=UUID(int=3),
        timestamp=datetime(9998, 12, 31, 23, 59, 59, 999_999, timezone(timedelta(0))), **WHO,
        achievement_name="First Blood", achievement_rarity="common",
    ),
    MatchFinished(
        event_id=UUID(int=4), timestamp=datetime(2026, 7, 31, 12, 0, 0, 1, UTC), **WHO,
        match_id="match_0001", game_id="game_beta", result="draw", kills=0,
        deaths=10_000, assists=64,
    ),
]  # fmt: skip


def main() -> None:
    for version, schema in known().versions.items():
        types = {branch.event for branch in schema.branches.values()}
        write = avro_encoder(schema, schema.id)
        for event in EVENTS:
            path = FOLDER / f"v{version}-{type(event).__name__}.avro"
            if type(event) in types and not path.exists():
                path.write_bytes(write(event)[0])
                path.with_suffix(".json").write_bytes(encode(event))


if __name__ == "__main__":
    main()
