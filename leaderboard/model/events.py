"""Events: what happened in a game, as typed values, and how they travel as JSON bytes.

How they travel as Avro: `avro`; which of the two a record is: `wire`. A record that is no valid
event is a value too (`BadRecord`), never an exception.

>>> raw = b'{"event_type":"player_joined","event_id":"6f1c7d8e-0000-4000-8000-000000000001",' \\
...       b'"timestamp":"2026-01-01T00:00:00+00:00","player_id":"player_001",' \\
...       b'"player_name":"NightHawk","game_id":"game_alpha"}'
>>> decode(raw).player_name
'NightHawk'
>>> decode(b'{"event_type":"player_joined"}')
BadRecord(reason='Object missing required field `event_id`')
"""

import re
from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

ACTIONS = {
    "kill": 100,
    "headshot": 150,
    "assist": 50,
    "objective_capture": 200,
    "flag_carry": 75,
    "healing": 25,
    "revive": 80,
}
"""Points of each action."""

RARITIES = ("common", "uncommon", "rare", "epic", "legendary")
"""From most to least frequent."""

ACHIEVEMENTS = {
    "First Blood": "common",
    "Double Kill": "common",
    "Triple Kill": "uncommon",
    "Unstoppable": "rare",
    "Godlike": "epic",
    "Ace": "legendary",
}
"""Rarity of each achievement."""

GAMES = ("game_alpha", "game_beta", "game_gamma")

MAX_POINTS = 1_000_000
"""Most points one event may carry: sums stay exact (below 2**53) for 9e9 such events a player."""

MAX_MATCH_COUNT = 10_000
"""Most kills, deaths or assists one match may report."""

MOST_REASON = 500
"""Characters of a reason: it quotes the bad value, which may be as long as a record."""

MOST_DEPTH = 256
"""Levels of lists and objects in a record. Every parser gives up at some depth, which differs with
its stack: a record that one took and another refused would be counted here and not there."""

MIN_YEAR, MAX_YEAR = 1970, 9998
"""Years between which any offset converts to UTC without overflow."""

Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128)]
Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
MatchCount: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_MATCH_COUNT)]


class _Event(Struct, frozen=True, tag_field="event_type", kw_only=True, gc=False):
    event_id: UUID
    timestamp: Instant
    player_id: Text
    player_name: Text


class PlayerScored(_Event, frozen=True, tag="player_scored", kw_only=True):
    """A player did something worth points (a whole number from 0 to `MAX_POINTS`)."""

    points: Annotated[int, Meta(ge=0, le=MAX_POINTS)]
    game_id: Text
    action: Literal[
        "kill", "headshot", "assist", "objective_capture", "flag_carry", "healing", "revive"
    ]


class PlayerJoined(_Event, frozen=True, tag="player_joined", kw_only=True):
    """A player entered a game."""

    game_id: Text


class AchievementUnlocked(_Event, frozen=True, tag="achievement_unlocked", kw_only=True):
    """A player earned an achievement."""

    achievement_name: Text
    achievement_rarity: Literal["common", "uncommon", "rare", "epic", "legendary"]


class MatchFinished(_Event, frozen=True, tag="match_finished", kw_only=True):
    """A match ended for a player: how, and what they did in it (0 to `MAX_MATCH_COUNT` each)."""

    match_id: Text
    game_id: Text
    result: Literal["win", "loss", "draw"]
    kills: MatchCount
    deaths: MatchCount
    assists: MatchCount


class WatermarkAdvanced(Struct, frozen=True, tag_field="event_type", tag="watermark_advanced"):
    """No more events before `timestamp` are expected in this partition, which was idle.

    Its processor writes it, so that the log itself says when time went on without events.
    """

    event_id: UUID
    timestamp: Instant


GameEvent: TypeAlias = PlayerScored | PlayerJoined | AchievementUnlocked | MatchFinished
Event: TypeAlias = GameEvent | WatermarkAdvanced
EVENT_TYPES = ("player_scored", "player_joined", "achievement_unlocked", "match_finished")
"""What players do; a simulator's mix names these."""


class BadRecord(Struct, frozen=True):
    """A record that is no valid event, and why."""

    reason: str


BAD_YEAR = BadRecord(f"Expected a year from {MIN_YEAR} to {MAX_YEAR} - at `$.timestamp`")
TOO_DEEP = BadRecord(f"Expected at most {MOST_DEPTH} levels of lists and objects")
NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
from_json = msgspec.json.Decoder(Event).decode
_encoder = msgspec.json.Encoder()
_text = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_brackets = re.compile(rb"[][{}]")


def decode(raw: bytes | None) -> Event | BadRecord:
    """The event in `raw`, or why there is none. Never raises. Unknown fields are ignored."""
    if raw is None:
        return BadRecord("Expected a JSON object, got a record without a value")
    try:
        if not raw.isascii():
            raw.decode()  # msgspec does not look into fields it skips
        event: Event = from_json(raw)
    except NO_JSON as error:
        return no_event(error)
    if not MIN_YEAR <= event.timestamp.year <= MAX_YEAR:
        return BAD_YEAR
    return TOO_DEEP if is_too_deep(raw) else event


def is_too_deep(raw: bytes) -> bool:
    """Whether `raw`, which is JSON, has more than `MOST_DEPTH` levels, if only in other fields.

    >>> is_too_deep(b'{"extra": ' + b"[" * MOST_DEPTH + b"]" * MOST_DEPTH + b"}")
    True
    >>> is_too_deep(b'{"extra": "' + b"[" * 1000 + b'"}')
    False
    """
    if len(raw) <= 2 * MOST_DEPTH or raw.count(b"[") + raw.count(b"{") <= MOST_DEPTH:
        return False
    depth = 0
    for bracket in _brackets.findall(_text.sub(b"", raw)):
        depth += 1 if bracket in b"[{" else -1
        if depth > MOST_DEPTH:
            return True
    return False


def no_event(error: Exception) -> BadRecord:
    """What a failure to decode says about the record."""
    return BadRecord((str(error) or type(error).__name__)[:MOST_REASON])


def encode(event: Event) -> bytes:
    """`event` as JSON, fields in declared order: equal events give equal bytes."""
    return _encoder.encode(event)
