"""What grows with the number of players, processors and partitions; ours, the global board alone.

Boards of the given size are there before the first event comes, and every event is of any of their
players. They are kept in memory only: a file of five million players would be measured with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import structs
from tqdm import tqdm

from benchmarks import lineup
from benchmarks.checks import End, said
from benchmarks.contest import Measure
from benchmarks.contest import run as run_once
from benchmarks.datasets import UNIFORM, Dataset, Topic, fill
from benchmarks.results import Options, Part, Row, find, rounded
from benchmarks.rounds import Entry, in_turn, keep_apart, play, row
from benchmarks.servers import Servers, servers
from leaderboard.model.boards import GLOBAL
from leaderboard.settings import Settings
from leaderboard.store.keys import Keys

PLAYERS: Final = (10_000, 1_000_000, 5_000_000)
MEMBERS: Final = ((1, 4), (2, 4), (3, 4), (4, 4), (1, 16), (1, 32), (4, 32))
"""(processors, partitions)."""
EVENTS: Final = 50_000
CHUNK: Final = 10_000
BASE: Final = 1_000
"""Points that everyone has before."""
KEYS: Final = Keys()
SEAT: Final = """
local board, prefix = KEYS[1], ARGV[3]
for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local id = string.format('player_%03d', i)
  redis.call('ZADD', board, ARGV[4], id)
  redis.call('HSET', prefix .. id, 'player_name', id, 'last_active', '2020-01-01T00:00:00.000000Z',
    'total_score', ARGV[4], 'events_count', '0', 'games_joined', '0')
end
"""


def run(options: Options) -> Part:
    """Players first, then processors and partitions."""
    events = 1_000 if options.short else EVENTS
    players = (1_000, 3_000) if options.short else PLAYERS
    members = ((2, 4),) if options.short else MEMBERS
    with servers() as running:
        by_players = measure_players(running, players, events, options)
        by_members = measure_members(running, members, events, options)
    least, most = (total(find(by_players, players=n)) for n in (players[0], players[-1]))
    ratios = {"5M/10k players": rounded(most / least)} if players == PLAYERS else {}
    tables = {"players": by_players, "processors": by_members}
    return Part("scale", ratios, tables, {"events": events})


def total(line: Row) -> float:
    """Client and Redis, in microseconds of CPU time per event."""
    return float(line["client_us"] + line["redis_us"])


def measure_players(
    servers: Servers, sizes: tuple[int, ...], events: int, options: Options
) -> list[Row]:
    """Costs with boards of each size in turn; the same events come each round."""
    datasets = [Dataset(f"of {size}", size, 0.0) for size in sizes]
    topics = [
        fill(servers.kafka, servers.settings, dataset, events, boards=(GLOBAL,))
        for dataset in datasets
    ]
    entries = [Entry(lineup.ONE, topic, bool(servers.cores)) for topic in topics]
    with seated(servers, sizes, progress=options.progress) as places:

        def once(place: int, number: int) -> Measure:
            own, topic = places[place], topics[place]
            again(own, topic)
            contestant = structs.replace(lineup.ONE, check=on_top(sizes[place], number))
            core = keep_apart(own, pinned=entries[place].pinned)
            return run_once(contestant, own, topic, core=core, empty=False)

        found = in_turn([f"{size:,} players" for size in sizes], once, options)
    return [
        {"players": size} | row(entry, measures)
        for size, entry, measures in zip(sizes, entries, found, strict=True)
    ]


@contextmanager
def seated(servers: Servers, sizes: tuple[int, ...], *, progress: bool) -> Iterator[list[Servers]]:
    """The same servers once for each size: everyone is there with `BASE` points.

    Each size has a database of its own, of the sixteen that Redis has.
    """
    servers.empty_redis()
    servers.redis.config_set("appendonly", "no")
    address = urlsplit(servers.redis_url)
    places = [
        Servers(servers.settings, servers.kafka, address._replace(path=f"/{number}").geturl())
        for number in range(len(sizes))
    ]
    try:
        for place, players in zip(places, sizes, strict=True):
            seat(place, players, progress=progress)
        yield places
    finally:
        for place in places:
            place.redis.close()
        servers.redis.flushall()
        servers.redis.config_set("appendonly", "yes")


def seat(servers: Servers, players: int, *, progress: bool) -> None:
    """Put so many players on the board."""
    script = servers.redis.register_script(SEAT)
    for first in tqdm(range(1, players + 1, CHUNK), desc="seating", disable=not progress):
        last = min(first + CHUNK - 1, players)
        script(keys=[KEYS.board], args=[first, last, KEYS.player_prefix, BASE])


def again(servers: Servers, topic: Topic) -> None:
    """Forget that these events were counted, but not what they counted."""
    ttl_s = Settings.load().processed_ttl_hours * 3600
    now = int(servers.redis.time()[0]) // ttl_s
    ids = [
        KEYS.processed(topic.name, p, g) for p in range(topic.partitions) for g in (now, now - 1)
    ]
    servers.redis.delete(KEYS.offsets, KEYS.watermarks, KEYS.schemas, KEYS.partitions, *ids)


def on_top(players: int, times: int) -> Callable[[End], str]:
    """A check: `BASE` and the oracle's points `times` over, of everyone who played; none more."""

    def check(end: End) -> str:
        redis: Any = end.servers.redis
        oracle = {i: player.score for i, player in end.topic.oracle.players.items()}
        ids = list(oracle)
        scores = redis.zmscore(KEYS.board, ids)
        wrong = [
            (i, BASE + times * oracle[i], score)
            for i, score in zip(ids, scores, strict=True)
            if score != BASE + times * oracle[i]
        ]
        counted = int(redis.hget(KEYS.counts, "applied") or 0)
        for where, expected, got in (
            ("players", players, redis.zcard(KEYS.board)),
            ("applied", times * end.topic.events, counted),
        ):
            if expected != got:
                wrong.append((where, expected, got))
        return said(iter(wrong))

    return check


def measure_members(
    servers: Servers, members: tuple[tuple[int, int], ...], events: int, options: Options
) -> list[Row]:
    """One to several processors, on few and many partitions; wherever the system puts them."""
    topics = {
        partitions: fill(
            servers.kafka,
            servers.settings,
            UNIFORM,
            events,
            partitions=partitions,
            boards=(GLOBAL,),
        )
        for partitions in sorted({partitions for _, partitions in members})
    }
    entries = [
        Entry(structs.replace(lineup.ONE, members=n), topics[partitions], pinned=False)
        for n, partitions in members
    ]
    return [
        {"processors": n, "partitions": partitions} | row(entry, measures)
        for (n, partitions), entry, measures in zip(
            members, entries, play(servers, entries, options), strict=True
        )
    ]
