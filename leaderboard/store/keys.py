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
| `processed:partitions` | hash | topic -> number of its partitions when it was counted |
| `processed:topics` | hash | topic -> Kafka's id of the one that was counted |
| `processed:watermarks` | hash | `{topic}:{partition}` -> latest event time counted |
| `processed:begins` | hash | `{topic}:{partition}` -> first offset counted, where that is not 0 |
| `processed:epoch` | string | name of the rebuild that made these counts; missing: none did |
| `player:matches:{player_id}` | hash | `overall` and `game:{game}` -> wins, losses, draws, kills, \
deaths, assists, current and best streak |
| `boards:definitions` | string | the boards these counts are of, as JSON |
| `boards:counts` | hash | `late:{board}`, `out_of_bounds:{board}`: events a board did not count |
| `boards:hidden` | set | ids of hidden players |
| `boards:audit` | list | who was hidden and unhidden, when and why; JSON, newest first |
| `rebuild:running` | list | names of rebuilds under way, newest first; the counts of one have all \
these names after `rebuild:{name}:` |

A board other than the global one has a *place* `{board}`, or with windows `{board}:{label}`, and an
*id*: its place, or with a board per game `{place}:{game}`. (`on_time:{id}` is the id of its on-time
pane once late events count.) For each id:

| key | type | holds |
|---|---|---|
| `leaderboard:{id}` | sorted set | score per member: player id; after the time it was reached \
(18 digits) where the first to reach a score leads |
| `board:hidden:{id}` | sorted set | the same of hidden players |
| `board:state:{id}` | hash | what a score is made of, per player, where the score alone is not \
enough (`merge.lua`) |
| `board:distinct:{id}` | sorted set | the distinct scores, of boards with dense ranks |
| `board:windows:{board}` | sorted set | label -> end in seconds since 1970 UTC |
| `board:games:{place}` | set | games |
| `board:split` | set | ids whose on-time pane was split off |
| `processed:schemas` | hash | `{topic}:{partition}` -> `offset=known ...`: schemas, from where |

A *generation* is a stretch of `processed_ttl_hours` of the processor's clock. Ids are looked up
in the current generation and the one before, and a set expires after two: an id is remembered
for at least the setting, at most twice that.
"""

from msgspec import Struct

_TYPES = {
    "leaderboard:": "zset",
    "player:stats:": "hash",
    "player:matches:": "hash",
    "achievements:recent": "list",
    "achievements:counts": "hash",
    "processed:events:": "set",
    "processed:offsets": "hash",
    "processed:counts": "hash",
    "processed:partitions": "hash",
    "processed:topics": "hash",
    "processed:watermarks": "hash",
    "processed:begins": "hash",
    "processed:epoch": "string",
    "processed:schemas": "hash",
    "boards:definitions": "string",
    "boards:counts": "hash",
    "boards:hidden": "set",
    "boards:audit": "list",
    "board:hidden:": "zset",
    "board:state:": "hash",
    "board:distinct:": "zset",
    "board:windows:": "zset",
    "board:games:": "set",
    "board:split": "set",
    "rebuild:running": "list",
}
"""As Redis names them, by what a key begins with."""


def place_of(board: str, label: str = "") -> str:
    """A board's place: its name, and its window's label."""
    return f"{board}:{label}" if label else board


def id_of(board: str, label: str = "", game: str = "") -> str:
    """A board's id: its place, and its game.

    >>> id_of("hourly", "20260101T000000Z")
    'hourly:20260101T000000Z'
    """
    place = place_of(board, label)
    return f"{place}:{game}" if game else place


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
    def schemas(self) -> str:
        return f"{self.prefix}processed:schemas"

    @property
    def player_prefix(self) -> str:
        return f"{self.prefix}player:stats:"

    @property
    def partitions(self) -> str:
        return f"{self.prefix}processed:partitions"

    @property
    def topics(self) -> str:
        return f"{self.prefix}processed:topics"

    @property
    def watermarks(self) -> str:
        return f"{self.prefix}processed:watermarks"

    @property
    def begins(self) -> str:
        return f"{self.prefix}processed:begins"

    @property
    def epoch(self) -> str:
        return f"{self.prefix}processed:epoch"

    @property
    def definitions(self) -> str:
        return f"{self.prefix}boards:definitions"

    @property
    def board_counts(self) -> str:
        return f"{self.prefix}boards:counts"

    @property
    def hidden(self) -> str:
        return f"{self.prefix}boards:hidden"

    @property
    def audit(self) -> str:
        return f"{self.prefix}boards:audit"

    @property
    def rebuilds(self) -> str:
        return f"{self.prefix}rebuild:running"

    def shadow(self, name: str) -> "Keys":
        """The names under which the rebuild `name` counts."""
        return Keys(f"{self.prefix}rebuild:{name}:")

    @property
    def of_boards(self) -> dict[str, str]:
        """What `parts.lua` puts before a board's name, place or id."""
        return {
            "board": f"{self.prefix}leaderboard:",
            "hidden_board": f"{self.prefix}board:hidden:",
            "state": f"{self.prefix}board:state:",
            "distinct": f"{self.prefix}board:distinct:",
            "windows": f"{self.prefix}board:windows:",
            "games": f"{self.prefix}board:games:",
            "split": f"{self.prefix}board:split",
            "player": self.player_prefix,
            "matches": f"{self.prefix}player:matches:",
            "on_time": "on_time:",
        }

    def type_of(self, name: str) -> str | None:
        """What Redis must say is the type of the key `name`; None: it is none of ours.

        >>> Keys("p:").type_of("p:player:stats:ann")
        'hash'
        """
        bare = name.removeprefix(self.prefix)
        return next((type_ for start, type_ in _TYPES.items() if bare.startswith(start)), None)

    def player(self, player_id: str) -> str:
        return f"{self.player_prefix}{player_id}"

    def matches(self, player_id: str) -> str:
        return f"{self.of_boards['matches']}{player_id}"

    @property
    def processed_prefix(self) -> str:
        return f"{self.prefix}processed:events:"

    def processed(self, topic: str, partition: int, generation: int) -> str:
        return f"{self.processed_prefix}{topic}:{partition}:{generation}"

    def offset_field(self, topic: str, partition: int) -> str:
        return f"{topic}:{partition}"
