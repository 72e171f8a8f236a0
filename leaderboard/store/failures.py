"""What Redis answers when it fails, as our errors: some of it passes, some no second try changes.

Never here: what was asked, and whether to ask again.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import (
    AskError,
    ClusterCrossSlotError,
    ClusterDownError,
    MasterDownError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)

from leaderboard.errors import RefusedError, StoreError
from leaderboard.store.keys import Keys
from leaderboard.store.stored import foreign_keys

_WRONG_TYPE = "WRONGTYPE"
_FOR_EVER = (_WRONG_TYPE, "EXACT", "user_script")
"""In replies that no second try will change: a key of another type, a score past 2^53, our bug."""
_NO_PRIMARY = (ReadOnlyError, MasterDownError)
_CLUSTER = (AskError, TryAgainError, ClusterCrossSlotError, ClusterDownError)
"""`MovedError` is an `AskError`; `MasterDownError`, of any replica, a `ClusterDownError` too."""
_CLUSTER_WORDS = ("cluster mode", "cluster node", "cluster is down", "same slot")
"""In replies of a cluster that have no error code of their own: to SELECT, and from scripts."""


def failure(doing: str, error: RedisError) -> StoreError:
    """`error` as ours, a `RefusedError` where no second try helps. `doing`: "cannot read ..."."""
    if isinstance(error, _NO_PRIMARY):
        return StoreError(f"{doing}: this server is a replica, expected the primary: {error}")
    if isinstance(error, _CLUSTER) or _says(error, _CLUSTER_WORDS):
        return _of_cluster(f"{doing}: {error}")
    if _says(error, _FOR_EVER):
        return RefusedError(f"{doing}: {error}")
    return StoreError(f"{doing}: {error}")


def refuse_cluster(redis: Redis) -> None:
    """Raise `RefusedError` when this is a cluster: it answers calls that name one key each."""
    if redis.info("cluster").get("cluster_enabled"):
        raise _of_cluster("cannot use this Redis")


def _of_cluster(problem: str) -> RefusedError:
    return RefusedError(
        f"{problem}. It is a Redis Cluster, expected one server, or a primary with replicas: one "
        "atomic call reaches all keys, which a cluster keeps apart. Set LEADERBOARD_REDIS to "
        "another server"
    )


def _says(error: RedisError, words: Sequence[str]) -> bool:
    said = str(error).rpartition("caused error: ")[2]  # a pipeline puts the command before it
    return isinstance(error, ResponseError) and any(word in said for word in words)


def failure_of(
    redis: Redis, doing: str, error: RedisError, keys: Keys, names: Sequence[str]
) -> StoreError:
    """As `failure`; says which of the keys `names` have a wrong type.

    A server that is no primary any more is left: the next call connects anew, and so finds the new
    one. Connections in use stay as they are.
    """
    if isinstance(error, _NO_PRIMARY):
        redis.connection_pool.disconnect(inuse_connections=False)
    if _says(error, (_WRONG_TYPE,)) and (found := foreign_keys(redis, keys, names)):
        return RefusedError(f"{doing}: {_WRONG_TYPE}: {found}")
    return failure(doing, error)


@contextmanager
def translated(redis: Redis, doing: str, keys: Keys, names: Sequence[str]) -> Iterator[None]:
    """Raise what Redis raises in here as `failure_of` says."""
    try:
        yield
    except RedisError as error:
        raise failure_of(redis, doing, error, keys, names) from error
