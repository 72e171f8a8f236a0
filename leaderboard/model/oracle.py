"""What the boards must say: a slow, plain, single-threaded replay, written apart from the fold.

It shares no code with `events.decode`, `fold` or the store: its own JSON reading, its own rules,
its own sums. Where it and Redis differ, one of the two is wrong.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from leaderboard.model.oracle_avro import avro_pairs, avro_schema_id
from leaderboard.model.oracle_boards import BoardsOracle

Headers: TypeAlias = Iterable[tuple[str, bytes | None]]
SchemaText: TypeAlias = Callable[[int], str | None]

POINTS_LIMIT = 1_000_000
MATCH_LIMIT = 10_000
DEPTH_LIMIT = 256
ACTIONS = ["kill", "headshot", "assist", "objective_capture", "flag_carry", "healing", "revive"]
RARITIES = ["common", "uncommon", "rare", "epic", "legendary"]
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:?[0-5]\d)", re.ASCII
)
_UUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


@dataclass
class Player:
    """Expected state of one player. `names` holds the last name seen in each partition."""

    score: int = 0
    events: int = 0
    joins: int = 0
    last_active: str = ""
    names: dict[int, str] = field(default_factory=dict)
    actions: dict[str, int] = field(default_factory=dict)
    matches: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    def match_numbers(self) -> dict[str, str]:
        """What is stored of the finished matches, overall and per game, by field."""
        fields: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        for partition, match in self.matches:
            for name in ("overall", f"game:{match['game_id']}"):
                fields.setdefault(name, []).append((partition, match))
        return {name: _match_numbers([m for _, m in found]) for name, found in fields.items()}

    @property
    def is_ordered(self) -> bool:
        """Whether one partition holds all the matches, so that streaks are defined."""
        return len({partition for partition, _ in self.matches}) <= 1


def _match_numbers(matches: list[dict[str, Any]]) -> str:
    results = [m["result"] for m in matches]
    streaks = [0]
    for result in results:
        streaks.append(streaks[-1] + 1 if result == "win" else 0)
    sums = [sum(m[name] for m in matches) for name in ("kills", "deaths", "assists")]
    counts = [results.count(name) for name in ("win", "loss", "draw")]
    return " ".join(str(n) for n in (*counts, *sums, streaks[-1], max(streaks)))


@dataclass
class Oracle:
    """Feed it every record of the log, each partition in offset order."""

    players: dict[str, Player] = field(default_factory=dict)
    achievements: list[tuple[str, str, str, str, str, str]] = field(default_factory=list)
    unlocked: dict[str, int] = field(default_factory=dict)
    applied: int = 0
    duplicates: int = 0
    dead_letters: int = 0
    ids: set[tuple[int, str]] = field(default_factory=set)
    boards: BoardsOracle = field(default_factory=lambda: BoardsOracle(()))

    def feed(
        self,
        partition: int,
        value: bytes | None,
        logged_us: int | None = None,
        headers: Headers = (),
        schema_text: SchemaText = lambda _id: None,
    ) -> dict[str, Any] | None:
        """Count a record logged at `logged_us` (None: unknown, so it caps no watermark).

        Returns the event, None if bad or a duplicate.
        """
        event = read(value, headers, schema_text)
        if event is None:
            self.dead_letters += 1
            return None
        key = (partition, event["event_id"])
        if key in self.ids:
            self.duplicates += 1
            return None
        self.ids.add(key)
        self.applied += 1
        self._count(partition, event)
        self.boards.feed(partition, event, logged_us)
        return event

    def ranking(self) -> list[tuple[str, int]]:
        """(player id, score), best first; equal scores by id, a to z."""
        scores = [(i, p.score) for i, p in self.players.items()]
        return sorted(scores, key=lambda line: (-line[1], line[0].encode()))

    def recent(self, n: int = 100) -> list[tuple[str, str, str, str, str, str]]:
        """(time, event id, player id, player, achievement, rarity), newest first, at most n."""
        return sorted(self.achievements, reverse=True)[:n]

    def _count(self, partition: int, event: dict[str, Any]) -> None:
        if event["event_type"] == "watermark_advanced":
            return
        player = self.players.setdefault(event["player_id"], Player())
        player.events += 1
        player.names[partition] = event["player_name"]
        player.last_active = max(player.last_active, event["timestamp"])
        match event["event_type"]:
            case "player_scored":
                player.score += event["points"]
                action = event["action"]
                player.actions[action] = player.actions.get(action, 0) + 1
            case "player_joined":
                player.joins += 1
            case "match_finished":
                player.matches.append((partition, event))
            case "achievement_unlocked":
                name = event["achievement_name"]
                self.unlocked[name] = self.unlocked.get(name, 0) + 1
                self.achievements.append(
                    (
                        event["timestamp"],
                        event["event_id"],
                        event["player_id"],
                        event["player_name"],
                        name,
                        event["achievement_rarity"],
                    )
                )
                if len(self.achievements) > 10_000:
                    self.achievements = self.recent()


def read(
    value: bytes | None, headers: Headers = (), schema_text: SchemaText = lambda _id: None
) -> dict[str, Any] | None:
    """The event in a record with normalised id and time, or None when it is no valid event.

    `schema_text` gives the schema that an id stands for, None for an unknown one.
    """
    named = avro_schema_id(value, headers)
    if named is not None:
        number, body = named
        text = schema_text(number)
        pairs = avro_pairs(text, body) if text is not None else None
        return _event(pairs) if pairs is not None else None
    try:
        text = (value or b"").decode("utf-8")
        pairs = json.loads(
            text,
            object_pairs_hook=list,
            parse_constant=_refuse,
            parse_int=_whole,
        )
    except (ValueError, RecursionError):
        return None
    if _depth(pairs) > DEPTH_LIMIT or _has_lone_surrogate(pairs):
        return None
    if not isinstance(pairs, list) or not all(isinstance(p, tuple) for p in pairs) or not pairs:
        return None
    return _event(pairs)


def _event(pairs: list[tuple[str, Any]]) -> dict[str, Any] | None:
    event = dict(pairs)
    rules = _RULES.get(event.get("event_type")) if _is_text(event.get("event_type")) else None
    if rules is None or any(name not in event for name in rules):
        return None
    for name, value in pairs:  # of a field given twice, both values must be right
        if name == "event_type" and value != event["event_type"]:
            return None
        if name in rules and not rules[name](value):
            return None
    event["event_id"] = _uuid_text(event["event_id"])
    event["timestamp"] = _utc(event["timestamp"])
    return event if event["timestamp"] else None


def _depth(value: object) -> int:
    """Levels of lists and objects; an object is a list of its (name, value) pairs."""
    level, depth = [value], 0
    while inner := [one for one in level if isinstance(one, list)]:
        level = [item[1] if isinstance(item, tuple) else item for one in inner for item in one]
        depth += 1
    return depth


def _has_lone_surrogate(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < 30 else float("inf")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= 128


def _is_points(value: object) -> bool:
    return type(value) is int and 0 <= value <= POINTS_LIMIT


def _is_match_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= MATCH_LIMIT


def _is_id(value: object) -> bool:
    return isinstance(value, str) and len(value) in (32, 36) and bool(_UUID.fullmatch(value))


def _is_instant(value: object) -> bool:
    return isinstance(value, str) and _utc(value) is not None


def _uuid_text(value: str) -> str:
    h = value.replace("-", "").lower()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def _utc(text: str) -> str | None:
    match = _INSTANT.fullmatch(text)
    if not match:
        return None
    date, clock, fraction, offset = match.groups()
    micros = (int((fraction or "0").ljust(7, "0")[:7]) + 5) // 10
    offset = "+00:00" if offset in "Zz" else offset
    try:
        local = datetime.fromisoformat(f"{date}T{clock}{offset}") + timedelta(microseconds=micros)
        if not 1970 <= local.year <= 9998:
            return None
        instant = local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond:06d}Z"


_COMMON = {
    "event_id": _is_id,
    "timestamp": _is_instant,
    "player_id": _is_text,
    "player_name": _is_text,
}
_RULES: dict[Any, dict[str, Any]] = {
    "player_scored": {
        **_COMMON,
        "points": _is_points,
        "game_id": _is_text,
        "action": lambda v: v in ACTIONS,
    },
    "player_joined": {**_COMMON, "game_id": _is_text},
    "achievement_unlocked": {
        **_COMMON,
        "achievement_name": _is_text,
        "achievement_rarity": lambda v: v in RARITIES,
    },
    "match_finished": {
        **_COMMON,
        "match_id": _is_text,
        "game_id": _is_text,
        "result": lambda v: v in ["win", "loss", "draw"],
        "kills": _is_match_count,
        "deaths": _is_match_count,
        "assists": _is_match_count,
    },
    "watermark_advanced": {"event_id": _is_id, "timestamp": _is_instant},
}
