"""Notebook 01: fingerprints of seeded events, and records that are nearly events. Pure."""

import hashlib
import json
from collections.abc import Iterable
from random import Random
from uuid import UUID

import msgspec
import pandas as pd
from msgspec import Struct

from leaderboard.model.events import GameEvent, PlayerScored, encode


def digest(events: Iterable[GameEvent]) -> str:
    """SHA-256 of the events' bytes, its first 16 hex digits: equal bytes, equal digest."""
    return hashlib.sha256(b"\n".join(map(encode, events))).hexdigest()[:16]


def story(events: Iterable[GameEvent]) -> pd.DataFrame:
    """Who did what, without ids and times: columns player_name, what, points (missing: none)."""
    rows = []
    for event in events:
        fields = msgspec.structs.asdict(event)
        kind = str(event.__struct_config__.tag)
        what = fields.get("action") or fields.get("achievement_name") or kind
        rows.append((event.player_name, what, fields.get("points")))
    return pd.DataFrame(rows, columns=["player_name", "what", "points"]).astype({"points": "Int64"})


class OddRecord(Struct, frozen=True):
    """A record to judge: what is odd about it, its bytes, and whether it counts."""

    what: str
    value: bytes
    good: bool


def odd_records(event: PlayerScored) -> list[OddRecord]:
    """Eight variations of `event`, each with an id of its own; three of them are good."""
    ids = Random(event.event_id.int)
    stamp = event.timestamp.replace(tzinfo=None).isoformat()

    def vary(what: str, good: bool, **changes: object) -> OddRecord:
        own_id = str(UUID(int=ids.getrandbits(128), version=4))
        fields = {**json.loads(encode(event)), "event_id": own_id, **changes}
        value = json.dumps({k: v for k, v in fields.items() if v is not ...}).encode()
        return OddRecord(what, value, good)

    whole = vary("cut off in the middle", False)
    return [
        vary("points are 0", True, points=0),
        vary('points are the text "7"', False, points="7"),
        vary("points are 1.5", False, points=1.5),
        vary("points are -100", False, points=-100),
        vary("no game_id", False, game_id=...),
        vary("a field nobody knows", True, clan="Wolves"),
        vary("the time of Delhi, not UTC", True, timestamp=f"{stamp}+05:30"),
        OddRecord(whole.what, whole.value[: len(whole.value) // 2], False),
    ]
