"""Run the server-side scripts that write: sent now, their replies read when they are wanted.

So whoever calls can do something else while Redis works. Never here: what a script means.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeAlias, cast

from redis import Redis
from redis.connection import ConnectionPool
from redis.exceptions import NoScriptError, ResponseError

from leaderboard.errors import StoreError
from leaderboard.store.failures import failure_of, translated
from leaderboard.store.keys import Keys
from leaderboard.store.query import script
from leaderboard.store.reached import reached

Call: TypeAlias = tuple[str, Sequence[str], Sequence[str | bytes]]
"""A script's name, its keys and its arguments."""

_LUA = {
    "seen": script("seen"),
    "apply": script("merge", "parts", "apply"),
    "expire": script("expire"),
    "begin": script("begin"),
}
_DOING = "cannot write to Redis"


class Scripts:
    """Runs scripts on one Redis. Not thread-safe.

    Parameters
    ----------
    redis
        A client whose connections return bytes.
    keys
        Key names, to tell which one has a wrong type.
    on_call
        Called once all replies are there, with the name of the first script and the seconds since
        the calls were sent.
    """

    def __init__(self, redis: Redis, keys: Keys, on_call: Callable[[str, float], None]) -> None:
        self._redis = redis
        self._keys = keys
        self._on_call = on_call
        self._sha: dict[str, str] = {}

    def run(self, calls: Sequence[Call]) -> list[Any]:
        """The replies to `calls`, made in turn in one round trip; none, no trip.

        Raises
        ------
        StoreError, RefusedError
            as `Sent.replies`.
        """
        return self.send(calls).replies() if calls else []

    def send(self, calls: Sequence[Call]) -> "Sent":
        """Send `calls` (at least one), and do not wait.

        Raises
        ------
        StoreError
            when Redis is away.
        """
        with self.translated():
            if not self._sha:
                self.load()
            return Sent(self, calls, self._redis.connection_pool, self._on_call)

    def load(self) -> None:
        """Have Redis know all scripts, which it forgets when it restarts. Raises `RedisError`."""
        self._sha = {name: self._redis.script_load(text) for name, text in _LUA.items()}

    def translated(self) -> AbstractContextManager[None]:
        """As `failures.translated`."""
        return translated(self._redis, _DOING, self._keys, ())

    def failure(self, call: Call, error: ResponseError) -> StoreError:
        """The reply `error` to `call`, as ours."""
        names = reached(self._keys, *call)
        return failure_of(self._redis, _DOING, error, self._keys, names)

    def commands(self, calls: Sequence[Call]) -> list[tuple[Any, ...]]:
        """`calls` as Redis commands."""
        return [("EVALSHA", self._sha[n], len(keys), *keys, *args) for n, keys, args in calls]


class Sent:
    """Calls under way, on a connection of their own. Take the replies once, or abandon them."""

    def __init__(
        self,
        scripts: Scripts,
        calls: Sequence[Call],
        pool: ConnectionPool,
        on_call: Callable[[str, float], None],
    ) -> None:
        self._scripts = scripts
        self._calls = calls
        self._on_call = on_call
        self._began = time.monotonic()
        self._pool = pool
        self._connection = cast(Any, pool.get_connection())  # its methods have no types
        try:
            packed = self._connection.pack_commands(scripts.commands(calls))
            self._connection.send_packed_command(packed)
        except BaseException:
            self.abandon()
            raise

    def abandon(self) -> None:
        """Give up waiting; Redis may make the calls all the same."""
        self._connection.disconnect()
        self._pool.release(self._connection)

    def replies(self) -> list[Any]:
        """Wait for all replies. Calls whose script Redis forgot are made again, once.

        Raises
        ------
        StoreError
            when Redis is away; then any number of the calls may have been made, each wholly.
        RefusedError
            when Redis will never take one of them.
        """
        with self._scripts.translated():
            replies = self._read()
            self._on_call(self._calls[0][0], time.monotonic() - self._began)
            forgotten = [n for n, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
            if forgotten:  # of calls in a row, those before were made
                self._scripts.load()
                calls = [self._calls[n] for n in forgotten]
                again = Sent(self._scripts, calls, self._pool, self._on_call)._read()
                for n, reply in zip(forgotten, again, strict=True):
                    replies[n] = reply
        for call, reply in zip(self._calls, replies, strict=True):
            if isinstance(reply, ResponseError):
                raise self._scripts.failure(call, reply) from reply
        return replies

    def _read(self) -> list[Any]:
        try:
            replies = [self._reply() for _ in self._calls]
        except BaseException:
            self.abandon()
            raise
        self._pool.release(self._connection)
        return replies

    def _reply(self) -> Any:
        try:
            return self._connection.read_response()
        except ResponseError as error:
            return error
