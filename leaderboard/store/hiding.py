"""Hide players on every board, and say who did it and why.

A hidden player's events go on counting: in their totals, and on boards that nobody sees, from
where `unhide` brings them back. Ranks of the others close up at once, in the same atomic call.
"""

from datetime import datetime

import msgspec
from msgspec import Struct
from redis import Redis

from leaderboard.errors import QuestionError
from leaderboard.model.fold import utc_text
from leaderboard.store.failures import translated
from leaderboard.store.keys import Keys
from leaderboard.store.query import script

_HIDE = script("merge", "parts", "hide")
MOST_ID = 128
"""Characters of a player id, as in events."""


class Audit(Struct, frozen=True):
    """One line of the audit trail. `at` is UTC text, `by` whoever asked for it."""

    at: str
    player_id: str
    hidden: bool
    reason: str
    by: str


def hide(
    redis: Redis, keys: Keys, player_id: str, *, reason: str, by: str, now: datetime
) -> int | None:
    """Hide a player on all boards; returns on how many, None when hidden already.

    Also a player who was never seen: then from the first event on. O(log N) per board, window
    kept, game and pane, in one atomic call.

    Raises
    ------
    QuestionError
        when the id is none, or the reason is empty.
    StoreError
        when Redis is away; whether it was done is then not known, so do it again.
    """
    return _move(redis, keys, Audit(utc_text(now), player_id, True, reason.strip(), by))


def unhide(
    redis: Redis, keys: Keys, player_id: str, *, reason: str, by: str, now: datetime
) -> int | None:
    """Show a player again; returns on how many boards, None when not hidden. As `hide`."""
    return _move(redis, keys, Audit(utc_text(now), player_id, False, reason.strip(), by))


def audit_trail(redis: Redis, keys: Keys, n: int = 100) -> list[Audit]:
    """The newest `n` entries, newest first.

    Raises
    ------
    StoreError
        when Redis is away.
    """
    with translated(redis, "cannot read the audit trail from Redis", keys, [keys.audit]):
        lines = redis.lrange(keys.audit, 0, n - 1)
    return [msgspec.json.decode(line, type=Audit) for line in lines]


def _move(redis: Redis, keys: Keys, audit: Audit) -> int | None:
    if not 1 <= len(audit.player_id) <= MOST_ID:
        raise QuestionError(f"player id: expected 1 to {MOST_ID} characters")
    if not audit.reason:
        raise QuestionError("reason: expected one, for the audit trail")
    entry, other = msgspec.json.encode(audit), msgspec.msgpack.encode(keys.of_boards)
    names = [keys.hidden, keys.audit, keys.definitions]
    with translated(redis, "cannot write to Redis", keys, names):
        moved = redis.eval(
            _HIDE, len(names), *names, audit.player_id, str(int(audit.hidden)), entry, other
        )
    return None if moved == -1 else int(moved)
