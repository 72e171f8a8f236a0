"""Whether what Redis holds under our names is ours: types of keys, and values as we write them.

Never here: what to do with a value.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from redis import Redis
from redis.exceptions import RedisError

from leaderboard.errors import RefusedError
from leaderboard.model.fold import utc_text
from leaderboard.model.windows import micros
from leaderboard.store.keys import Keys

_NUMBER = re.compile(rb"0|[1-9][0-9]{0,18}")
_SHOWN = 3


def foreign_keys(redis: Redis, keys: Keys, names: Sequence[str]) -> str:
    """Which of the keys `names` have another type than ours, and what to do; '' when none has.

    Also '' when Redis can not be asked.
    """
    try:
        with redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.type(name)
            types: list[bytes] = pipe.execute()
    except RedisError:
        return ""
    found = [
        (name, f"{name} is a {type_.decode()}, expected a {ours}")
        for name, type_ in zip(names, types, strict=True)
        if (ours := keys.type_of(name)) and type_ not in (b"none", ours.encode())
    ]
    if not found:
        return ""
    more = f" (and {len(found) - _SHOWN} more)" if len(found) > _SHOWN else ""
    return (
        f"{'; '.join(said for _, said in found[:_SHOWN])}{more}. Is it another program's, set "
        f"another LEADERBOARD_KEY_PREFIX; otherwise delete it (`leaderboard redis DEL "
        f"{found[0][0]}`) and, where events were counted before, run `leaderboard rebuild`"
    )


def number(where: str, value: bytes) -> int:
    """A count or offset. Raises `RefusedError` naming `where`, the key and field, as all here."""
    if not _NUMBER.fullmatch(value):
        raise _foreign(where, "a whole number", value)
    return int(value)


def moment(where: str, value: bytes) -> int:
    """An instant in microseconds since 1970 UTC, stored as `utc_text`, by which scripts compare."""
    try:
        at = datetime.fromisoformat(value.decode())
        is_ours = utc_text(at).encode() == value
    except (ValueError, OverflowError):
        is_ours = False
    if not is_ours:
        raise _foreign(where, "a time such as 2026-01-01T00:00:00.000000Z", value)
    return micros(at)


def utf8(where: str, value: bytes) -> str:
    """A text."""
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise _foreign(where, "a text in UTF-8", value) from error


def _foreign(where: str, expected: str, got: bytes) -> RefusedError:
    return RefusedError(
        f"Redis holds what is none of ours: {where}: expected {expected}, got {got[:80]!r}. Is it "
        "another program's key, set another LEADERBOARD_KEY_PREFIX; otherwise count the log anew: "
        "`leaderboard rebuild`"
    )
