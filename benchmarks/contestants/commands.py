"""One event as the Redis commands of the usual tutorial design: nine for a score.

They reach the same keys as ours, for the global board. Exactly once they are not: whoever dies
between two of them has counted half an event.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec

from leaderboard.model.events import AchievementUnlocked, Event, PlayerJoined, PlayerScored
from leaderboard.model.fold import RECENT, utc_text
from leaderboard.store.keys import Keys

Command: TypeAlias = tuple[Any, ...]
KEYS = Keys()


def ids_key(topic: str, partition: int) -> str:
    """The set of the ids counted before."""
    return KEYS.processed(topic, partition, 0)


def commands(topic: str, partition: int, offset: int, event: Event) -> Iterator[Command]:
    """What writes `event` after it was asked whether its id is new."""
    if not isinstance(event, PlayerScored | PlayerJoined | AchievementUnlocked):
        raise ValueError(f"expected a score, join or achievement, got {event!r}")
    player, points = event.player_id, event.points if isinstance(event, PlayerScored) else 0
    stats = KEYS.player(player)
    last_active = utc_text(event.timestamp)
    yield "HSET", stats, "player_name", event.player_name, "last_active", last_active
    yield "HINCRBY", stats, "events_count", 1
    yield "ZINCRBY", KEYS.board, points, player
    if isinstance(event, PlayerScored):
        yield "HINCRBY", stats, "total_score", points
        yield "HINCRBY", stats, f"action:{event.action}", 1
    elif isinstance(event, PlayerJoined):
        yield "HINCRBY", stats, "games_joined", 1
    else:
        yield "LPUSH", KEYS.achievements, msgspec.json.encode(event)
        yield "LTRIM", KEYS.achievements, 0, RECENT - 1
        yield "HINCRBY", KEYS.achievement_counts, event.achievement_name, 1
    yield "SADD", ids_key(topic, partition), str(event.event_id)
    yield "HINCRBY", KEYS.counts, "applied", 1
    yield "HSET", KEYS.offsets, KEYS.offset_field(topic, partition), offset + 1
