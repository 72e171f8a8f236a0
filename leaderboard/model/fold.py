"""Fold a run of records of one partition into changes. Pure: no I/O, no clock.

The changes of a run are sums, latest values and the offsets they stand for: applying them once
is all the store has to do. Cutting a run anywhere and applying the pieces in turn gives the same
state; a duplicate (an event id seen before in this partition) adds nothing but its count.
"""

from collections.abc import Container, Iterable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from leaderboard.model.events import (
    AchievementUnlocked,
    BadRecord,
    Event,
    GameEvent,
    MatchFinished,
    PlayerJoined,
    PlayerScored,
    WatermarkAdvanced,
)
from leaderboard.model.tally import Book, Missed, Parts, Row, streak
from leaderboard.model.windows import micros

RECENT = 100
"""How many achievements the recent list keeps."""


MOST_AHEAD = timedelta(days=1)
"""An event stamped further ahead of its record does not move the watermark: its clock is wrong. A
record of unknown time says nothing of its event's clock, so that is believed."""


class Record(Struct, frozen=True, gc=False):
    """One record of the log: its offset, the event in it or why there is none.

    `logged_us` is Kafka's time of the record, in microseconds since 1970 UTC; None: unknown.
    """

    offset: int
    event: Event | BadRecord
    logged_us: int | None = None


class MatchChange(Struct):
    """What a run's finished matches add to a player; `streak` is a row of `tally.streak`."""

    wins: int = 0
    losses: int = 0
    draws: int = 0
    kills: int = 0
    deaths: int = 0
    assists: int = 0
    streak: Row | None = None


class PlayerChange(Struct):
    """What a run adds to one player; `name` and `last_active` replace the stored ones.

    `matches` by game id, and of all games under the empty text.
    """

    name: str = ""
    last_active: datetime = datetime.min.replace(tzinfo=UTC)
    score: int = 0
    events: int = 0
    joins: int = 0
    actions: dict[str, int] = {}
    matches: dict[str, MatchChange] = {}


MOST_PLAYERS = 1000
MOST_WEIGHT = 5000
"""Where a run is cut, so that no call holds Redis up for long."""

GLOBAL_ONLY = Book(())
_plain = msgspec.to_builtins
"""Of an instant in UTC: its ISO text, without the microseconds where they are 0. It takes a tenth
of the time of `isoformat`."""
_MICROSECONDS = len("2026-01-01T00:00:00.000000Z")
_MOST_AHEAD_US = MOST_AHEAD // timedelta(microseconds=1)


class Changes(Struct):
    """All that records `start` <= offset < `next` of one partition change.

    `ids` are the events counted here (`id_bytes`), in log order; `achievements` at most `RECENT`
    entries as JSON, newest first; `unlocked` counts them by name, all of them. `parts` are what the
    boards other than the global one gain; `missed` the records that do not count on some of them,
    by offset. `watermark` is the latest event time so far in this partition, in microseconds since
    1970 UTC (None: no event yet).
    """

    start: int
    next: int
    players: dict[str, PlayerChange] = {}
    ids: list[bytes] = []
    achievements: list[str] = []
    unlocked: dict[str, int] = {}
    applied: int = 0
    duplicates: int = 0
    dead_letters: int = 0
    parts: Parts = msgspec.field(default_factory=Parts)
    missed: dict[int, Missed] = {}
    watermark: int | None = None


class Achievement(Struct, frozen=True, kw_only=True):
    """An entry of the recent list. Declared order makes text order time order: time, then id."""

    timestamp: str
    event_id: str
    player_id: str
    player: str
    achievement: str
    rarity: str


def utc_text(instant: datetime) -> str:
    """`instant` as fixed-width UTC text, so that text order is time order.

    >>> utc_text(datetime(2026, 1, 1, 2, tzinfo=UTC))
    '2026-01-01T02:00:00.000000Z'
    """
    text: str = _plain(instant if instant.tzinfo is UTC else instant.astimezone(UTC))
    return text if len(text) == _MICROSECONDS else text[:-1] + ".000000Z"


def fold(
    records: Iterable[Record],
    start: int,
    seen: Container[bytes] = frozenset(),
    most: int = MOST_PLAYERS,
    *,
    book: Book = GLOBAL_ONLY,
    watermark: int | None = None,
) -> Iterator[Changes]:
    """Changes of `records` (ascending offsets from `start`), cut once they touch `most` players, or
    as much on boards as would hold Redis up.

    `seen` holds the ids (16 bytes each) among these records that were already counted before.
    `book` holds the boards, `watermark` is the partition's before `start`: what is late depends on
    these records and on it alone. Each piece starts where the one before ended; no records, no
    pieces.
    """
    counted: set[bytes] = set()
    changes = Changes(start, start, watermark=watermark)
    for record in records:
        if len(changes.players) >= most or changes.parts.weight >= MOST_WEIGHT:
            yield _closed(changes)
            changes = Changes(changes.next, changes.next, watermark=changes.watermark)
        changes.next = record.offset + 1
        event = record.event
        if isinstance(event, BadRecord):
            changes.dead_letters += 1
            continue
        event_id = id_bytes(event)
        if event_id in counted or event_id in seen:
            changes.duplicates += 1
            continue
        counted.add(event_id)
        changes.ids.append(event_id)
        if not isinstance(event, WatermarkAdvanced):
            _count_player(changes, event)
        at = micros(event.timestamp)
        if missed := book.count(changes.parts, event, at, changes.watermark):
            changes.missed[record.offset] = missed
        if (changes.watermark is None or at > changes.watermark) and (
            record.logged_us is None or at <= record.logged_us + _MOST_AHEAD_US
        ):
            changes.watermark = at  # only now: what is late goes by the one before
    if changes.next > changes.start:
        yield _closed(changes)


def id_bytes(event: Event) -> bytes:
    """The event's id as 16 bytes: what is remembered of it, and compared."""
    return event.event_id.int.to_bytes(16)


def _count_player(changes: Changes, event: GameEvent) -> None:
    player = changes.players.get(event.player_id)
    if player is None:
        player = changes.players[event.player_id] = PlayerChange()
    player.name = event.player_name
    player.events += 1
    if event.timestamp > player.last_active:
        player.last_active = event.timestamp
    if isinstance(event, PlayerScored):
        player.score += event.points
        actions = player.actions
        actions[event.action] = actions.get(event.action, 0) + 1
    elif isinstance(event, PlayerJoined):
        player.joins += 1
    elif isinstance(event, MatchFinished):
        for game in ("", event.game_id):
            _count_match(player.matches.setdefault(game, MatchChange()), event)
    else:
        name = event.achievement_name
        changes.unlocked[name] = changes.unlocked.get(name, 0) + 1
        changes.achievements.append(_achievement_text(event))


def _count_match(change: MatchChange, event: MatchFinished) -> None:
    change.wins += event.result == "win"
    change.losses += event.result == "loss"
    change.draws += event.result == "draw"
    change.kills += event.kills
    change.deaths += event.deaths
    change.assists += event.assists
    change.streak = streak(change.streak, event.result == "win", 0)


def _achievement_text(event: AchievementUnlocked) -> str:
    entry = Achievement(
        timestamp=utc_text(event.timestamp),
        event_id=str(event.event_id),
        player_id=event.player_id,
        player=event.player_name,
        achievement=event.achievement_name,
        rarity=event.achievement_rarity,
    )
    return msgspec.json.encode(entry).decode()


def _closed(changes: Changes) -> Changes:
    changes.applied = len(changes.ids)
    changes.achievements = sorted(changes.achievements, reverse=True)[:RECENT]
    return changes
