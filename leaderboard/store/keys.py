"""Every Redis key, in one place. A key's text is `prefix` (setting, usually empty) plus its name.

| key | type | holds |
|---|---|---|
| `leaderboard:global` | sorted set | total points per player id |
| `player:stats:{player_id}` | hash | total_score, events_count, player_name, last_active, ... |
| `achievements:recent` | list | newest first, JSON, at most 100 |
| `achievements:counts` | hash | how often each achievement was unlocked |
| `processed:events:{topic}:{partition}:{generation}` | set | ids counted; expires (see below) |
| `processed:offsets` | hash | `{topic}:{partition}` -> offset of the next record to apply |
| `processed:counts` | hash | applied, duplicates, dead_letters: records by outcome |

A *generation* is a stretch of `processed_ttl_hours` of the processor's clock. Ids are looked up
in the current generation and the one before, and a set expires after two: an id is remembered
for at least the setting, at most twice that.
"""

from msgspec import Struct


class Keys(Struct, frozen=True):
    """Key names under one prefix."""

    prefix: str = ""

    @property
    def board(self) -> str:
        return f"{self.prefix}leaderboard:global"

    @property
    def achievements(self) -> str:
        return f"{self.prefix}achievements:recent"

    @property
    def achievement_counts(self) -> str:
        return f"{self.prefix}achievements:counts"

    @property
    def offsets(self) -> str:
        return f"{self.prefix}processed:offsets"

    @property
    def counts(self) -> str:
        return f"{self.prefix}processed:counts"

    @property
    def player_prefix(self) -> str:
        return f"{self.prefix}player:stats:"

    def player(self, player_id: str) -> str:
        return f"{self.player_prefix}{player_id}"

    @property
    def processed_prefix(self) -> str:
        return f"{self.prefix}processed:events:"

    def processed(self, topic: str, partition: int, generation: int) -> str:
        return f"{self.processed_prefix}{topic}:{partition}:{generation}"

    def offset_field(self, topic: str, partition: int) -> str:
        return f"{topic}:{partition}"
