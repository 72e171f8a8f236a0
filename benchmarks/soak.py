"""A processor at work for ten minutes: its memory must stay flat, and that of Redis be explained.

Flat: what a straight line through the second half of the samples gains over all of the run. What
Redis gained is compared with what its keys of this run take, ids and players apart.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import Any, Final

from redis import Redis
from tqdm import tqdm

from benchmarks.pipeline import Pipeline, pipeline
from benchmarks.results import Options, Part, Row, rounded
from benchmarks.servers import Servers, servers
from leaderboard.store.keys import Keys

RATE: Final = 1000.0
SHORT_RATE: Final = 200.0
SHORT_S: Final = 2.0
SAMPLES: Final = 120
SHORT_SAMPLES: Final = 10
MOST_MB: Final = 150.0
FLAT_MB: Final = 5.0
"""What the second half's line may gain: pages come and go."""
JUDGED_S: Final = 300.0
"""A shorter soak says nothing of growth: the collector lets the first minutes' garbage lie."""


def run(options: Options) -> Part:
    """Soak for `options.soak_s` seconds."""
    with servers() as running:
        return measure(running, options)


def measure(running: Servers, options: Options) -> Part:
    """Soak on these servers; their Redis is emptied."""
    running.empty_redis()
    for_s, rate = (SHORT_S, SHORT_RATE) if options.short else (options.soak_s, RATE)
    with pipeline(running) as pipe:
        memory_before, players_before = used_mb(running.redis), players(pipe, running.redis)
        with pipe.producing("--seconds", str(for_s), rate=rate):
            samples = sampled(pipe, running.redis, for_s, options)
        pipe.wait_for(sum(pipe.ends().values()))
        gained_mb = used_mb(running.redis) - memory_before
        made_of = kinds(running.redis, pipe.settings.key_prefix)
        wrong = pipe.verify()
    rss = [float(sample["processor_mb"]) for sample in samples]
    events = pipe.counted()
    gains = gain([(float(s["seconds"]), float(s["processor_mb"])) for s in samples])
    row: Row = {
        "contestant": "ours",
        "seconds": for_s,
        "events": events,
        "players": players(pipe, running.redis),
        "processor_mb_max": rounded(max(rss)),
        "processor_mb_gain": rounded(gains),
        "redis_mb_gain": rounded(gained_mb),
        "redis_mb_of_keys": rounded(sum(float(r["mb"]) for r in made_of)),
        "wrong": wrong or verdict(max(rss), gains, for_s),
    }
    found = {"soak processor MB": row["processor_mb_max"], "soak gain MB": row["processor_mb_gain"]}
    tables = {"soak": [row], "samples": samples, "redis": made_of}
    return Part("soak", found, tables, {"rate": rate, "players_before": players_before})


def sampled(pipe: Pipeline, redis: Redis, for_s: float, options: Options) -> list[Row]:
    """The memory of both, in equal steps of time."""
    count = SHORT_SAMPLES if options.short else SAMPLES
    began, rows = time.monotonic(), list[Row]()
    for number in tqdm(range(1, count + 1), disable=not options.progress):
        time.sleep(max(0.0, began + number * for_s / count - time.monotonic()))
        rows.append(
            {
                "seconds": rounded(time.monotonic() - began),
                "processor_mb": pipe.processor.rss_mb(),
                "redis_mb": used_mb(redis),
                "events": pipe.counted(),
            }
        )
    return rows


def gain(samples: Sequence[tuple[float, float]]) -> float:
    """What a line through the second half of (seconds, MB) gains over the time of all of them.

    >>> gain([(0.0, 10.0), (1.0, 50.0), (2.0, 51.0), (3.0, 52.0)])
    3.0
    """
    half = samples[len(samples) // 2 :]
    slope, _ = statistics.linear_regression([s for s, _ in half], [mb for _, mb in half])
    return slope * (samples[-1][0] - samples[0][0])


def verdict(most_mb: float, gain_mb: float, for_s: float) -> str:
    """What is wrong with the processor's memory; empty: nothing."""
    if most_mb > MOST_MB:
        return f"the processor held {most_mb:.0f} MB, expected at most {MOST_MB:.0f}"
    if gain_mb > FLAT_MB and for_s >= JUDGED_S:
        return f"the processor's memory grows: {gain_mb:.1f} MB in this time"
    return ""


def kinds(redis: Redis, prefix: str) -> list[Row]:
    """What the keys of this run take, by kind: how many there are, how many entries, MB.

    A kind is a key's name up to its second colon; of hashes and sets all is counted, no sample.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    commands: Any = redis
    sizes = {b"set": "SCARD", b"zset": "ZCARD", b"hash": "HLEN", b"list": "LLEN"}
    for key in redis.scan_iter(f"{prefix}*", count=1000):
        name = key.decode().removeprefix(prefix)
        kind = ":".join(name.split(":")[:2])
        sized = sizes.get(commands.type(key))
        size = commands.execute_command(sized, key) if sized else 1
        memory = commands.execute_command("MEMORY", "USAGE", key, "SAMPLES", 0)
        found.setdefault(kind, []).append((int(size), int(memory or 0)))
    return [
        {
            "kind": kind,
            "keys": len(keys),
            "entries": sum(size for size, _ in keys),
            "mb": rounded(sum(memory for _, memory in keys) / 1e6),
        }
        for kind, keys in sorted(found.items())
    ]


def players(pipe: Pipeline, redis: Redis) -> int:
    """How many players are on the board."""
    return int(redis.zcard(Keys(pipe.settings.key_prefix).board))


def used_mb(redis: Redis) -> float:
    """What Redis holds for data, in millions of bytes."""
    return float(redis.info("memory")["used_memory_dataset"]) / 1e6
