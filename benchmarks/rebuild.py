"""How long the swap at the end of a rebuild stops Redis, by number of players, on its own Valkey.

A player has two keys, live and counted anew. Beside the swap a second client asks all the time; the
longest wait for an answer is what a reader notices. With the append-only file and without.
"""

from __future__ import annotations

import threading
import time
from typing import Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError
from redis.retry import Retry
from tqdm import tqdm

from benchmarks.results import Options, Part, Row, spread
from benchmarks.servers import valkey
from leaderboard.store.keys import Keys
from leaderboard.store.shadow import Shadow, Swap

SIZES: Final = (10_000, 100_000, 1_000_000)
FEW: Final = (1_000,)
CHUNK: Final = 5000
KEYS = Keys("bench:")
FILL = """
for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local id = string.format('p%07d', i)
  redis.call('ZADD', ARGV[3] .. 'leaderboard:global', i, id)
  redis.call('HSET', ARGV[3] .. 'player:stats:' .. id, 'player_name', id, 'total_score', i,
    'events_count', 3, 'games_joined', 1, 'last_active', '2026-11-25T12:00:00.000000Z')
  redis.call('HSET', ARGV[3] .. 'player:matches:' .. id, 'overall', '1 0 0 2 1 0 1 1')
end
"""


def run(options: Options) -> Part:
    """Swap states of each size, `options.rounds` times."""
    rounds = 1 if options.short else options.rounds
    kinds = [(size, f) for size in (FEW if options.short else SIZES) for f in ("no", "yes")]
    rows: list[Row] = []
    for size, file in tqdm(kinds, desc="states of players", disable=not options.progress):
        with valkey() as server:
            server.config_set("appendonly", file)
            port = server.connection_pool.connection_kwargs["port"]
            # it waits as long as the swap takes, and never sends it twice
            with Redis("127.0.0.1", port, socket_timeout=600, retry=Retry(NoBackoff(), 0)) as redis:
                found = [measure(redis, size) for _ in range(rounds)]
        rows.append({
            "players": size, "append_only": file, "keys": found[0][0].keys,
            **spread("swap_ms", [1000 * swap.seconds for swap, _ in found]),
            **spread("ms_per_1000_keys", [1e6 * s.seconds / s.keys for s, _ in found]),
            **spread("longest_wait_ms", [1000 * wait.longest_s for _, wait in found]),
            "busy_replies": max(wait.busy for _, wait in found),
        })  # fmt: skip
    return Part("rebuild", {}, {"swap": rows})


def measure(redis: Redis, size: int) -> tuple[Swap, Waiting]:
    """One swap of a state with as many players, and what another client noticed of it."""
    redis.flushall()
    shadow = Shadow(redis, KEYS, "bench")
    shadow.begin()
    fill = redis.register_script(FILL)
    for prefix in (KEYS.prefix, shadow.keys.prefix):
        for first in range(0, size, CHUNK):
            fill(args=[first, min(first + CHUNK, size) - 1, prefix])
    with Waiting(redis) as waiting:
        swap = shadow.swap({0: None})
    if not swap.done or redis.zcard(KEYS.board) != size:
        raise AssertionError("it was not swapped")
    return swap, waiting


class Waiting:
    """Asks again and again, and keeps the longest wait; `busy` counts refusals of a busy Redis."""

    def __init__(self, redis: Redis) -> None:
        self.longest_s, self.busy = 0.0, 0
        self._redis = redis
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                self._redis.ping()
            except ResponseError:
                self.busy += 1
                time.sleep(0.01)  # it is refused while the script runs: ask again
            self.longest_s = max(self.longest_s, time.monotonic() - began)

    def __enter__(self) -> Waiting:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
