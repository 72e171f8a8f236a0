"""Who takes part in the throughput part, in which table, and who can not and why."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from msgspec import Struct, structs

from benchmarks import checks
from benchmarks.contest import Contestant
from benchmarks.environments import (
    AIOKAFKA,
    BYTEWAX,
    CONFLUENT,
    FAUST,
    QUIXSTREAMS,
    MissingError,
    Peer,
    python_of,
)
from leaderboard.settings import PREFIX

OURS: Final = "benchmarks.contestants.ours"
ONE_BOARD: Final = {f"{PREFIX}BOARDS_FILE": str(Path(__file__).with_name("one_board.toml"))}

NAIVE: Final = Contestant(
    "naive, nine round trips", "redis", "benchmarks.contestants.naive", checks.plain, "small"
)
PIPELINE: Final = Contestant(
    "one MULTI per 500", "redis", "benchmarks.contestants.pipelined", checks.plain, "medium"
)
ONE: Final = Contestant("ours", "redis", OURS, checks.one_board, environment=ONE_BOARD)
NINE: Final = Contestant("ours, nine boards", "redis", OURS, checks.nine_boards)
JSON: Final = Contestant(
    "kafka-python, json",
    "memory",
    "benchmarks.contestants.memory",
    checks.sums,
    options={"decode": "json"},
)
TYPED: Final = Contestant(
    "kafka-python, msgspec",
    "memory",
    "benchmarks.contestants.memory",
    checks.sums,
    options={"decode": "msgspec"},
)
POLL: Final = Contestant(
    "kafka-python, poll",
    "limits",
    "benchmarks.contestants.polling",
    options={"decode": False},
)
POLL_DECODE: Final = Contestant(
    "kafka-python, poll and typed decode",
    "limits",
    "benchmarks.contestants.polling",
    options={"decode": True},
)

CONFLUENT_ONE: Final = "ours on confluent-kafka"
QUIX_NAME: Final = "quixstreams"
FAUST_NAME: Final = "faust-streaming"


class Lineup(Struct):
    """Contestants, and the names of those who can not take part, with the table and the reason."""

    contestants: list[Contestant]
    missing: list[tuple[str, str, str]]


def without_download() -> list[Contestant]:
    """Those that need no packages but ours."""
    return [NAIVE, PIPELINE, ONE, NINE, JSON, TYPED, POLL, POLL_DECODE]


def installed() -> list[Contestant]:
    """Those that need nothing beside what is installed already."""
    if not find_spec("confluent_kafka"):
        return without_download()
    python = Path(sys.executable)
    peers = [structs.replace(peer, python=python) for peer in PEERS[CONFLUENT]]
    return [*without_download(), *peers, *ours_on_confluent([])]


def everyone(report: Callable[[str], None]) -> Lineup:
    """All of them; installs the peers that are not installed yet."""
    lineup = Lineup(without_download(), [])
    for peer, makers in PEERS.items():
        try:
            python = python_of(peer)
        except MissingError as error:
            report(f"{peer.name} takes no part: {error}")
            lineup.missing += [(make.table, make.name, str(error)) for make in makers]
            continue
        lineup.contestants += [structs.replace(make, python=python) for make in makers]
    confluent = [c.python for c in lineup.contestants if c.module == module_of(CONFLUENT)]
    if confluent:
        folders = [str(p) for p in confluent[0].parents[1].glob("lib/python*/site-packages")]
        lineup.contestants += ours_on_confluent(folders)
    else:
        lineup.missing.append(("redis", CONFLUENT_ONE, "confluent-kafka is missing"))
    return lineup


def ours_on_confluent(packages: list[str]) -> list[Contestant]:
    """The same command on the other client, whose package is in one of these folders, or here."""
    client = {f"{PREFIX}KAFKA_CLIENT": "confluent"}
    return [
        structs.replace(
            like,
            name=like.name.replace("ours", CONFLUENT_ONE),
            options={"packages": packages},
            environment=like.environment | client,
        )
        for like in (ONE, NINE)
    ]


def module_of(peer: Peer) -> str:
    """What `python -m` runs in the peer's environment."""
    return f"benchmarks.peers.{peer.name}"


def _peer(peer: Peer, name: str, decode: str = "", size: str = "large") -> Contestant:
    table, check = ("limits", checks.nothing) if decode == "bare" else ("memory", checks.sums)
    return Contestant(name, table, module_of(peer), check, size, options={"decode": decode})


PEERS: Final = {
    CONFLUENT: (
        _peer(CONFLUENT, "confluent-kafka, consume", "bare"),
        _peer(CONFLUENT, "confluent-kafka, json", "json"),
        _peer(CONFLUENT, "confluent-kafka, msgspec", "msgspec"),
    ),
    AIOKAFKA: (_peer(AIOKAFKA, "aiokafka, msgspec"),),
    QUIXSTREAMS: (_peer(QUIXSTREAMS, QUIX_NAME),),
    BYTEWAX: (_peer(BYTEWAX, "bytewax, msgspec"),),
    FAUST: (_peer(FAUST, FAUST_NAME, size="medium"),),
}
